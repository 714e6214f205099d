package precede.peer;

import java.util.HashSet;
import java.util.Set;
import java.util.TreeMap;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * One open window a session in a logged store, an index by last request in memory. A window closes when the largest
 * time seen less grace passes its last request and the gap, or when the source ends.
 */
final class SessionProcessor extends ContextualProcessor<Bytes, byte[], Bytes, byte[]> {
  static final String STORE = "open";

  private final long gapMs;
  private final long graceMs;
  private final int schemaId;
  private final Runnable onFirst;
  private final TreeMap<Long, Set<Bytes>> byLast = new TreeMap<>();
  private KeyValueStore<Bytes, byte[]> open;
  private long maxMs = Long.MIN_VALUE / 2;
  private boolean hasBegun;

  SessionProcessor(long gapMs, long graceMs, int schemaId, Runnable onFirst) {
    this.gapMs = gapMs;
    this.graceMs = graceMs;
    this.schemaId = schemaId;
    this.onFirst = onFirst;
  }

  @Override
  public void init(ProcessorContext<Bytes, byte[]> context) {
    super.init(context);
    open = context.getStateStore(STORE);
    try (var all = open.all()) {
      while (all.hasNext()) {
        var each = all.next();
        index(Window.last(each.value), each.key);
      }
    }
  }

  @Override
  public void process(Record<Bytes, byte[]> record) {
    if (!hasBegun) {
      hasBegun = true;
      onFirst.run();
    }
    Request request = Request.decode(record.value());
    if (!request.isRequest()) {
      closeBefore(Long.MAX_VALUE, true);
      return;
    }
    take(record.key(), request);
    maxMs = Math.max(maxMs, request.timeMs());
    closeBefore(maxMs - graceMs - gapMs, false);
  }

  private void take(Bytes key, Request request) {
    byte[] window = open.get(key);
    long timeMs = request.timeMs();
    if (window != null && timeMs > Window.last(window) + gapMs) {
      unindex(Window.last(window), key);
      forward(key, window, false);
      window = null;
    }
    if (window == null) {
      open.put(key, Window.open(request));
      index(timeMs, key);
      return;
    }
    if (timeMs > Window.last(window)) {
      unindex(Window.last(window), key);
      index(timeMs, key);
    }
    open.put(key, Window.append(window, request));
  }

  private void closeBefore(long lastMs, boolean hasEnded) {
    while (!byLast.isEmpty() && byLast.firstKey() < lastMs)
      for (Bytes key : byLast.pollFirstEntry().getValue()) {
        forward(key, open.get(key), hasEnded);
        open.delete(key);
      }
  }

  private void forward(Bytes key, byte[] window, boolean hasEnded) {
    byte[] value = Window.close(key.get(), window, schemaId, hasEnded);
    context().forward(new Record<>(key, value, Window.last(window)));
  }

  private void index(long lastMs, Bytes key) {
    byLast.computeIfAbsent(lastMs, at -> new HashSet<>()).add(key);
  }

  private void unindex(long lastMs, Bytes key) {
    Set<Bytes> at = byLast.get(lastMs);
    at.remove(key);
    if (at.isEmpty()) byLast.remove(lastMs);
  }
}

package precede.peer;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** An open session window as it lies in the store: first, last (8 bytes each), then a time (8) and an operation (4) a request. */
final class Window {
  private static final int HEAD = 16;
  private static final int REQUEST = 12;

  private Window() {}

  static long first(byte[] window) {
    return ByteBuffer.wrap(window).getLong(0);
  }

  static long last(byte[] window) {
    return ByteBuffer.wrap(window).getLong(8);
  }

  static byte[] open(Request request) {
    return ByteBuffer.allocate(HEAD + REQUEST)
        .putLong(request.timeMs())
        .putLong(request.timeMs())
        .putLong(request.timeMs())
        .putInt((int) request.operation())
        .array();
  }

  static byte[] append(byte[] window, Request request) {
    return ByteBuffer.allocate(window.length + REQUEST)
        .put(window)
        .putLong(request.timeMs())
        .putInt((int) request.operation())
        .putLong(0, Math.min(first(window), request.timeMs()))
        .putLong(8, Math.max(last(window), request.timeMs()))
        .array();
  }

  private record At(long timeMs, int operation) {}

  /** A value of sessions.v1; `key` is zone and session, 16 bytes each. */
  static byte[] close(byte[] key, byte[] window, int schemaId, boolean hasEnded) {
    List<At> requests = new ArrayList<>((window.length - HEAD) / REQUEST);
    ByteBuffer in = ByteBuffer.wrap(window).position(HEAD);
    while (in.hasRemaining()) requests.add(new At(in.getLong(), in.getInt()));
    requests.sort(Comparator.comparingLong(At::timeMs));

    ByteBuffer out = ByteBuffer.allocate(96 + 15 * requests.size());
    out.put((byte) 0).putInt(schemaId).put(key, 0, 32);
    putLong(out, SOURCE.length);
    out.put(SOURCE);
    putLong(out, first(window));
    putLong(out, last(window));
    putLong(out, requests.size());
    putLong(out, requests.size());
    for (At each : requests) putLong(out, Integer.toUnsignedLong(each.operation()));
    putLong(out, 0);
    putLong(out, requests.size());
    for (At each : requests) putLong(out, each.timeMs());
    putLong(out, 0);
    putLong(out, 0); // cut
    putLong(out, hasEnded ? 1 : 0);
    byte[] value = new byte[out.flip().remaining()];
    out.get(value);
    return value;
  }

  /** The peer knows one source only. */
  private static final byte[] SOURCE = {'b', 'e', 'n', 'c', 'h'};

  private static void putLong(ByteBuffer out, long value) {
    long coded = (value << 1) ^ (value >> 63);
    while ((coded & ~0x7fL) != 0) {
      out.put((byte) (coded & 0x7f | 0x80));
      coded >>>= 7;
    }
    out.put((byte) coded);
  }
}

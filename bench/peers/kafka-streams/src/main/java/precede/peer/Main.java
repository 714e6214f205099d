package precede.peer;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/** Runs the peer until SIGTERM. Says `state NAME` and, with the first record, `first`; whoever started it measures. */
public final class Main {
  private Main() {}

  public static void main(String[] args) throws InterruptedException {
    Map<String, String> given = new HashMap<>();
    for (int i = 0; i + 1 < args.length; i += 2) given.put(args[i].replaceFirst("^--", ""), args[i + 1]);
    KafkaStreams streams = new KafkaStreams(topologyOf(given), configOf(given));
    streams.setStateListener((now, before) -> say("state " + now));
    streams.setUncaughtExceptionHandler(
        fault -> {
          fault.printStackTrace();
          return StreamThreadExceptionResponse.SHUTDOWN_APPLICATION;
        });
    CountDownLatch closed = new CountDownLatch(1);
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  streams.close(Duration.ofSeconds(20));
                  closed.countDown();
                }));
    streams.start();
    closed.await();
  }

  private static Topology topologyOf(Map<String, String> given) {
    boolean isInMemory = need(given, "store").equals("memory");
    StoreBuilder<KeyValueStore<Bytes, byte[]>> store =
        Stores.keyValueStoreBuilder(
                isInMemory
                    ? Stores.inMemoryKeyValueStore(SessionProcessor.STORE)
                    : Stores.persistentKeyValueStore(SessionProcessor.STORE),
                Serdes.Bytes(),
                Serdes.ByteArray())
            .withLoggingEnabled(Map.of());
    if (need(given, "cache").equals("on")) store = store.withCachingEnabled();
    long gapMs = Long.parseLong(need(given, "gap-ms"));
    long graceMs = Long.parseLong(need(given, "grace-ms"));
    int schemaId = Integer.parseInt(need(given, "schema-id"));
    AtomicBoolean hasBegun = new AtomicBoolean();
    Runnable onFirst = () -> {
      if (hasBegun.compareAndSet(false, true)) say("first");
    };
    return new Topology()
        .addSource("in", Serdes.Bytes().deserializer(), Serdes.ByteArray().deserializer(), need(given, "in"))
        .addProcessor("sessions", () -> new SessionProcessor(gapMs, graceMs, schemaId, onFirst), "in")
        .addStateStore(store, "sessions")
        .addSink("out", need(given, "out"), Serdes.Bytes().serializer(), Serdes.ByteArray().serializer(), "sessions");
  }

  private static Properties configOf(Map<String, String> given) {
    Properties config = new Properties();
    config.put(StreamsConfig.APPLICATION_ID_CONFIG, need(given, "app"));
    config.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, need(given, "bootstrap"));
    config.put(StreamsConfig.STATE_DIR_CONFIG, need(given, "state"));
    config.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    config.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, need(given, "threads"));
    config.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, "1");
    config.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, need(given, "commit-ms"));
    config.put(StreamsConfig.consumerPrefix("auto.offset.reset"), "earliest");
    return config;
  }

  private static String need(Map<String, String> given, String name) {
    String value = given.get(name);
    if (value == null) throw new IllegalArgumentException("missing --" + name);
    return value;
  }

  private static void say(String line) {
    System.out.println(line);
    System.out.flush();
  }
}

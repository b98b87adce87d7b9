package io.caregrid.platform.demo;

import io.caregrid.cluster.KafkaConfig;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Plays the fifty monitors: every second each sends its message, one half as an HTTP request of its own, the other half as a Kafka record. A message that
 * is refused is gone, as it would be with a monitor that keeps nothing; that is counted.
 */
final class Monitors implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Monitors.class);
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final List<Monitor> monitors;
  private final URI ingest;
  private final Supplier<String> token;
  private final String topic;
  private final HttpClient http = HttpClient.newBuilder()
      .version(HttpClient.Version.HTTP_1_1)
      .connectTimeout(PATIENCE)
      .build();
  private final KafkaProducer<byte[], byte[]> kafka;
  private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(Monitors::thread);
  private final AtomicLong acknowledged = new AtomicLong();
  /** By the reason: a status, or the name of an exception. */
  private final Map<String, AtomicLong> refused = new ConcurrentHashMap<>();

  /** @param token that lets them in; null where the door is open */
  Monitors(List<Monitor> monitors, URI ingest, Supplier<String> token, KafkaConfig log) {
    this.monitors = monitors;
    this.ingest = ingest;
    this.token = token;
    this.topic = log.deviceData();
    this.kafka = new KafkaProducer<>(
        Map.of("bootstrap.servers", log.bootstrapServers(), "acks", "all", "client.id", "demo-monitors",
            "linger.ms", 5, "compression.type", "lz4"),
        new ByteArraySerializer(), new ByteArraySerializer());
  }

  /** Hours of earlier readings of one monitor, through the same log as the live ones. Returns when they are acknowledged. */
  void load(Monitor monitor, Instant from, Instant to) {
    for (Instant second = from; second.isBefore(to); second = second.plusSeconds(1)) record(monitor, second);
    kafka.flush();
  }

  /** Spreads the fifty over each second. */
  void start() {
    long gap = TimeUnit.SECONDS.toMicros(1) / monitors.size();
    for (int n = 0; n < monitors.size(); n++) {
      Monitor monitor = monitors.get(n);
      clock.scheduleAtFixedRate(() -> send(monitor, Instant.now()), n * gap, TimeUnit.SECONDS.toMicros(1),
          TimeUnit.MICROSECONDS);
    }
  }

  long acknowledged() {
    return acknowledged.get();
  }

  private void send(Monitor monitor, Instant now) {
    if (monitor.isSilent(now)) return;
    if (monitor.bed().overHttp()) post(monitor.message(now));
    else record(monitor, now);
  }

  private void post(byte[] message) {
    HttpRequest.Builder request = HttpRequest.newBuilder(ingest)
        .timeout(PATIENCE)
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofByteArray(message));
    String proof = token.get();
    if (proof != null) request.header("Authorization", "Bearer " + proof);
    http.sendAsync(request.build(), HttpResponse.BodyHandlers.ofString())
        .whenComplete((answer, failed) -> count(failed == null && answer.statusCode() == 202,
            failed != null ? name(failed) : "HTTP " + answer.statusCode()));
  }

  private void record(Monitor monitor, Instant time) {
    kafka.send(new ProducerRecord<>(topic, monitor.message(time)),
        (written, failed) -> count(failed == null, failed == null ? "" : name(failed)));
  }

  private static String name(Throwable failed) {
    boolean isWrapped = failed instanceof CompletionException && failed.getCause() != null;
    return (isWrapped ? failed.getCause() : failed).getClass().getSimpleName();
  }

  /** The first one of each reason is told: one does not hide another. */

  private void count(boolean taken, String why) {
    if (taken) {
      acknowledged.incrementAndGet();
      return;
    }
    long times = refused.computeIfAbsent(why, first -> new AtomicLong()).incrementAndGet();
    if (times % 500 == 1 && !clock.isShutdown())
      log.warn("a monitor's message was refused reason={} refused={} taken={}", why, times, acknowledged.get());
  }

  private static Thread thread(Runnable work) {
    Thread thread = new Thread(work, "demo-monitors");
    thread.setDaemon(true);
    return thread;
  }

  /** The monitors fall silent; what they have sent is on its way. */
  @Override
  public void close() {
    clock.shutdownNow();
    kafka.close(Duration.ofSeconds(2));
  }
}

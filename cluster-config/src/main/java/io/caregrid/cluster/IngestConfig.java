package io.caregrid.cluster;

import static io.caregrid.cluster.ConfigException.require;

import java.time.Duration;

/**
 * How much comes in at once.
 *
 * @param maxBodyBytes largest HTTP body after decompression, 1 kB..256 MB; one message in it may be as large as kafka.maxMessageBytes
 * @param acknowledge  longest an HTTP request waits for Kafka before it is answered 503, 100 ms..60 s
 * @param bufferBytes  memory for messages on their way to Kafka; beyond it requests are answered 503. 1 MB..1 GB
 * @param normalisers  consumer threads of this node that normalise, 1..64
 */
public record IngestConfig(int maxBodyBytes, Duration acknowledge, int bufferBytes, int normalisers) {

  public static final IngestConfig DEFAULT = new IngestConfig(8 << 20, Duration.ofSeconds(10), 64 << 20, 1);

  public IngestConfig {
    require(maxBodyBytes >= 1024 && maxBodyBytes <= 256 << 20,
        "ingest.maxBodyBytes must be 1024..268435456, not " + maxBodyBytes);
    require(acknowledge.toMillis() >= 100 && acknowledge.toSeconds() <= 60,
        "ingest.acknowledge must be PT0.1S..PT60S, not " + acknowledge);
    require(bufferBytes >= 1 << 20 && bufferBytes <= 1 << 30,
        "ingest.bufferBytes must be 1048576..1073741824, not " + bufferBytes);
    require(normalisers >= 1 && normalisers <= 64, "ingest.normalisers must be 1..64, not " + normalisers);
  }
}

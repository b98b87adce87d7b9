package io.caregrid.perf;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.parsetools.RecordParser;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/**
 * How long after a reading was posted it is on the live feed, and in FHIR. One reading per device is under way at a time; the clock is the driver's alone.
 */
final class Latency {
  /** A wait of one fiftieth of the time passed costs the figure 2 % and the node few reads. */
  private static final long POLL_MILLIS = 5;
  private static final int POLL_SHARE = 50;
  private final Vertx vertx;
  private final HttpClient http;
  private final Ward ward;
  private final Check reader;
  private final long countFrom;
  private final ObjectMapper json = new ObjectMapper();
  private final Map<String, Long> live = new ConcurrentHashMap<>();
  final Histogram toLive = new ConcurrentHistogram(3);
  final Histogram toFhir = new ConcurrentHistogram(3);

  /** @param countFrom readings sent before this moment, in {@code System.nanoTime}, warm up and are not counted */
  Latency(Vertx vertx, HttpClient http, Ward ward, Check reader, long countFrom) {
    this.vertx = vertx;
    this.http = http;
    this.ward = ward;
    this.reader = reader;
    this.countFrom = countFrom;
  }

  /** Opens the live feed; completes when the feed answers. */
  Future<Void> watch() {
    return http.request(HttpMethod.GET, "/iomt/live").compose(request -> request.send()).map(response -> {
      RecordParser lines = RecordParser.newDelimited("\n", response);
      lines.handler(line -> {
        String text = line.toString().strip();
        if (text.startsWith("data:")) seen(text.substring(5));
      });
      lines.exceptionHandler(ended -> {});
      return null;
    });
  }

  private void seen(String vitals) {
    try {
      JsonNode node = json.readTree(vitals);
      Long sent = live.remove(node.path("device").asText() + "@" + node.path("seen").asLong());
      if (sent != null) record(toLive, sent);
    } catch (java.io.IOException notVitals) {
      throw new java.io.UncheckedIOException(notVitals);
    }
  }

  /** Posts this device's reading of this second and waits until FHIR shows it; microseconds go into the histograms. */
  Future<Void> probe(int device, int second) {
    long sent = System.nanoTime();
    live.put(ward.name(device) + "@" + ward.at(second).toEpochMilli(), sent);
    return http.request(HttpMethod.POST, "/ingest")
        .compose(
            request -> request.putHeader("content-type", "application/json")
                .send(io.vertx.core.buffer.Buffer.buffer(ward.message(device, second))))
        .compose(response -> response.end()
            .compose(ended -> response.statusCode() == 202
                ? Future.succeededFuture()
                : Future.failedFuture("POST /ingest answered " + response.statusCode())))
        .compose(accepted -> untilStored(device, second, sent));
  }

  private Future<Void> untilStored(int device, int second, long sent) {
    return reader.observation(device).compose(observation -> {
      String[] tokens = observation.at("/valueSampledData/data").asText().split(" ");
      if (second < tokens.length && tokens[second].equals(Integer.toString(ward.value(device, second)))) {
        record(toFhir, sent);
        return Future.succeededFuture();
      }
      long passed = (System.nanoTime() - sent) / 1_000_000;
      return vertx.timer(Math.max(POLL_MILLIS, passed / POLL_SHARE))
          .compose(waited -> untilStored(device, second, sent));
    });
  }

  private void record(Histogram micros, long sent) {
    if (sent - countFrom >= 0) micros.recordValue((System.nanoTime() - sent) / 1000);
  }

  /** Readings that never came by on the live feed. */
  int unseen() {
    return live.size();
  }
}

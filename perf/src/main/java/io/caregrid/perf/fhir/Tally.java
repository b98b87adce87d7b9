package io.caregrid.perf.fhir;

import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.HdrHistogram.Histogram;

/** One connection's share of a turn: every request is timed and its answer looked at; one that was refused ends the turn. */
final class Tally implements Closeable {
  private final Wire wire;
  private final Histogram nanos = new Histogram(3);
  private long done;

  Tally(Wire wire) {
    this.wire = wire;
  }

  /** @param expected status, e.g. 201 */
  Wire.Answer ask(String method, String path, String body, int expected) throws IOException {
    return ask(method, path, body == null ? null : body.getBytes(StandardCharsets.UTF_8), expected, 1);
  }

  /** @param worth what it counts for: a transaction for each of its entries */
  Wire.Answer ask(String method, String path, byte[] body, int expected, int worth) throws IOException {
    long began = System.nanoTime();
    Wire.Answer answer = wire.send(method, path, body);
    nanos.recordValue(System.nanoTime() - began);
    // a delete may be answered with or without a body (http.html#delete)
    boolean fine = answer.status() == expected || method.equals("DELETE") && answer.status() == 204;
    if (!fine)
      throw new IOException(method + " " + path + " was answered " + answer.status() + ": " + beginning(answer));
    done += worth;
    return answer;
  }

  private static String beginning(Wire.Answer answer) {
    String text = answer.text();
    return text.substring(0, Math.min(400, text.length()));
  }

  Histogram nanos() {
    return nanos;
  }

  long done() {
    return done;
  }

  @Override
  public void close() throws IOException {
    wire.close();
  }
}

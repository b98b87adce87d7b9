package io.caregrid.perf.fhir;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Fills a server through its own door: transactions of Patients, then of their Observations, until all are there or the time is over. */
final class Fill {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int ENTRIES = 500;
  private static final Pattern ID = Pattern.compile("[A-Za-z]+/([A-Za-z0-9.-]{1,64})(/_history/.*)?$");

  private final Server server;
  private final int connections;

  Fill(Server server, int connections) {
    this.server = server;
    this.connections = connections;
  }

  /**
   * @param observations a hundred for each Patient
   * @param seconds      after which no more is begun; what is there is told by the ward
   */
  Ward ward(int observations, int seconds) throws IOException, InterruptedException {
    long until = System.nanoTime() + seconds * 1_000_000_000L;
    int people = (observations + Chart.OBSERVATIONS_EACH - 1) / Chart.OBSERVATIONS_EACH;
    List<String> patients = create("Patient", people, Chart::patient, until);
    int wanted = Math.min(observations, patients.size() * Chart.OBSERVATIONS_EACH);
    List<String> all = create("Observation", wanted,
        n -> Chart.observation(n, patients.get(n / Chart.OBSERVATIONS_EACH)), until);
    int stride = Ward.stride(all.size());
    List<String> some = new ArrayList<>();
    for (int n = 0; n < all.size(); n += stride) some.add(all.get(n));
    if (all.isEmpty()) throw new IOException(server.name() + " holds nothing after " + seconds + " s");
    int known = (all.size() + Chart.OBSERVATIONS_EACH - 1) / Chart.OBSERVATIONS_EACH;
    return new Ward(patients.subList(0, known), some, stride, all.size());
  }

  /** In order of their numbers, without gaps: what came after the first one that was not begun in time is not told. @return their ids */
  List<String> create(String type, int count, IntFunction<String> made, long until)
      throws IOException, InterruptedException {
    String[] ids = new String[count];
    AtomicInteger next = new AtomicInteger();
    AtomicReference<Throwable> failed = new AtomicReference<>();
    List<Thread> writers = new ArrayList<>();
    for (int i = 0; i < connections; i++) {
      Thread writer = new Thread(() -> write(type, ids, next, made, until, failed), "fill-" + i);
      writers.add(writer);
      writer.start();
    }
    for (Thread writer : writers) writer.join();
    if (failed.get() != null) throw new IOException(server.name() + " cannot be filled", failed.get());
    int there = 0;
    while (there < count && ids[there] != null) there++;
    return Arrays.asList(ids).subList(0, there);
  }

  private void write(String type, String[] ids, AtomicInteger next, IntFunction<String> made, long until,
      AtomicReference<Throwable> failed) {
    try (Wire wire = new Wire(server.base())) {
      for (int from = next.getAndAdd(ENTRIES); from < ids.length && System.nanoTime() < until
          && failed.get() == null; from = next.getAndAdd(ENTRIES)) {
        int to = Math.min(ids.length, from + ENTRIES);
        Wire.Answer answer = wire.send("POST", "", bundle(type, from, to, made));
        if (answer.status() != 200) throw new IOException("a transaction was answered " + answer.status());
        JsonNode entries = JSON.readTree(answer.body()).path("entry");
        for (int n = from; n < to; n++) ids[n] = id(entries.path(n - from).path("response").path("location").asText());
      }
    } catch (IOException | RuntimeException cause) {
      failed.compareAndSet(null, cause);
    }
  }

  private static byte[] bundle(String type, int from, int to, IntFunction<String> made) {
    StringBuilder bundle = new StringBuilder("{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":[");
    for (int n = from; n < to; n++) {
      if (n > from) bundle.append(',');
      bundle.append("{\"resource\":").append(made.apply(n)).append(",\"request\":{\"method\":\"POST\",\"url\":\"");
      bundle.append(type).append("\"}}");
    }
    return bundle.append("]}").toString().getBytes(StandardCharsets.UTF_8);
  }

  /** Of a Location, relative or absolute, with or without version. */
  static String id(String location) throws IOException {
    Matcher id = ID.matcher(location);
    if (!id.find()) throw new IOException("no id in location " + location);
    return id.group(1);
  }
}

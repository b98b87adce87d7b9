package io.caregrid.platform;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Remembers what a stream of readings was promised, and compares it with what FHIR says.
 *
 * <p>Each device sends a heart rate for each second, told by a formula, and with it a counter: blood pressure at one fixed moment, so that every reading
 * overwrites the one before. A lost reading is a missing second; an old reading applied again turns the counter back, which its versions show.
 */
final class Ledger {
  private static final Instant BEGIN = Instant.parse("2026-01-05T00:00:00Z");
  private static final int HOUR = 3600;
  private static final int COUNTER_START = 1;

  private final String prefix;
  private final int devices;
  private final boolean ordered;
  private final List<BitSet> promised = new ArrayList<>();
  private final List<BitSet> perhaps = new ArrayList<>();
  private int next;

  /** @param ordered the bodies arrive in the order they are sent, as they do through one source partition: only then the counter must not go back */
  Ledger(String prefix, int devices, boolean ordered) {
    this.prefix = prefix;
    this.devices = devices;
    this.ordered = ordered;
    for (int device = 0; device < devices; device++) {
      promised.add(new BitSet());
      perhaps.add(new BitSet());
    }
  }

  /** Seconds that go into one body: first of them, and how many. */
  record Span(int first, int count) {}

  synchronized Span next(int count) {
    Span span = new Span(next, count);
    next += count;
    return span;
  }

  List<String> messages(Span span) {
    return IntStream.range(span.first, span.first + span.count)
        .boxed()
        .flatMap(second -> IntStream.range(0, devices)
            .mapToObj(device -> message(device, second) + "\n" + counter(device, second)))
        .toList();
  }

  String device(int device) {
    return prefix + device;
  }

  private String message(int device, int second) {
    return "{\"deviceId\":\"%s\",\"patientId\":\"p-%s\",\"time\":\"%s\",\"heartRate\":%d}".formatted(device(device),
        device(device),
        BEGIN.plusSeconds(second), value(device, second));
  }

  private String counter(int device, int second) {
    return "{\"deviceId\":\"%s\",\"patientId\":\"p-%s\",\"time\":\"%s\",\"systolic\":%d,\"diastolic\":1}".formatted(
        device(device), device(device),
        BEGIN, COUNTER_START + second);
  }

  private static int value(int device, int second) {
    return 30 + Math.floorMod(device * 31 + second * 17, 190);
  }

  synchronized void promise(Span span) {
    promised.forEach(seconds -> seconds.set(span.first, span.first + span.count));
  }

  /** No answer came, or not 202: it may be in the log or not. */
  synchronized void noPromise(Span span) {
    perhaps.forEach(seconds -> seconds.set(span.first, span.first + span.count));
  }

  synchronized int promisedReadings() {
    return promised.stream().mapToInt(BitSet::cardinality).sum();
  }

  synchronized int unansweredReadings() {
    return perhaps.stream().mapToInt(BitSet::cardinality).sum();
  }

  /** Null when what is stored is what was promised, and nothing that was never sent; otherwise the first difference. */
  String difference(String http) throws IOException, InterruptedException {
    for (int device = 0; device < devices; device++) {
      JsonNode found = TestNode.json(http + "/fhir/Device?identifier=" + device(device)).at("/entry/0/resource/id");
      if (found.isMissingNode()) return promisedReadings() == 0 ? null : device(device) + " is unknown";
      String difference = heartRates(http, device, found.asText());
      if (difference == null && ordered) difference = counters(http, device, found.asText());
      if (difference != null) return difference;
    }
    return null;
  }

  private String heartRates(String http, int device, String id) throws IOException, InterruptedException {
    JsonNode bundle = TestNode.json(http + "/fhir/Observation?device=Device/" + id + "&code=8867-4&_count=200");
    BitSet stored = new BitSet();
    for (JsonNode entry : bundle.path("entry")) {
      JsonNode observation = entry.path("resource");
      Instant start = Instant.parse(observation.at("/effectivePeriod/start").asText());
      int hour = (int) (start.getEpochSecond() - BEGIN.getEpochSecond());
      String[] data = observation.at("/valueSampledData/data").asText().split(" ");
      for (int second = 0; second < Math.min(HOUR, data.length); second++) {
        if (data[second].equals("E")) continue;
        if (!data[second].equals(Integer.toString(value(device, hour + second))))
          return device(device) + " second " + (hour + second) + " holds " + data[second] + " instead of "
              + value(device, hour + second);
        stored.set(hour + second);
      }
    }
    return compare(device, stored);
  }

  private synchronized String compare(int device, BitSet stored) {
    BitSet missing = (BitSet) promised.get(device).clone();
    missing.andNot(stored);
    if (!missing.isEmpty())
      return device(device) + " lacks " + missing.cardinality() + " acknowledged readings, first "
          + missing.nextSetBit(0);
    BitSet never = (BitSet) stored.clone();
    never.andNot(promised.get(device));
    never.andNot(perhaps.get(device));
    return never.isEmpty() ? null : device(device) + " holds second " + never.nextSetBit(0) + ", which was never sent";
  }

  private String counters(String http, int device, String id) throws IOException, InterruptedException {
    JsonNode observation = TestNode.json(http + "/fhir/Observation?device=Device/" + id + "&code=85354-9")
        .at("/entry/0/resource");
    int last = systolic(observation) - COUNTER_START;
    int lastPromised = lastPromised(device);
    if (last < lastPromised)
      return device(device) + " counter stands at " + last + ", acknowledged was " + lastPromised;
    int newer = Integer.MAX_VALUE;
    for (JsonNode entry : TestNode
        .json(http + "/fhir/Observation/" + observation.path("id").asText() + "/_history?_count=1000")
        .path("entry")) {
      int counter = systolic(entry.path("resource"));
      if (counter >= newer) return device(device) + " counter went back from " + counter + " to " + newer;
      newer = counter;
    }
    return null;
  }

  private synchronized int lastPromised(int device) {
    return promised.get(device).length() - 1;
  }

  private static int systolic(JsonNode observation) {
    return observation.at("/component/0/valueQuantity/value").asInt();
  }
}

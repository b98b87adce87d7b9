package io.caregrid.perf;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.caregrid.templates.observation.UnusableEvent;
import io.vertx.core.Future;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpMethod;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;

/** Reads every Observation of the ward back through the FHIR door and compares each sample with what was sent. */
final class Check {
  private static final int AT_ONCE = 32;
  private final Ward ward;
  private final Prefill names;
  private final HttpClient http;
  private final ObjectMapper json = new ObjectMapper();

  /** @param http a client whose default host and port are the node's */
  Check(Ward ward, Prefill names, HttpClient http) {
    this.ward = ward;
    this.names = names;
    this.http = http;
  }

  /**
   * @param sent which seconds of the hour were sent; every other one must be empty
   * @return how many samples are stored, all of them right; fails on the first one that is not
   */
  Future<Long> samples(int devices, IntPredicate sent) {
    return samples(0, devices, sent);
  }

  /** The same for devices {@code from} (inclusive) to {@code to} (exclusive). */
  Future<Long> samples(int from, int to, IntPredicate sent) {
    return step(from, to, sent, 0);
  }

  private Future<Long> step(int from, int devices, IntPredicate sent, long sum) {
    if (from >= devices) return Future.succeededFuture(sum);
    List<Future<Integer>> step = new ArrayList<>();
    for (int device = from; device < Math.min(devices, from + AT_ONCE); device++) step.add(one(device, sent));
    return Future.all(step)
        .compose(
            all -> step(from + AT_ONCE, devices, sent, sum + step.stream().mapToInt(Future::result).sum()));
  }

  private Future<Integer> one(int device, IntPredicate sent) {
    return observation(device).map(observation -> compare(device, observation, sent));
  }

  /** The device's Observation as the node answers it. */
  Future<JsonNode> observation(int device) {
    String id;
    try {
      id = names.key(device).observationId();
    } catch (UnusableEvent impossible) {
      return Future.failedFuture(impossible);
    }
    return http.request(HttpMethod.GET, "/fhir/Observation/" + id)
        .compose(request -> request.send())
        .compose(response -> response.body().map(body -> {
          if (response.statusCode() != 200)
            throw new IllegalStateException(ward.name(device) + ": HTTP " + response.statusCode());
          try {
            return json.readTree(body.getBytes());
          } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
          }
        }));
  }

  private int compare(int device, JsonNode observation, IntPredicate sent) {
    String[] tokens = observation.at("/valueSampledData/data").asText().split(" ");
    int found = 0;
    for (int second = 0; second < Ward.SECONDS; second++) {
      String expected = sent.test(second) ? Integer.toString(ward.value(device, second)) : "E";
      String stored = second < tokens.length ? tokens[second] : "E";
      if (!stored.equals(expected))
        throw new IllegalStateException(
            ward.name(device) + " second " + second + ": sent " + expected + ", stored " + stored);
      if (!stored.equals("E")) found++;
    }
    return found;
  }
}

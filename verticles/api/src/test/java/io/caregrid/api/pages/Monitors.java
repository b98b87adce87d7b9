package io.caregrid.api.pages;

import io.caregrid.api.Ward;
import io.caregrid.cluster.Addresses;
import io.caregrid.contract.Live;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Bedside monitors that are not there: they answer a {@link Live.Watch} as the shards do, once a second, and have patients and an hour of history in
 * the store. Three of them are in trouble, one has a name that tries to be a script, and any can be made silent.
 */
final class Monitors {
  static final int URGENT = 5;
  static final int WATCHED = 8;
  static final int SCRIPT = 9;
  static final int STRANGER = 11;
  private static final String[] FAMILIES = {"Andersen", "Berg", "Costa", "Dubois", "Eriksen", "Fischer", "García",
    "Hughes",
    "Ivanova", "Jensen", "Kowalski", "Lindqvist", "Moreau", "Novák", "O'Brien", "Petrov", "Quinn", "Rossi", "Silva",
    "Tanaka", "Ueda", "Vásquez", "Weber", "Xu", "Yılmaz", "Zimmermann"};
  private static final String[] GIVEN = {"Anna", "Bo", "Clara", "David", "Eva", "Finn", "Greta", "Hugo", "Ida",
    "Jonas"};
  private final Ward ward;
  private final int count;
  private final Map<String, Live.Watch> watchers = new ConcurrentHashMap<>();
  private final Map<Integer, Long> silentSince = new ConcurrentHashMap<>();

  Monitors(Ward ward, int count) {
    this.ward = ward;
    this.count = count;
  }

  static String device(int n) {
    return "monitor-%02d".formatted(n);
  }

  static String patient(int n) {
    return "patient-%02d".formatted(n);
  }

  void start() {
    ward.vertx.eventBus().<Live.Watch>consumer(Addresses.LIVE_WATCH, message -> {
      if (watchers.put(message.body().address(), message.body()) == null) everyone(message.body());
    });
    ward.vertx.setPeriodic(1000, tick -> watchers.values().forEach(this::everyone));
  }

  /** As if it had been switched off {@code secondsAgo}. */
  void silence(int n, long secondsAgo) {
    silentSince.put(n, System.currentTimeMillis() - secondsAgo * 1000);
  }

  void wake(int n) {
    silentSince.remove(n);
  }

  Set<Integer> silent() {
    return silentSince.keySet();
  }

  private void everyone(Live.Watch watch) {
    for (int n = 1; n <= count; n++) ward.vertx.eventBus().publish(watch.address(), vitals(n));
  }

  private Live.Vitals vitals(int n) {
    long at = silentSince.getOrDefault(n, System.currentTimeMillis());
    Map<String, Live.Reading> readings = new LinkedHashMap<>();
    readings.put("heartrate/hr", new Live.Reading(String.valueOf(heart(n, at)), at));
    readings.put("spo2/spo2", new Live.Reading(String.valueOf(saturation(n, at)), at));
    readings.put("respiration/rr", new Live.Reading(String.valueOf(breath(n, at)), at));
    readings.put("temperature/temp", new Live.Reading(String.valueOf(36.4 + n % 12 / 10.0), at - at % 60_000));
    if (n % 7 != 0) {
      readings.put("bloodpressure/sys", new Live.Reading(String.valueOf(108 + n % 25), at));
      readings.put("bloodpressure/dia", new Live.Reading(String.valueOf(66 + n % 15), at));
    }
    if (n == 3) readings.put("glucose/mmol", new Live.Reading("5.4", at));
    return new Live.Vitals(device(n), n == STRANGER ? null : patient(n), at, at, readings);
  }

  private static long heart(int n, long at) {
    return Math
        .round((n == URGENT ? 138 : 64 + n % 20) + 4 * Math.sin(at / 17_000.0 + n) + 2 * Math.sin(at / 2_300.0 + n));
  }

  private static long saturation(int n, long at) {
    return Math.round((n == WATCHED ? 92.4 : 97.4) + 0.9 * Math.sin(at / 41_000.0 + n));
  }

  private static long breath(int n, long at) {
    return Math.round(15 + 1.6 * Math.sin(at / 23_000.0 + n));
  }

  /** Patients, and their Observations of this hour and the one before, as the device room would have written them. */
  void giveHistory() {
    Instant now = Instant.now();
    for (int n = 1; n <= count; n++) {
      if (n == STRANGER) continue;
      put(person(n));
      for (int hours = 0; hours < 2; hours++) {
        Instant hour = now.truncatedTo(ChronoUnit.HOURS).minus(hours, ChronoUnit.HOURS);
        put(hourly(n, "hr", "8867-4", "Heart rate", "/min", hour));
        put(hourly(n, "spo2", "59408-5", "Oxygen saturation", "%", hour));
        put(hourly(n, "rr", "9279-1", "Respiratory rate", "/min", hour));
      }
    }
    for (int minute = 0; minute < 60; minute += 4)
      put(pressure(URGENT, now.minus(minute, ChronoUnit.MINUTES)));
  }

  private JsonObject person(int n) {
    String family = n == SCRIPT
        ? "<script>window.broken=1</script><img src=x onerror=window.broken=1>"
        : FAMILIES[n % FAMILIES.length];
    return new JsonObject().put("resourceType", "Patient")
        .put("id", patient(n))
        .put("identifier",
            new JsonArray()
                .add(new JsonObject().put("system", "urn:example:mrn").put("value", "MRN-10%02d".formatted(n))))
        .put("name",
            new JsonArray()
                .add(new JsonObject().put("family", family).put("given", new JsonArray().add(GIVEN[n % GIVEN.length]))))
        .put("gender", n % 2 == 0 ? "male" : "female")
        .put("birthDate", (1938 + n) + "-03-0" + (1 + n % 9));
  }

  private JsonObject hourly(int n, String name, String loinc, String display, String unit, Instant hour) {
    long now = System.currentTimeMillis();
    List<String> data = new ArrayList<>();
    for (int second = 0; second < 3600; second++) {
      long at = hour.toEpochMilli() + second * 1000L;
      long value = name.equals("hr") ? heart(n, at) : name.equals("rr") ? breath(n, at) : saturation(n, at);
      boolean gap = n == URGENT && second > 1500 && second < 1800;
      data.add(at > now || gap ? "E" : String.valueOf(value));
    }
    JsonObject sampled = new JsonObject().put("origin", new JsonObject().put("value", 0).put("unit", unit))
        .put("period", 1000)
        .put("dimensions", 1)
        .put("data", String.join(" ", data));
    return observation(n, name + "-" + hour.getEpochSecond(), loinc, display).put("effectivePeriod",
        new JsonObject().put("start", hour.toString()).put("end", hour.plusMillis(3_599_999).toString()))
        .put("valueSampledData", sampled);
  }

  private JsonObject pressure(int n, Instant at) {
    return observation(n, "bp-" + at.getEpochSecond(), "85354-9", "Blood pressure")
        .put("effectiveDateTime", at.truncatedTo(ChronoUnit.SECONDS).toString())
        .put("component", new JsonArray()
            .add(component("8480-6", "Systolic", 112 + (int) (at.getEpochSecond() / 60 % 9)))
            .add(component("8462-4", "Diastolic", 71 + (int) (at.getEpochSecond() / 60 % 7))));
  }

  private static JsonObject component(String loinc, String display, int value) {
    return new JsonObject().put("code", code(loinc, display))
        .put("valueQuantity", new JsonObject().put("value", value).put("unit", "mmHg"));
  }

  private static JsonObject observation(int n, String id, String loinc, String display) {
    return new JsonObject().put("resourceType", "Observation")
        .put("id", device(n) + "-" + id)
        .put("status", "amended")
        .put("code", code(loinc, display))
        .put("subject", new JsonObject().put("reference", "Patient/" + patient(n)));
  }

  private static JsonObject code(String loinc, String display) {
    return new JsonObject().put("coding", new JsonArray()
        .add(new JsonObject().put("system", "http://loinc.org").put("code", loinc).put("display", display)));
  }

  private void put(JsonObject resource) {
    String address = "/fhir/" + resource.getString("resourceType") + "/" + resource.getString("id");
    int status = ward.send("PUT", address, resource.encode()).statusCode();
    if (status != 201) throw new IllegalStateException(address + " gave " + status);
  }
}

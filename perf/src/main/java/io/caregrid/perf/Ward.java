package io.caregrid.perf;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/**
 * The devices of a run, each with a heart rate once a second. What a device says at a second is arithmetic, so that afterwards every stored value can be
 * checked against what was sent, without keeping what was sent.
 *
 * @param devices how many, 1..999999
 * @param hour    start of the hour the readings fall into, UTC
 */
record Ward(int devices, Instant hour) {
  static final String TYPE = "heartrate";
  static final String VALUE = "hr";
  static final int SECONDS = 3600;

  Ward {
    if (devices < 1 || devices > 999_999) throw new IllegalArgumentException("devices must be 1..999999");
    hour = hour.truncatedTo(ChronoUnit.HOURS);
  }

  String name(int device) {
    return String.format("perf-%06d", device);
  }

  /** Beats per minute, 50..139, for second 0..3599 of the hour. */
  int value(int device, int second) {
    return 50 + Math.floorMod(device * 31 + second * 7, 90);
  }

  Instant at(int second) {
    return hour.plusSeconds(second);
  }

  /** One device message, as it would be posted: some 110 bytes of JSON. */
  byte[] message(int device, int second) {
    return ("{\"deviceId\":\"" + name(device) + "\",\"patientId\":\"" + name(device) + "\",\"time\":\"" + at(second)
        + "\",\"heartRate\":" + value(device, second) + "}").getBytes(StandardCharsets.US_ASCII);
  }
}

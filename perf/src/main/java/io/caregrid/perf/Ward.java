package io.caregrid.perf;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;

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
    return messages(second).of(device);
  }

  /** Those of one second. What they share is written once: the driver has the same two cores as what it measures. */
  Messages messages(int second) {
    return new Messages(this, second);
  }

  /** One thread. */
  static final class Messages {
    private static final int DIGITS = 6;
    private final Ward ward;
    private final int second;
    private final byte[] text;
    private final int[] names;
    private final int value;

    private Messages(Ward ward, int second) {
      this.ward = ward;
      this.second = second;
      String name = ward.name(0);
      String before = "{\"deviceId\":\"" + name + "\",\"patientId\":\"" + name + "\",\"time\":\"" + ward.at(second)
          + "\",\"heartRate\":";
      int first = before.indexOf(name);
      this.names = new int[] {first + name.length(), before.indexOf(name, first + 1) + name.length()};
      this.value = before.length();
      this.text = (before + "000}").getBytes(StandardCharsets.US_ASCII);
    }

    byte[] of(int device) {
      for (int end : names) number(device, end - DIGITS, end);
      int beats = ward.value(device, second);
      int end = value + (beats < 100 ? 2 : 3);
      number(beats, value, end);
      text[end] = '}';
      return Arrays.copyOf(text, end + 1);
    }

    private void number(int number, int from, int to) {
      for (int at = to - 1, left = number; at >= from; at--, left /= 10) text[at] = (byte) ('0' + left % 10);
    }
  }
}

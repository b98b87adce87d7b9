package io.caregrid.contract;

import java.util.Map;

/**
 * The live feed: what devices say right now, for people who watch. Travels the event bus, at most once; the store is the truth.
 *
 * <p>A page's node publishes a {@link Watch} on {@code Addresses.LIVE_WATCH} at once and then every {@link #RENEW_MILLIS}. Each shard answers a new
 * watcher with a {@link Vitals} for every device it holds, and then sends one per device that changed, at most every
 * {@link #EVERY_MILLIS}, until the watch is {@link #EXPIRE_MILLIS} old.
 */
public final class Live {
  public static final long RENEW_MILLIS = 5_000;
  public static final long EXPIRE_MILLIS = 15_000;
  public static final long EVERY_MILLIS = 500;

  private Live() {}

  /**
   * @param address where on the event bus the watcher listens
   * @param device  the one device it wants, or null for all of them
   */
  public record Watch(String address, String device) {}

  /**
   * The latest of one device.
   *
   * @param device    the device's own identifier
   * @param patient   id of the FHIR Patient it is linked to, null while unknown
   * @param seen      when the newest of these was measured, epoch milliseconds
   * @param received  when its source message reached the log, epoch milliseconds
   * @param readings  by {@code type/valueName}, e.g. {@code heartrate/hr}
   */
  public record Vitals(String device, String patient, long seen, long received, Map<String, Reading> readings) {}

  /**
   * @param value as the device sent it, normalised to text
   * @param at    when it was measured, epoch milliseconds
   */
  public record Reading(String value, long at) {}

  /** Question to {@code Addresses.shard(n)}: the latest of this device. Answered with {@link Vitals}, or failure 404. */
  public record Latest(String device) {}
}

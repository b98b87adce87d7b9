package io.caregrid.contract;

import java.time.Instant;
import java.util.Set;

/**
 * Who asks. The first argument of everything that touches data, built once at the door and never hidden in a thread-local.
 *
 * @param subject who, as the door learned it: a token's {@code sub}, {@code ae:TITLE@address} of a DICOM peer, {@code system:shard} of the house itself
 * @param issuer  who vouches for the subject, a token's {@code iss}; null when nobody does
 * @param name    as people know the subject; null when the door learned none. Not unique, proves nothing
 * @param roles   by which it may; never null
 * @param grants  what it may do, never null
 * @param until   when the proof of who it is runs out; null: never. What goes on longer, such as a live feed, ends then
 * @param address where it calls from, an IP address; null when it is in this process
 * @param trace   joins the log lines of one request; null when nobody asked for one
 */
public record Caller(String subject, String issuer, String name, Set<String> roles, Grants grants, Instant until,
    String address, String trace) {

  /** Whoever reaches an open door: one on loopback before there is an issuer, or one that was told to be open. */
  public static final Caller LOCAL = new Caller("local", null, null, Set.of(), Grants.ALL, null, null, null);

  public Caller {
    if (subject.isBlank()) throw new IllegalArgumentException("caller without a subject");
    roles = Set.copyOf(roles);
  }

  /** Work nobody asked for: audited like a person's, and may everything. */
  public static Caller system(String name) {
    return new Caller("system:" + name, null, null, Set.of("system"), Grants.ALL, null, null, null);
  }

  private static final String UNKNOWN = "unknown";

  /** Somebody who was turned away before it was known who. */
  public static Caller unknown() {
    return new Caller(UNKNOWN, null, null, Set.of(), Grants.NONE, null, null, null);
  }

  public boolean isUnknown() {
    return issuer == null && subject.equals(UNKNOWN);
  }

  public boolean may(Access access) {
    return grants.may(access);
  }

  public Caller traced(String trace) {
    return new Caller(subject, issuer, name, roles, grants, until, address, trace);
  }

  public Caller from(String address) {
    return new Caller(subject, issuer, name, roles, grants, until, address, trace);
  }
}

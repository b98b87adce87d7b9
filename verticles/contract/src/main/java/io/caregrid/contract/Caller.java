package io.caregrid.contract;

import java.util.Set;

/**
 * Who asks. The first argument of everything that touches data, built once at the door and never hidden in a thread-local.
 *
 * @param subject who, as the door learned it; a system caller has a name such as {@code system:shard}
 * @param roles   what it may do, never null
 * @param trace   joins the log lines of one request; null when nobody asked for one
 */
public record Caller(String subject, Set<String> roles, String trace) {

  /** Whoever reaches a loopback door before "Doors and nodes" puts a lock on it. */
  public static final Caller LOCAL = new Caller("local", Set.of(), null);

  public Caller {
    if (subject.isBlank()) throw new IllegalArgumentException("caller without a subject");
    roles = Set.copyOf(roles);
  }

  /** Work nobody asked for: audited like a person's. */
  public static Caller system(String name) {
    return new Caller("system:" + name, Set.of("system"), null);
  }

  public Caller traced(String trace) {
    return new Caller(subject, roles, trace);
  }
}

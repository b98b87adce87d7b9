package io.caregrid.store;

import io.caregrid.contract.Failure;
import io.vertx.pgclient.PgException;
import java.io.IOException;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What a log line may say about whatever went wrong around the database. PostgreSQL's own words quote values ("Failing row contains …"), and those of a
 * bug may hold anything; a {@link Failure}'s and a disk's are made for people, and hold none; but what cannot be read any more is
 * named, by its id, to whoever asked for it.
 */
public final class Cause {
  private static final int FRAMES = 8;

  private Cause() {}

  /**
   * Class, SQLSTATE, constraint (PostgreSQL appendix A), each by name; of an {@link IOException} and a {@link Failure} the message too, but not of
   * {@link Failure.Unreadable}. Those that lie beneath follow. One line.
   */
  public static String withoutValues(Throwable cause) {
    Set<Throwable> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    StringBuilder told = new StringBuilder();
    for (Throwable each = cause; each != null && seen.add(each); each = each.getCause())
      told.append(told.isEmpty() ? "" : " from ").append(one(each));
    return told.isEmpty() ? "none" : told.toString();
  }

  /** As {@link #withoutValues}, and where it happened: for what should never happen. */
  public static String andPlace(Throwable cause) {
    String at = Arrays.stream(cause.getStackTrace())
        .limit(FRAMES)
        .map(StackTraceElement::toString)
        .collect(Collectors.joining(" < "));
    return withoutValues(cause) + (at.isEmpty() ? "" : " at=" + at);
  }

  private static String one(Throwable cause) {
    if (cause instanceof Failure failure && !(cause instanceof Failure.Unreadable)) return failure.getMessage();
    if (cause instanceof PgException refused) return refusal(refused);
    String name = cause.getClass().getName();
    boolean ofTheDisk = cause instanceof IOException && cause.getMessage() != null;
    return ofTheDisk ? name + ": " + cause.getMessage() : name;
  }

  private static String refusal(PgException refused) {
    String constraint = refused.getConstraint();
    return "SQLSTATE " + refused.getSqlState() + (constraint == null ? "" : " constraint " + constraint);
  }
}

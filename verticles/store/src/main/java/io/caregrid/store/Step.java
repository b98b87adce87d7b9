package io.caregrid.store;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vertx.core.Future;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Function;

/**
 * One entry of a transaction (FHIR R4 http.html#transaction). Resources have been validated; their references may name other entries by {@code fullUrl}, or what
 * is in the store by a condition.
 */
public sealed interface Step {
  String type();

  /** By which other entries name this one; null when they cannot. */
  default String fullUrl() {
    return null;
  }

  /** Of which one; null when a condition tells, or when it is new. */
  default String id() {
    return null;
  }

  /** Which one is meant; null when the id tells, or when there is no condition. */
  default Criteria where() {
    return null;
  }

  /** What is to be kept; null when that is not known yet, or nothing. */
  default ObjectNode resource() {
    return null;
  }

  /** @param where it is created only if that finds nothing; null: whatever is there */
  record Create(String fullUrl, String type, Criteria where, ObjectNode resource) implements Step {}

  record Update(String fullUrl, String type, String id, Criteria where, ObjectNode resource, Demand demand)
      implements
        Step {}

  record Patch(String fullUrl, String type, String id, Criteria where, Edit edit, Demand demand) implements Step {}

  /**
   * @param erases with all its past
   * @param found  the version of {@code id} that {@code where} has found: deleted is it also in a later one, unless the condition no longer means it. 0: nobody
   *               has looked yet
   */
  record Delete(String type, String id, Criteria where, OptionalInt ifMatch, boolean erases, int found)
      implements
        Step {
    public Delete(String type, String id, Criteria where, OptionalInt ifMatch, boolean erases) {
      this(type, id, where, ifMatch, erases, 0);
    }

    /** Of what a condition has found. */
    static Delete of(Stored found, Criteria where, OptionalInt ifMatch, boolean erases) {
      return new Delete(found.type(), found.id(), where, ifMatch, erases, found.version());
    }

    boolean isFound() {
      return found > 0;
    }
  }

  /** Asked when everything is written. @param type null for all types */
  record Question(String type, Function<Reading, Future<?>> question) implements Step {}

  /**
   * What became of a step.
   *
   * @param stored  the version it made, or the one it found; null when there was nothing to delete, and for a question
   * @param changed it made that version
   * @param answer  of a question
   * @param patients whose data it was
   */
  record Done(Stored stored, boolean changed, Object answer, List<String> patients) {

    static final Done NOTHING = new Done(null, false, null, List.of());

    static Done of(Stored stored, boolean changed) {
      return new Done(stored, changed, null, Whose.patients(List.of(stored)));
    }
  }

  /** It failed, and so all of them did. Its cause is a {@code Failure}. */
  final class Failed extends RuntimeException {
    private static final long serialVersionUID = 1;
    /** From 0, as they were given. */
    public final int step;

    Failed(int step, Throwable cause) {
      super(cause.getMessage(), cause, false, false);
      this.step = step;
    }
  }
}

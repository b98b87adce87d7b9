package io.caregrid.api.fhir;

import io.caregrid.contract.OperationOutcome;
import io.caregrid.contract.OperationOutcome.Issue;
import io.caregrid.store.Stored;
import io.vertx.core.buffer.Buffer;
import java.util.List;

/**
 * The answer to an interaction, before it is HTTP's or an entry of a bundle.
 *
 * @param stored   the version it is about, null for none
 * @param location of a version that was made or found, below the base; null when that is not told
 * @param body     JSON, null for none
 * @param outcome  the body is an OperationOutcome
 * @param items    how many were deleted; -1 when that is not told
 */
record Reply(int status, Stored stored, String location, Buffer body, boolean outcome, int items) {

  /** @param asked its body is what was asked for */
  static Reply found(Stored stored, Buffer asked) {
    return new Reply(200, stored, null, asked, false, -1);
  }

  static Reply unchanged(Stored stored) {
    return new Reply(304, stored, null, null, false, -1);
  }

  static Reply bundle(Buffer bundle) {
    return new Reply(200, null, null, bundle, false, -1);
  }

  /** What an operation answers. @param resource JSON */
  static Reply answer(Buffer resource) {
    return new Reply(200, null, null, resource, false, -1);
  }

  /** There is nothing to tell. @param stored the version that is there */
  static Reply done(Stored stored) {
    return new Reply(204, stored, null, null, false, -1);
  }

  /** It is elsewhere. @param location below the base */
  static Reply moved(String location) {
    return new Reply(301, null, location, told("another one is to be used instead: " + location), true, -1);
  }

  /** A version that was made, or that was there already; as {@code Prefer: return} asks (FHIR R4 http.html#ops). */
  static Reply written(int status, Stored stored, boolean located, Ask.Terms terms, boolean wholeByDefault) {
    String location = located ? stored.type() + "/" + stored.id() + "/_history/" + stored.version() : null;
    if (terms.prefers("operationoutcome"))
      return new Reply(status, stored, location, told(stored.type() + (status == 201 ? " created" : " updated")), true,
          -1);
    boolean whole = terms.prefers("representation") || wholeByDefault && !terms.prefers("minimal");
    return new Reply(status, stored, location, whole ? stored.body() : null, false, -1);
  }

  /** @param stored null when there was nothing to delete */
  static Reply deleted(String type, Stored stored) {
    String text = type + (stored == null ? " was not there: nothing to delete" : " deleted");
    return new Reply(200, stored, null, told(text), true, stored == null ? 0 : 1);
  }

  static Reply deleted(String type, int items) {
    return new Reply(200, null, null, told(items + " of type " + type + " deleted"), true, items);
  }

  static Reply refused(int status, List<Issue> issues) {
    return new Reply(status, null, null, OperationOutcome.of(issues), true, -1);
  }

  /** What it is about, and no more. */
  Reply withoutResource() {
    return outcome ? this : new Reply(status, stored, location, null, false, items);
  }

  private static Buffer told(String text) {
    return OperationOutcome.of(List.of(Issue.information(text)));
  }
}

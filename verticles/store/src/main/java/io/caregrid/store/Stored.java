package io.caregrid.store;

import io.vertx.core.buffer.Buffer;
import java.time.Instant;

/**
 * One version of one resource, as the store holds it.
 *
 * @param type    FHIR resource type
 * @param id      logical id
 * @param version {@code meta.versionId}, from 1
 * @param updated {@code meta.lastUpdated}, UTC, milliseconds
 * @param deleted this version is a deletion
 * @param created this version is the first of the id; false when an update found it there already
 * @param body    JSON exactly as it is answered, meta included; null for a deletion, and when it is {@link #unreadable}
 */
public record Stored(String type, String id, int version, Instant updated, boolean deleted, boolean created,
    Buffer body) {

  /** Its body is kept, but nobody can read it: then there is none here, though it is no deletion. */
  public boolean unreadable() {
    return !deleted && body == null;
  }

  /** To name it by. */
  Stored withoutBody() {
    return new Stored(type, id, version, updated, deleted, created, null);
  }

  /** This version, as the answer to an update that changed nothing: it was not created just now. */
  Stored unchanged() {
    return new Stored(type, id, version, updated, deleted, false, body);
  }
}

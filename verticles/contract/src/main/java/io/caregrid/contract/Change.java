package io.caregrid.contract;

import java.time.Instant;
import java.util.UUID;

/**
 * One line of the change feed: something in the store is now different.
 *
 * @param position gap-free place in the feed of this incarnation, from 1
 * @param mark     the random id this position got when it was stamped; a cursor that does not find it knows the database was restored
 * @param type     FHIR resource type
 * @param id       logical id
 * @param version  {@code meta.versionId}
 * @param op       what happened
 * @param at       {@code meta.lastUpdated}, UTC
 */
public record Change(long position, UUID mark, String type, String id, int version, Op op, Instant at) {
  public enum Op {
    CREATE, UPDATE, DELETE
  }
}

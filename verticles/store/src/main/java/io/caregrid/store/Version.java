package io.caregrid.store;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vertx.core.buffer.Buffer;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.function.Function;
import java.util.function.IntFunction;

/**
 * One version of a resource on its way into its row.
 *
 * @param stored   as it will be answered
 * @param packed   the body as it lies in the row, null for a deletion
 * @param postings what finds it
 * @param hashes   of its tokens
 */
record Version(Stored stored, byte[] packed, Postings postings, Long[] hashes) {

  /** Of what was erased. */
  private static final Postings ERASED = new Postings(java.util.Set.of(), null, Span.NONE, "", null);

  /** The next version after {@code before}, which is null when nothing was there. Its time never goes back behind it. */
  static Version after(Stored before, Definition definition, String id, ObjectNode resource, Instant now, Body body) {
    int number = number(before);
    Instant updated = updated(before, now);
    ObjectNode stamped = Json.stamped(definition.type(), id, number, updated, resource);
    return of(definition, id, number, updated, stamped, Json.write(stamped), body);
  }

  /**
   * The next version as a device's events make it. What people have put into meta stays: a device knows nothing of it.
   *
   * @param before   its body is not asked for
   * @param given    {@link Json#metaGiven} of it, or null
   * @param json     without meta
   * @param resource the same as a tree
   */
  static Version merged(Stored before, ObjectNode given, Definition definition, String id, byte[] json,
      ObjectNode resource, Instant now, Body body) {
    int number = number(before);
    Instant updated = updated(before, now);
    ObjectNode meta = Json.meta(number, updated, given);
    byte[] stamped = Json.stampedBytes(definition.type(), id, meta, resource, json);
    return of(definition, id, number, updated, resource.set("meta", meta), stamped, body);
  }

  /**
   * The same of what is {@link Resampled}, to be answered and kept: what finds it is as before.
   *
   * @param front {@link Json#front} of it
   */
  static Stored resampled(Stored before, ObjectNode given, byte[] front, byte[] json, Instant now) {
    int number = number(before);
    Instant updated = updated(before, now);
    byte[] stamped = Json.stampedBytes(front, Json.meta(number, updated, given), json);
    return new Stored(before.type(), before.id(), number, updated, false, false, Buffer.buffer(stamped));
  }

  private static int number(Stored before) {
    return before == null ? 1 : before.version() + 1;
  }

  private static Version of(Definition definition, String id, int number, Instant updated, ObjectNode stamped,
      byte[] json, Body body) {
    Postings postings = Postings.of(definition, stamped);
    Stored stored = new Stored(definition.type(), id, number, updated, false, number == 1, Buffer.buffer(json));
    return new Version(stored, body.pack(json), postings, postings.hashes());
  }

  static Version deletion(Stored before, Instant now) {
    Stored stored = new Stored(before.type(), before.id(), before.version() + 1, updated(before, now), true, false,
        null);
    return new Version(stored, null, Postings.NOTHING, new Long[0]);
  }

  /** A deletion that is shown to nobody, and leaves nothing behind but an id, a number and a time: whoever follows the feed has to hear of it. */
  static Version erasure(Stored before, Instant now) {
    Version deletion = deletion(before, now);
    return new Version(deletion.stored(), null, ERASED, deletion.hashes());
  }

  private static Instant updated(Stored before, Instant now) {
    Instant millis = now.truncatedTo(ChronoUnit.MILLIS);
    return before != null && before.updated().isAfter(millis) ? before.updated() : millis;
  }

  /** For {@link Table#create} and the first eleven of {@link Table#update}. */
  Tuple row() {
    return Tuple.tuple()
        .addValue(stored.id())
        .addValue(utc(stored.updated()))
        .addValue(hour(stored.updated()))
        .addValue(postings.patientHash())
        .addValue(utc(postings.date().from()))
        .addValue(utc(postings.date().to()))
        .addValue(fingerprint())
        .addValue(hashes)
        .addValue(packed == null ? null : Buffer.buffer(packed))
        .addValue(postings.key())
        .addValue(postings.words());
  }

  /** For {@link Table#createMany} and the first twelve of {@link Table#replaceMany}. */
  static Tuple rows(List<Version> versions) {
    Integer[] last = last(versions);
    return Tuple.tuple()
        .addValue(all(versions, version -> version.stored().id(), String[]::new))
        .addValue(all(versions, version -> utc(version.stored().updated()), OffsetDateTime[]::new))
        .addValue(all(versions, version -> version.postings().patientHash(), Long[]::new))
        .addValue(all(versions, version -> utc(version.postings().date().from()), OffsetDateTime[]::new))
        .addValue(all(versions, version -> utc(version.postings().date().to()), OffsetDateTime[]::new))
        .addValue(all(versions, Version::fingerprint, Long[]::new))
        .addValue(hashes(versions, last.length == 0 ? 0 : last[last.length - 1]))
        .addValue(all(versions, version -> version.packed() == null ? null : Buffer.buffer(version.packed()),
            Buffer[]::new))
        .addValue(all(versions, version -> version.postings().key(), String[]::new))
        .addValue(all(versions, version -> version.postings().words(), String[]::new))
        .addValue(first(versions, last))
        .addValue(last);
  }

  /** PostgreSQL's arrays of arrays have to be of one length: all tokens go as one array, and each row takes its part, counted from 1. */
  private static Integer[] last(List<Version> versions) {
    Integer[] last = new Integer[versions.size()];
    int behind = 0;
    for (int i = 0; i < last.length; i++) last[i] = behind += versions.get(i).hashes().length;
    return last;
  }

  private static Integer[] first(List<Version> versions, Integer[] last) {
    Integer[] first = new Integer[last.length];
    for (int i = 0; i < first.length; i++) first[i] = last[i] - versions.get(i).hashes().length + 1;
    return first;
  }

  private static Long[] hashes(List<Version> versions, int count) {
    Long[] all = new Long[count];
    int to = 0;
    for (Version version : versions) {
      System.arraycopy(version.hashes(), 0, all, to, version.hashes().length);
      to += version.hashes().length;
    }
    return all;
  }

  private static <T> T[] all(List<Version> versions, Function<Version, T> column, IntFunction<T[]> array) {
    return versions.stream().map(column).toArray(array);
  }

  long fingerprint() {
    return postings == ERASED ? Table.ERASED : postings.fingerprint(hashes);
  }

  static int hour(Instant instant) {
    return (int) Math.floorDiv(instant.getEpochSecond(), 3600L);
  }

  static OffsetDateTime utc(Instant instant) {
    return instant.atOffset(ZoneOffset.UTC);
  }

  /** @throws Body.Damaged */
  static Stored stored(String type, Row row, Body body) {
    boolean deleted = row.getBoolean("del");
    return stored(type, row, deleted ? null : Buffer.buffer(body.unpack(row.getBuffer("body").getBytes())));
  }

  /** {@link Stored#unreadable} instead of an exception. */
  static Stored whatever(String type, Row row, Body body, Damage damage) {
    try {
      return stored(type, row, body);
    } catch (Body.Damaged damaged) {
      Stored unreadable = withoutBody(type, row);
      damage.tell(unreadable, damaged.getMessage());
      return unreadable;
    }
  }

  static Stored withoutBody(String type, Row row) {
    return stored(type, row, (Buffer) null);
  }

  private static Stored stored(String type, Row row, Buffer json) {
    int version = row.getInteger("ver");
    return new Stored(type, row.getString("id"), version, row.getOffsetDateTime("upd").toInstant(),
        row.getBoolean("del"), version == 1, json);
  }
}

package io.caregrid.analytics.lake;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.analytics.lake.schema.Json;
import io.caregrid.analytics.lake.vitals.Samples;
import io.caregrid.store.Bodies.Found;
import io.caregrid.store.Stored;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.List;
import java.util.function.Function;
import java.util.stream.StreamSupport;

/** Versions from the store as rows of the lake's tables. Trees are made while one goes through them, one at a time: only bytes are kept. Pure. */
final class Rows {
  private static final String DELETED = "lake_deleted";

  private Rows() {}

  /** @param position in the feed of its change; 0 when it was taken from the store */
  record Entry(Found found, long position) {
    /** Of the JSON. */
    long bytes() {
      Stored stored = found.stored();
      return stored.deleted() ? 0 : stored.body().length();
    }
  }

  static Iterable<ObjectNode> ofLog(List<Entry> entries) {
    return each(entries, Rows::logRow);
  }

  /** @param entries none of them deleted */
  static Iterable<ObjectNode> ofState(List<Entry> entries) {
    return each(entries, entry -> numbered(entry.found()));
  }

  static Iterable<ObjectNode> vitalsLog(List<Entry> entries) {
    return Samples.of(ofLog(entries));
  }

  /** @param entries none of them deleted; an Observation without samples gives no row */
  static Iterable<ObjectNode> vitalsState(List<Entry> entries) {
    return () -> StreamSupport.stream(vitalsLog(entries).spliterator(), false)
        .filter(row -> !row.path(DELETED).asBoolean())
        .iterator();
  }

  private static ObjectNode logRow(Entry entry) {
    Stored stored = entry.found().stored();
    return numbered(entry.found()).put("lake_position", entry.position())
        .put(DELETED, stored.deleted())
        .put("lake_at", stored.updated().toString());
  }

  private static ObjectNode numbered(Found found) {
    Stored stored = found.stored();
    ObjectNode row = stored.deleted() ? JsonNodeFactory.instance.objectNode().put("id", stored.id()) : tree(stored);
    return row.put("lake_version", stored.version()).put("lake_sid", found.sid());
  }

  private static ObjectNode tree(Stored stored) {
    try {
      return Json.object(stored.body().getBytes());
    } catch (IOException broken) {
      throw new UncheckedIOException("a stored body is not JSON", broken);
    }
  }

  private static Iterable<ObjectNode> each(List<Entry> entries, Function<Entry, ObjectNode> row) {
    return () -> {
      Iterator<Entry> each = entries.iterator();
      return new Iterator<>() {
        @Override
        public boolean hasNext() {
          return each.hasNext();
        }

        @Override
        public ObjectNode next() {
          return row.apply(each.next());
        }
      };
    };
  }
}

package io.caregrid.analytics.lake;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.analytics.lake.schema.Json;
import io.caregrid.analytics.lake.vitals.Samples;
import io.caregrid.store.Bodies.Found;
import io.caregrid.store.Stored;
import java.io.IOException;
import java.util.Iterator;
import java.util.List;
import java.util.function.Function;
import java.util.stream.StreamSupport;

/**
 * Versions from the store as rows of the lake's tables. Trees are made while one goes through them, one at a time: only bytes are kept. A version that cannot
 * be read is a row of its id and numbers, and says so.
 */
final class Rows {
  private static final String DELETED = "lake_deleted";

  private static final String UNREADABLE = "lake_unreadable";
  private final Unreadable unreadable;

  Rows(Unreadable unreadable) {
    this.unreadable = unreadable;
  }

  /** @param position in the feed of its change; 0 when it was taken from the store */
  record Entry(Found found, long position) {
    /** Of the JSON. */
    long bytes() {
      Stored stored = found.stored();
      return stored.body() == null ? 0 : stored.body().length();
    }
  }

  Iterable<ObjectNode> ofLog(List<Entry> entries) {
    return each(entries, this::logRow);
  }

  /** @param entries none of them deleted */
  Iterable<ObjectNode> ofState(List<Entry> entries) {
    return each(entries, entry -> numbered(entry.found()));
  }

  Iterable<ObjectNode> vitalsLog(List<Entry> entries) {
    return Samples.of(each(entries, entry -> without(logRow(entry))));
  }

  /** @param entries none of them deleted; an Observation without samples gives no row */
  Iterable<ObjectNode> vitalsState(List<Entry> entries) {
    return () -> StreamSupport.stream(vitalsLog(entries).spliterator(), false)
        .filter(row -> !row.path(DELETED).asBoolean())
        .iterator();
  }

  /** Of an Observation that cannot be read there are no samples. */
  private static ObjectNode without(ObjectNode row) {
    row.remove(UNREADABLE);
    return row;
  }

  private ObjectNode logRow(Entry entry) {
    Stored stored = entry.found().stored();
    return numbered(entry.found()).put("lake_position", entry.position())
        .put(DELETED, stored.deleted())
        .put("lake_at", stored.updated().toString());
  }

  private ObjectNode numbered(Found found) {
    Stored stored = found.stored();
    ObjectNode row = stored.deleted() ? bare(stored) : tree(found);
    return row.put("lake_version", stored.version()).put("lake_sid", found.sid());
  }

  private static ObjectNode bare(Stored stored) {
    return JsonNodeFactory.instance.objectNode().put("id", stored.id());
  }

  private ObjectNode tree(Found found) {
    Stored stored = found.stored();
    if (found.damage() != null) return unreadable(stored, found.damage());
    try {
      ObjectNode tree = Json.object(stored.body().getBytes());
      if (stored.id().equals(tree.path("id").textValue())) return tree;
      return unreadable(stored, "its body has not its id");
    } catch (IOException broken) {
      return unreadable(stored, "its body is no JSON object");
    }
  }

  private ObjectNode unreadable(Stored stored, String why) {
    unreadable.tell(stored, why);
    return bare(stored).put(UNREADABLE, true);
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

package io.caregrid.analytics.lake.table;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.store.ChangeFeed.Cursor;
import java.io.IOException;
import java.time.Instant;
import java.util.Iterator;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;

/**
 * The lake as a whole at one moment: it is what the newest head says.
 *
 * @param number  from 1, without gaps
 * @param writer  random, so that no two heads have the same bytes
 * @param at      when it was made
 * @param read    until where the feed was read
 * @param safe    everything until there is in the tables: whoever starts reads on from there. Behind it, until {@code read}, something waits
 * @param rebuilt position in the feed until which a change may be in the files that a rebuild took from the store; 0 when none can
 * @param asOf    what changed in the store before that, and waits for no period to end, is in the tables
 * @param tables  a table's folder to its version
 */
public record Head(long number, UUID writer, Instant at, Cursor read, Cursor safe, long rebuilt, Instant asOf,
    Map<String, Long> tables) {

  private static final ObjectMapper JSON = new ObjectMapper();

  public Head {
    tables = Map.copyOf(tables);
  }

  /** The next one. */
  public Head next(Instant at, Cursor read, Cursor safe, Instant asOf, Map<String, Long> tables) {
    return new Head(number + 1, UUID.randomUUID(), at, read, safe, rebuilt, asOf, tables);
  }

  byte[] json() {
    ObjectNode json = JSON.createObjectNode()
        .put("number", number)
        .put("writer", writer.toString())
        .put("at", at.toString());
    json.set("read", json(read));
    json.set("safe", json(safe));
    json.put("rebuilt", rebuilt).put("asOf", asOf.toString());
    ObjectNode versions = json.putObject("tables");
    new TreeMap<>(tables).forEach(versions::put);
    return json.toString().getBytes(java.nio.charset.StandardCharsets.UTF_8);
  }

  /** @throws IOException it is none, or one of a newer Caregrid's */
  static Head of(String name, byte[] bytes) throws IOException {
    try {
      JsonNode json = JSON.readTree(bytes);
      Map<String, Long> tables = new TreeMap<>();
      for (Iterator<Map.Entry<String, JsonNode>> each = json.required("tables").fields(); each.hasNext();) {
        Map.Entry<String, JsonNode> table = each.next();
        tables.put(table.getKey(), table.getValue().longValue());
      }
      return new Head(json.required("number").longValue(), UUID.fromString(json.required("writer").textValue()),
          Instant.parse(json.required("at").textValue()), cursor(json.required("read")), cursor(json.required("safe")),
          json.required("rebuilt").longValue(), Instant.parse(json.required("asOf").textValue()), tables);
    } catch (IOException | RuntimeException cause) {
      throw new IOException("the lake's head " + name + " cannot be understood", cause);
    }
  }

  private static ObjectNode json(Cursor cursor) {
    return JSON.createObjectNode()
        .put("incarnation", cursor.incarnation())
        .put("position", cursor.position())
        .put("mark", cursor.mark() == null ? null : cursor.mark().toString());
  }

  private static Cursor cursor(JsonNode json) {
    String mark = json.required("mark").textValue();
    return new Cursor(json.required("incarnation").intValue(), json.required("position").longValue(),
        mark == null ? null : UUID.fromString(mark));
  }
}

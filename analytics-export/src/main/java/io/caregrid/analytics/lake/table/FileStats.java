package io.caregrid.analytics.lake.table;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;

/** Delta's {@code stats} of a file (PROTOCOL.md "Per-file Statistics"). Pure. */
public final class FileStats {
  private FileStats() {}

  public static String json(long rows, Map<String, JsonNode> least, Map<String, JsonNode> greatest) {
    ObjectNode stats = JsonNodeFactory.instance.objectNode().put("numRecords", rows);
    stats.putObject("minValues").setAll(least);
    stats.putObject("maxValues").setAll(greatest);
    return stats.toString();
  }
}

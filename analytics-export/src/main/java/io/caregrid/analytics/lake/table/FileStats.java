package io.caregrid.analytics.lake.table;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.analytics.lake.delta.Action.Add;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;

/** Delta's {@code stats} of a file (PROTOCOL.md "Per-file Statistics"). Pure. */
public final class FileStats {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String LEAST = "minValues";
  private static final String GREATEST = "maxValues";

  private FileStats() {}

  public static String json(long rows, Map<String, JsonNode> least, Map<String, JsonNode> greatest) {
    ObjectNode stats = JSON.createObjectNode().put("numRecords", rows);
    stats.putObject(LEAST).setAll(least);
    stats.putObject(GREATEST).setAll(greatest);
    return stats.toString();
  }

  /** Of a file with the rows of all of these. A column that one of them says nothing of is left out: it may have values there. */
  static String joined(List<Add> files) {
    List<JsonNode> all = files.stream().map(FileStats::read).toList();
    ObjectNode stats = JSON.createObjectNode();
    stats.put("numRecords", all.stream().mapToLong(each -> each.path("numRecords").longValue()).sum());
    stats.set(LEAST, outermost(all, LEAST, -1));
    stats.set(GREATEST, outermost(all, GREATEST, 1));
    return stats.toString();
  }

  /** False: by its bounds none of these values, ASCII as all ids of FHIR, is in that column of the file. */
  static boolean mayHold(Add file, String column, SortedSet<String> values) {
    JsonNode stats = read(file);
    String least = stats.path(LEAST).path(column).textValue();
    String greatest = stats.path(GREATEST).path(column).textValue();
    if (least == null || greatest == null) return true;
    SortedSet<String> from = values.tailSet(least);
    return !from.isEmpty() && from.first().compareTo(greatest) <= 0;
  }

  private static JsonNode read(Add file) {
    try {
      return JSON.readTree(file.stats());
    } catch (JsonProcessingException broken) {
      throw new IllegalStateException("stats that are no JSON: " + file.path());
    }
  }

  private static ObjectNode outermost(List<JsonNode> all, String which, int sign) {
    ObjectNode outermost = JSON.createObjectNode();
    for (Map.Entry<String, JsonNode> column : all.get(0).path(which).properties()) {
      JsonNode found = column.getValue();
      boolean everywhere = true;
      for (JsonNode each : all) {
        JsonNode value = each.path(which).path(column.getKey());
        everywhere &= !value.isMissingNode();
        if (everywhere && compare(value, found) * sign > 0) found = value;
      }
      if (everywhere) outermost.set(column.getKey(), found);
    }
    return outermost;
  }

  /** Instants are text that sorts as they do. */
  private static int compare(JsonNode a, JsonNode b) {
    if (a.isNumber()) return a.decimalValue().compareTo(b.decimalValue());
    return Arrays.compareUnsigned(a.asText().getBytes(StandardCharsets.UTF_8),
        b.asText().getBytes(StandardCharsets.UTF_8));
  }
}

package io.caregrid.analytics.lake.parquet;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.caregrid.analytics.lake.schema.Column;
import io.caregrid.analytics.lake.schema.Column.Kind;
import io.caregrid.analytics.lake.schema.Column.Leaf;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Least and greatest values of the columns that readers prune files by: numbers and instants of the root, and the words that say whose a row is. As Delta
 * writes them (PROTOCOL.md, "Per-file Statistics"): instants as text in milliseconds, so the greatest is rounded up.
 */
final class Bounds {
  private static final Set<String> WORDS = Set.of("id", "observation", "patient", "device", "code");
  /** A column with a longer text has no bounds: they stand in the log, which everybody reads. */
  private static final int LONGEST = 256;
  private static final DateTimeFormatter MILLIS = new DateTimeFormatterBuilder().appendInstant(3)
      .toFormatter();
  private final Leaf[] leaves;
  private final Object[] least;
  private final Object[] greatest;

  Bounds(List<Column> columns) {
    this.leaves = new Leaf[columns.size()];
    this.least = new Object[leaves.length];
    this.greatest = new Object[leaves.length];
    for (int i = 0; i < leaves.length; i++) {
      if (columns.get(i) instanceof Leaf leaf && isBounded(leaf)) leaves[i] = leaf;
    }
  }

  private static boolean isBounded(Leaf leaf) {
    return switch (leaf.kind()) {
      case INTEGER, LONG, INSTANT -> true;
      case TEXT -> WORDS.contains(leaf.name());
      case BOOLEAN, DECIMAL -> false;
    };
  }

  void see(Object[] values) {
    for (int i = 0; i < leaves.length; i++) {
      if (leaves[i] == null || values[i] == null) continue;
      if (values[i] instanceof String text && text.length() > LONGEST) {
        unbound(i);
        continue;
      }
      if (least[i] == null || compare(values[i], least[i]) < 0) least[i] = values[i];
      if (greatest[i] == null || compare(values[i], greatest[i]) > 0) greatest[i] = values[i];
    }
  }

  private void unbound(int column) {
    leaves[column] = null;
    least[column] = null;
    greatest[column] = null;
  }

  /** Text by its UTF-8 bytes, as Parquet and Delta do. */
  private static int compare(Object a, Object b) {
    if (!(a instanceof String text)) return Long.compare(((Number) a).longValue(), ((Number) b).longValue());
    return Arrays.compareUnsigned(text.getBytes(StandardCharsets.UTF_8), ((String) b).getBytes(StandardCharsets.UTF_8));
  }

  Map<String, JsonNode> least() {
    return named(least, 0);
  }

  Map<String, JsonNode> greatest() {
    return named(greatest, 999);
  }

  private Map<String, JsonNode> named(Object[] values, long micros) {
    Map<String, JsonNode> named = new LinkedHashMap<>();
    for (int i = 0; i < leaves.length; i++) {
      if (values[i] != null) named.put(leaves[i].name(), node(leaves[i].kind(), values[i], micros));
    }
    return named;
  }

  private static JsonNode node(Kind kind, Object value, long micros) {
    if (value instanceof String text) return TextNode.valueOf(text);
    long number = ((Number) value).longValue();
    return kind == Kind.INSTANT
        ? TextNode.valueOf(MILLIS.format(Instant.EPOCH.plus(number + micros, ChronoUnit.MICROS)))
        : LongNode.valueOf(number);
  }
}

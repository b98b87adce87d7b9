package io.caregrid.platform;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;

/** A table for a person: columns aligned, numbers to the right, long texts cut. */
final class AlignedRows {
  private static final int WIDEST = 60;

  private AlignedRows() {}

  /** @param answer as {@code POST /analytics/sql} gives it in JSON */
  static void print(JsonNode answer, PrintWriter out) {
    JsonNode columns = answer.path("columns");
    int[] widths = new int[columns.size()];
    boolean[] right = new boolean[columns.size()];
    for (int i = 0; i < widths.length; i++) {
      widths[i] = length(cell(columns.get(i).path("name")));
      right[i] = columns.get(i)
          .path("type")
          .asText()
          .matches("U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DOUBLE|FLOAT|DECIMAL.*");
      for (JsonNode row : answer.path("rows")) widths[i] = Math.max(widths[i], length(cell(row.get(i))));
    }
    StringBuilder head = new StringBuilder();
    StringBuilder rule = new StringBuilder();
    for (int i = 0; i < widths.length; i++) {
      add(head, i, cell(columns.get(i).path("name")), widths[i], right[i]);
      add(rule, i, "-".repeat(widths[i]), widths[i], false);
    }
    out.println(head.toString().stripTrailing());
    out.println(rule.toString().stripTrailing());
    for (JsonNode row : answer.path("rows")) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < widths.length; i++) add(line, i, cell(row.get(i)), widths[i], right[i]);
      out.println(line.toString().stripTrailing());
    }
    int count = answer.path("count").asInt();
    out.println("(" + count + (count == 1 ? " row" : " rows")
        + (answer.path("more").asBoolean() ? ", there are more: --rows N, or --format csv" : "") + ")");
  }

  private static void add(StringBuilder line, int column, String text, int width, boolean right) {
    if (column > 0) line.append("  ");
    String space = " ".repeat(width - length(text));
    line.append(right ? space + text : text + space);
  }

  private static int length(String text) {
    return text.codePointCount(0, text.length());
  }

  private static String cell(JsonNode value) {
    if (value.isNull()) return "";
    String text = value.isBigDecimal()
        ? value.decimalValue().toPlainString()
        : Terminal.printable(value.isValueNode() ? value.asText() : value.toString());
    if (length(text) <= WIDEST) return text;
    return text.substring(0, text.offsetByCodePoints(0, WIDEST - 1)) + "…";
  }
}

package io.caregrid.analytics.views;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.contract.Failure;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;

/** The forms in which rows leave. Nothing of a row is kept after it was written. */
enum Format {
  JSON("application/json") {
    @Override
    void begin(List<Column> columns, boolean header, OutputStream out) throws IOException {
      out.write('[');
    }

    @Override
    void row(List<Column> columns, JsonNode[] row, boolean first, OutputStream out) throws IOException {
      if (!first) out.write(',');
      out.write('\n');
      object(columns, row, out);
    }

    @Override
    void end(OutputStream out) throws IOException {
      write("\n]\n", out);
    }
  },

  NDJSON("application/x-ndjson") {
    @Override
    void row(List<Column> columns, JsonNode[] row, boolean first, OutputStream out) throws IOException {
      object(columns, row, out);
      out.write('\n');
    }
  },

  /** RFC 4180. An empty cell is null, {@code ""} the empty string; an array or an object is its JSON. */
  CSV("text/csv") {
    @Override
    void begin(List<Column> columns, boolean header, OutputStream out) throws IOException {
      if (header) write(String.join(",", columns.stream().map(Column::name).toList()) + "\r\n", out);
    }

    @Override
    void row(List<Column> columns, JsonNode[] row, boolean first, OutputStream out) throws IOException {
      for (int i = 0; i < row.length; i++) {
        if (i > 0) out.write(',');
        write(cell(row[i]), out);
      }
      write("\r\n", out);
    }
  };

  /** Without the charset. */
  final String type;

  Format(String type) {
    this.type = type;
  }

  void begin(List<Column> columns, boolean header, OutputStream out) throws IOException {}

  abstract void row(List<Column> columns, JsonNode[] row, boolean first, OutputStream out) throws IOException;

  void end(OutputStream out) throws IOException {}

  /**
   * {@code _format} wins over Accept; ndjson when neither says anything.
   *
   * @throws Failure Invalid 400 for a _format, NotAcceptable 406 for an Accept that names none of these
   */
  static Format of(String format, String accept) {
    if (format != null) return asked(format.strip().toLowerCase(Locale.ROOT));
    if (accept == null || accept.isBlank()) return NDJSON;
    for (String range : accept.toLowerCase(Locale.ROOT).split(",")) {
      String[] words = range.strip().split("\\s*;\\s*");
      boolean refused = List.of(words).stream().anyMatch(word -> word.matches("q=0(\\.0*)?"));
      Format found = refused ? null : accepted(words[0]);
      if (found != null) return found;
    }
    throw new Failure.NotAcceptable("rows leave as application/x-ndjson, application/json or text/csv");
  }

  private static Format asked(String format) {
    for (Format one : values()) {
      if (format.equals(one.name().toLowerCase(Locale.ROOT)) || format.split(";", 2)[0].strip().equals(one.type))
        return one;
    }
    throw new Failure.Invalid("_format is json, ndjson or csv", "_format");
  }

  private static Format accepted(String range) {
    return switch (range) {
      case "application/json", "application/fhir+json" -> JSON;
      case "text/csv", "text/*" -> CSV;
      case "application/x-ndjson", "application/ndjson", "application/fhir+ndjson", "application/*", "*/*", "*" ->
        NDJSON;
      default -> null;
    };
  }

  private static void object(List<Column> columns, JsonNode[] row, OutputStream out) throws IOException {
    for (int i = 0; i < row.length; i++) {
      write((i == 0 ? "{\"" : ",\"") + columns.get(i).name() + "\":", out);
      write(text(row[i]), out);
    }
    out.write('}');
  }

  /** JSON that never writes a number with an exponent where its digits are few. */
  private static String text(JsonNode value) {
    return value.isBigDecimal() ? number(value) : value.toString();
  }

  private static String number(JsonNode value) {
    boolean plain = Math.abs(value.decimalValue().scale()) < 100;
    return plain ? value.decimalValue().toPlainString() : value.decimalValue().toString();
  }

  private static String cell(JsonNode value) {
    if (value.isNull()) return "";
    if (!value.isTextual() && !value.isContainerNode()) return text(value);
    String text = value.isTextual() ? value.asText() : value.toString();
    boolean plain = !text.isEmpty()
        && text.chars().noneMatch(one -> one == '"' || one == ',' || one == '\n' || one == '\r')
        && text.strip().length() == text.length();
    return plain ? text : '"' + text.replace("\"", "\"\"") + '"';
  }

  private static void write(String text, OutputStream out) throws IOException {
    out.write(text.getBytes(StandardCharsets.UTF_8));
  }
}

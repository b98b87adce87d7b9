package io.caregrid.analytics.sql;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.caregrid.contract.Failure;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.time.Instant;

/** Rows as JSON or CSV, one after the other, none of them kept. */
final class Results {
  /** Rows between two looks at whether somebody stopped the query. */
  private static final int STRIDE = 256;
  /** What a spreadsheet takes for the beginning of a formula. */
  private static final String FORMULA = "=+-@\t\r";
  private static final JsonFactory JSON = new JsonFactory();

  private final ResultSet rows;
  private final ResultSetMetaData about;
  private final Running running;
  private final int columns;
  private int count;

  private Results(ResultSet rows, ResultSetMetaData about, Running running) throws SQLException {
    this.rows = rows;
    this.about = about;
    this.running = running;
    columns = about.getColumnCount();
  }

  /**
   * @param about names and types as the query has them
   * @param most  rows that this node gives at all
   */
  static void write(ResultSet rows, ResultSetMetaData about, Query query, int most, Answer answer, Running running)
      throws SQLException, IOException {
    Results results = new Results(rows, about, running);
    try (OutputStream out = answer.out()) {
      if (query.form() == Form.CSV) results.csv(query, most, answer, out);
      else results.json(query, most, answer, out);
    }
  }

  private boolean next(Query query, int most, Answer answer) throws SQLException {
    if (count % STRIDE == 0) running.check();
    if (!rows.next()) return false;
    if (query.rows() > 0 && count == query.rows()) {
      answer.cut();
      return false;
    }
    if (count == most)
      throw new Failure.TooCostly("the answer has more than " + most
          + " rows (lake.sql.rows): add a LIMIT, add them up, or ask for Parquet");
    count++;
    return true;
  }

  private void json(Query query, int most, Answer answer, OutputStream out) throws SQLException, IOException {
    try (JsonGenerator json = JSON.createGenerator(out)) {
      Instant asOf = answer.asOf;
      json.writeStartObject();
      json.writeStringField("asOf", asOf == null ? null : Cells.instant(asOf));
      json.writeArrayFieldStart("columns");
      for (int i = 1; i <= columns; i++) {
        json.writeStartObject();
        json.writeStringField("name", about.getColumnName(i));
        json.writeStringField("type", about.getColumnTypeName(i));
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeArrayFieldStart("rows");
      while (next(query, most, answer)) {
        json.writeStartArray();
        for (int i = 1; i <= columns; i++) Cells.write(rows.getObject(i), json);
        json.writeEndArray();
      }
      json.writeEndArray();
      json.writeNumberField("count", count);
      json.writeBooleanField("more", answer.hasMore());
      json.writeEndObject();
    }
  }

  private void csv(Query query, int most, Answer answer, OutputStream out) throws SQLException, IOException {
    try (Writer csv = new BufferedWriter(new OutputStreamWriter(out, StandardCharsets.UTF_8))) {
      if (query.spreadsheet()) csv.write('\uFEFF');
      for (int i = 1; i <= columns; i++) field(csv, i, about.getColumnName(i), query.spreadsheet());
      while (next(query, most, answer))
        for (int i = 1; i <= columns; i++) {
          Object value = rows.getObject(i);
          boolean mayRun = query.spreadsheet() && !(value instanceof Number);
          field(csv, i, Cells.text(value), mayRun);
        }
    }
  }

  /** NULL is an empty field, an empty text is {@code ""}: whoever wants to can tell them apart. */
  private void field(Writer csv, int column, String text, boolean mayRun) throws IOException {
    if (text != null) csv.write(quoted(mayRun ? disarmed(text) : text));
    csv.write(column == columns ? "\r\n" : ",");
  }

  private static String disarmed(String text) {
    return !text.isEmpty() && FORMULA.indexOf(text.charAt(0)) >= 0 ? "'" + text : text;
  }

  private static String quoted(String text) {
    boolean plain = !text.isEmpty()
        && text.chars().noneMatch(one -> one == '"' || one == ',' || one == '\n' || one == '\r');
    return plain ? text : '"' + text.replace("\"", "\"\"") + '"';
  }
}

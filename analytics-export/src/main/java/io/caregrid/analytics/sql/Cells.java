package io.caregrid.analytics.sql;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import java.io.IOException;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.sql.Array;
import java.sql.Blob;
import java.sql.SQLException;
import java.sql.Struct;
import java.sql.Timestamp;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.duckdb.DuckDBStruct;
import org.duckdb.JsonNode;

/**
 * One value of DuckDB as JSON or as text. Numbers keep every digit; a decimal with 18 places, as the lake has them, is told without zeros at its end.
 * Moments are ISO 8601 in UTC with {@code Z}, those without a zone have none. Binary is base64. In a structure what is null is left out, as in FHIR.
 */
final class Cells {
  /** The lake's {@code decimal(38,18)} holds any number of FHIR's: its scale says nothing about the value. */
  private static final int LAKE_SCALE = 18;
  private static final JsonFactory JSON = new JsonFactory();

  private Cells() {}

  /** As it stands in a CSV field or a line of text; null for NULL. */
  static String text(Object value) throws IOException, SQLException {
    if (value == null) return null;
    String plain = plain(value);
    if (plain != null) return plain;
    if (value instanceof JsonNode json) return json.toString();
    StringWriter text = new StringWriter();
    try (JsonGenerator out = JSON.createGenerator(text)) {
      write(value, out);
    }
    return text.toString();
  }

  static void write(Object value, JsonGenerator out) throws IOException, SQLException {
    if (value == null) out.writeNull();
    else if (value instanceof String text) out.writeString(text);
    else if (value instanceof Boolean truth) out.writeBoolean(truth);
    else if (value instanceof Number number) number(number, out);
    else if (value instanceof JsonNode json) raw(json.toString(), out);
    else if (value instanceof Struct struct) structure(struct, out);
    else if (value instanceof Array array) array((Object[]) array.getArray(), out);
    else if (value instanceof Map<?, ?> map) map(map, out);
    else out.writeString(Objects.requireNonNullElseGet(plain(value), value::toString));
  }

  /** Null when the value has parts. */
  private static String plain(Object value) throws SQLException {
    if (value instanceof BigDecimal decimal) return decimal(decimal);
    if (value instanceof OffsetDateTime moment) return instant(moment.toInstant());
    if (value instanceof Timestamp local) return local(local.toLocalDateTime());
    if (value instanceof LocalDateTime local) return local(local);
    if (value instanceof LocalTime time) return DateTimeFormatter.ISO_LOCAL_TIME.format(time);
    if (value instanceof Blob blob) return base64(blob.getBytes(1, (int) blob.length()));
    if (value instanceof byte[] bytes) return base64(bytes);
    boolean hasParts = value instanceof Struct || value instanceof Array || value instanceof Map
        || value instanceof JsonNode;
    return hasParts ? null : value.toString();
  }

  private static String decimal(BigDecimal decimal) {
    if (decimal.scale() != LAKE_SCALE) return decimal.toPlainString();
    return decimal.signum() == 0 ? "0" : decimal.stripTrailingZeros().toPlainString();
  }

  static String instant(Instant moment) {
    return DateTimeFormatter.ISO_INSTANT.format(moment);
  }

  private static String local(LocalDateTime local) {
    String text = DateTimeFormatter.ISO_LOCAL_DATE_TIME.format(local);
    return local.atOffset(ZoneOffset.UTC).getSecond() == 0 && text.length() == 16 ? text + ":00" : text;
  }

  private static String base64(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }

  private static void number(Number number, JsonGenerator out) throws IOException {
    double size = number.doubleValue();
    boolean floating = number instanceof Double || number instanceof Float;
    if (floating && !Double.isFinite(size)) out.writeString(number.toString());
    else if (number instanceof BigDecimal decimal) out.writeNumber(decimal(decimal));
    else if (number instanceof BigInteger whole) out.writeNumber(whole);
    else if (number instanceof Float) out.writeNumber(number.floatValue());
    else if (floating) out.writeNumber(size);
    else out.writeNumber(number.longValue());
  }

  /** JSON of DuckDB's own type as it is, when it is some. */
  private static void raw(String json, JsonGenerator out) throws IOException {
    try (JsonParser check = JSON.createParser(json)) {
      int depth = 0;
      int roots = 0;
      while (check.nextToken() != null) {
        if (check.currentToken().isStructEnd()) depth--;
        else if (depth == 0) roots++;
        if (check.currentToken().isStructStart()) depth++;
      }
      if (roots != 1) throw new IOException("not one value");
    } catch (IOException broken) {
      out.writeString(json);
      return;
    }
    out.writeRawValue(json);
  }

  private static void structure(Struct struct, JsonGenerator out) throws IOException, SQLException {
    if (!(struct instanceof DuckDBStruct named)) throw new IllegalStateException("a structure that is not DuckDB's");
    out.writeStartObject();
    for (Map.Entry<String, Object> field : named.getMap().entrySet()) {
      if (field.getValue() == null) continue;
      out.writeFieldName(field.getKey());
      write(field.getValue(), out);
    }
    out.writeEndObject();
  }

  private static void array(Object[] values, JsonGenerator out) throws IOException, SQLException {
    out.writeStartArray();
    for (Object value : values) write(value, out);
    out.writeEndArray();
  }

  private static void map(Map<?, ?> map, JsonGenerator out) throws IOException, SQLException {
    Map<String, Object> byText = new LinkedHashMap<>();
    for (Map.Entry<?, ?> entry : map.entrySet()) byText.put(text(entry.getKey()), entry.getValue());
    out.writeStartObject();
    for (Map.Entry<String, Object> entry : byText.entrySet()) {
      out.writeFieldName(entry.getKey());
      write(entry.getValue(), out);
    }
    out.writeEndObject();
  }
}

package io.caregrid.analytics.sql;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.caregrid.contract.Failure;
import io.caregrid.contract.JsonBody;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.MIMEHeader;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The body of {@code POST /analytics/sql}: {@code {"sql", "format": "json|csv|parquet", "rows", "spreadsheet"}}, of which only {@code sql} has to be there.
 * Without {@code format} the Accept header decides, and without that it is JSON.
 */
final class QueryBody {
  /** Bytes: the longest query in characters of four bytes, and room. */
  private static final int MOST = 4 * SqlGate.LONGEST + 1000;
  private static final ObjectMapper JSON = JsonMapper.builder()
      .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
      .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
      .build();
  private static final Set<String> KNOWN = new TreeSet<>(Set.of("sql", "format", "rows", "spreadsheet"));

  private QueryBody() {}

  /** Fails with UnsupportedMedia 415, TooLarge 413, Invalid 400 or NotAcceptable 406. */
  static Future<Query> read(RoutingContext routing) {
    HttpServerRequest request = routing.request();
    String type = request.getHeader(HttpHeaders.CONTENT_TYPE);
    String media = type == null ? "" : type.split(";", 2)[0].trim().toLowerCase(Locale.ROOT);
    if (!media.equals("application/json"))
      return Future.failedFuture(new Failure.UnsupportedMedia("this address reads Content-Type application/json: "
          + "{\"sql\": \"SELECT …\"}"));
    if (request.getHeader(HttpHeaders.CONTENT_ENCODING) != null)
      return Future.failedFuture(new Failure.UnsupportedMedia("this address reads no Content-Encoding"));
    return whole(request).map(body -> of(body, routing));
  }

  private static Future<Buffer> whole(HttpServerRequest request) {
    Promise<Buffer> whole = Promise.promise();
    Buffer body = Buffer.buffer();
    request.handler(part -> {
      if (body.length() + part.length() <= MOST) body.appendBuffer(part);
      else whole.tryFail(new Failure.TooLarge("the body is larger than " + MOST + " bytes"));
    });
    request.exceptionHandler(whole::tryFail);
    request.endHandler(end -> whole.tryComplete(body));
    request.resume();
    return whole.future();
  }

  private static Query of(Buffer body, RoutingContext routing) {
    JsonNode asked = object(body);
    String sql = text(asked, "sql");
    if (sql == null || sql.isBlank()) throw new Failure.Invalid("sql is missing: {\"sql\": \"SELECT …\"}");
    String format = text(asked, "format");
    Form form = format == null
        ? accepted(routing)
        : Form.of(format).orElseThrow(() -> new Failure.Invalid("format is json, csv or parquet"));
    JsonNode rows = asked.path("rows");
    if (!rows.isMissingNode() && (!rows.canConvertToInt() || !rows.isIntegralNumber() || rows.asInt() < 1))
      throw new Failure.Invalid("rows is a whole number from 1");
    JsonNode spreadsheet = asked.path("spreadsheet");
    if (!spreadsheet.isMissingNode() && !spreadsheet.isBoolean())
      throw new Failure.Invalid("spreadsheet is true or false");
    return new Query(sql, form, rows.asInt(0), spreadsheet.asBoolean(false));
  }

  private static JsonNode object(Buffer body) {
    JsonNode tree;
    try {
      tree = JSON.readTree(body.getBytes());
    } catch (JsonProcessingException broken) {
      throw JsonBody.unreadable(broken);
    } catch (IOException impossible) {
      throw new IllegalStateException(impossible);
    }
    if (!tree.isObject()) throw new Failure.Invalid("the body is not a JSON object: {\"sql\": \"SELECT …\"}");
    for (Map.Entry<String, JsonNode> field : tree.properties())
      if (!KNOWN.contains(field.getKey()))
        throw new Failure.Invalid("the body has a field that is not one of " + String.join(", ", KNOWN));
    return tree;
  }

  private static String text(JsonNode asked, String name) {
    JsonNode value = asked.path(name);
    if (value.isMissingNode()) return null;
    if (!value.isTextual()) throw new Failure.Invalid(name + " is a text");
    return value.asText();
  }

  private static Form accepted(RoutingContext routing) {
    List<MIMEHeader> wanted = routing.parsedHeaders().accept();
    if (wanted.isEmpty()) return Form.JSON;
    for (MIMEHeader one : wanted) {
      if (one.weight() <= 0) continue;
      for (Form form : Form.values()) {
        String[] parts = form.type.split("/");
        boolean matches = (one.component().equals("*") || one.component().equalsIgnoreCase(parts[0]))
            && (one.subComponent().equals("*") || one.subComponent().equalsIgnoreCase(parts[1]));
        if (matches) return form;
      }
    }
    throw new Failure.NotAcceptable("answers are application/json, text/csv or application/vnd.apache.parquet");
  }
}

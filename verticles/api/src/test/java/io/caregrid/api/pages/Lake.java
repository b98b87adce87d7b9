package io.caregrid.api.pages;

import static io.caregrid.contract.Gate.needs;

import io.caregrid.contract.Access;
import io.caregrid.contract.Failure;
import io.caregrid.contract.Routes;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Answers as a node's {@code /analytics} does, with rows that are known; what it was asked is remembered. */
final class Lake implements Routes {
  static final String HOSTILE = "<img src=x onerror=window.broken=1>";
  private static final Instant START = Instant.parse("2026-11-21T20:00:00Z");
  final List<JsonObject> asked = new CopyOnWriteArrayList<>();
  volatile boolean hold;
  volatile boolean closed;

  @Override
  public void mount(Router router) {
    needs(Access.OPEN, router.get("/analytics/tables")).handler(this::tables);
    needs(Access.OPEN, router.post("/analytics/sql")).handler(this::query);
  }

  private void tables(RoutingContext routing) {
    String name = "STRUCT(\"use\" VARCHAR, family VARCHAR, given VARCHAR[], period STRUCT(\"start\" VARCHAR, \"end\" VARCHAR))[]";
    JsonArray tables = new JsonArray().add(table("Group", "Each Group once, as it is now", "id", "VARCHAR"))
        .add(table("Patient", "Each Patient once, as it is now", "id", "VARCHAR", "name", name, "birthDate", "VARCHAR"))
        .add(table("vitals", "The samples of Observations, one row each", "patient", "VARCHAR", "type", "VARCHAR",
            "time",
            "TIMESTAMP WITH TIME ZONE", "value", "DECIMAL(38,18)"));
    routing.json(new JsonObject().put("asOf", START.toString()).put("tables", tables));
  }

  private static JsonObject table(String name, String about, String... columns) {
    return new JsonObject().put("name", name).put("about", about).put("columns", columns(columns));
  }

  private static JsonArray columns(String... namesAndTypes) {
    JsonArray columns = new JsonArray();
    for (int i = 0; i < namesAndTypes.length; i += 2)
      columns.add(new JsonObject().put("name", namesAndTypes[i]).put("type", namesAndTypes[i + 1]));
    return columns;
  }

  private void query(RoutingContext routing) {
    routing.request().body().onSuccess(body -> {
      JsonObject query = body.toJsonObject();
      asked.add(query);
      String sql = query.getString("sql");
      if (hold) routing.response().closeHandler(gone -> closed = true);
      else
        if (sql.contains("getenv"))
          routing.fail(new Failure.Invalid("line 2, column 3: there is no function getenv here"));
      else
          if (!query.getString("format").equals("json")) routing.end(Buffer.buffer("a\r\n1\r\n"));
      else routing.response().putHeader("Content-Type", "application/json").end(answer(sql));
    }).onFailure(routing::fail);
  }

  private static String answer(String sql) {
    if (sql.contains("hostile"))
      return whole(columns("name", "VARCHAR", HOSTILE, "INTEGER"), List.of(new JsonArray().add(HOSTILE).add(1)), false);
    if (sql.contains("exact"))
      return whole(columns("n", "DECIMAL(38,18)", "nested", "STRUCT(a INTEGER)", "none", "INTEGER"),
          List.of(new JsonArray().add("N").add(new JsonObject().put("a", 1)).addNull()), false)
          .replace("\"N\"", "12345678901234567.123456789");
    if (sql.contains("words"))
      return whole(columns("type", "VARCHAR", "samples", "BIGINT"),
          List.of(new JsonArray().add("heartrate").add(3600), new JsonArray().add("spo2").add(1800)), false);
    List<JsonArray> rows = new ArrayList<>();
    for (int minute = 0; minute < 500; minute++)
      for (String what : List.of("systolic", "diastolic"))
        rows.add(new JsonArray().add(START.plusSeconds(minute * 60L).toString())
            .add(what)
            .add((what.equals("systolic") ? 120 : 75) + Math.round(10 * Math.sin(minute / 30.0))));
    return whole(columns("quarter", "TIMESTAMP WITH TIME ZONE", "pressure", "VARCHAR", "mmHg", "DOUBLE"), rows, true);
  }

  private static String whole(JsonArray columns, List<JsonArray> rows, boolean more) {
    return new JsonObject().put("asOf", START.toString())
        .put("columns", columns)
        .put("rows", new JsonArray(rows))
        .put("count", rows.size())
        .put("more", more)
        .encode();
  }
}

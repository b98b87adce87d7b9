package io.caregrid.analytics.sql;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.caregrid.cluster.NearMisses;
import io.caregrid.contract.Failure;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Decides what may run: one query that reads the lake's views and nothing else.
 *
 * <p>DuckDB parses the text, by the parser that will run it, and gives the tree as JSON; everything in the tree has to be known here by name: kinds of
 * query, of table, of expression, and each function ({@link Functions}). What is not named is refused, so that a statement, a function or a file format
 * that DuckDB learns later stays out until somebody has looked at it. A table has to be one of the views, or a {@code WITH} that is in sight where it is
 * named. Blocking; any thread with a deep stack ({@link QueryThreads}).
 */
final class SqlGate implements AutoCloseable {
  /** Characters. Parsing time grows with the square of some texts, and nothing can interrupt it. */
  static final int LONGEST = 50_000;
  private static final int MOST_TABLES = 200;
  private static final Set<String> PARTS = Set.of(
      "SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE",
      "BASE_TABLE", "SUBQUERY", "JOIN", "TABLE_FUNCTION", "EXPRESSION_LIST", "EMPTY", "PIVOT", "SHOW_REF",
      "ORDER_MODIFIER", "LIMIT_MODIFIER", "LIMIT_PERCENT_MODIFIER", "DISTINCT_MODIFIER",
      "ORDER_DEFAULT", "ASCENDING", "DESCENDING");
  private static final Set<String> EXPRESSIONS = Set.of("COLUMN_REF", "CONSTANT", "FUNCTION", "WINDOW", "CASE", "CAST",
      "COMPARISON", "CONJUNCTION", "OPERATOR", "SUBQUERY", "STAR", "BETWEEN", "COLLATE", "LAMBDA", "LAMBDA_REF",
      "POSITIONAL_REFERENCE", "TYPE");
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Connection parser;

  SqlGate() throws SQLException {
    parser = DriverManager.getConnection("jdbc:duckdb:");
    try (Statement set = parser.createStatement()) {
      set.execute("SET enable_external_access = false");
      set.execute("SET memory_limit = '128MB'");
      set.execute("SET threads = 1");
      set.execute("SET lock_configuration = true");
    }
  }

  /**
   * @param views names that may be read
   * @return those of them that the query reads
   * @throws Failure.Invalid 400 with the place and the reason, when it may not run or cannot be read
   */
  Set<String> check(String sql, Collection<String> views) throws SQLException {
    if (sql.length() > LONGEST)
      throw new Failure.Invalid("the query has " + sql.length() + " characters; at most " + LONGEST + " are read");
    Brackets.check(sql);
    return new Reading(new Place(sql), views).of(parsed(sql));
  }

  private JsonNode parsed(String sql) throws SQLException {
    Place place = new Place(sql);
    JsonNode tree;
    try {
      tree = JSON.readTree(serialized(sql));
    } catch (JsonProcessingException deep) {
      throw new Failure.Invalid("the query is nested too deeply: take it apart by WITH");
    }
    if (tree.path("error").asBoolean(true)) throw place.failure(tree.path("position").asLong(-1), reason(tree, sql));
    JsonNode statements = tree.path("statements");
    if (statements.isEmpty()) throw new Failure.Invalid("there is no query in it: only space or comments");
    if (statements.size() > 1)
      throw new Failure.Invalid("these are " + statements.size() + " statements; one at a time is answered");
    return statements.get(0);
  }

  private static String reason(JsonNode error, String sql) {
    String said = error.path("error_message").asText();
    if (!said.contains("Only SELECT")) return said;
    boolean pivot = sql.toLowerCase(Locale.ROOT).contains("pivot");
    return "nothing but a query can run here: one that begins with SELECT, WITH, FROM, VALUES, DESCRIBE or SUMMARIZE"
        + (pivot ? ". PIVOT has to name its values: ON column IN ('a', 'b')" : "");
  }

  private synchronized String serialized(String sql) throws SQLException {
    try (PreparedStatement statement = parser.prepareStatement("SELECT json_serialize_sql(?::VARCHAR)")) {
      statement.setString(1, sql);
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        return row.getString(1);
      }
    }
  }

  @Override
  public synchronized void close() throws SQLException {
    parser.close();
  }

  /** One tree, read from the top; what is refused first is told. */
  private static final class Reading {
    private final Place place;
    private final Map<String, String> views = new HashMap<>();
    private final Set<String> named = new TreeSet<>();
    private int tables;

    Reading(Place place, Collection<String> views) {
      this.place = place;
      views.forEach(view -> this.views.put(key(view), view));
    }

    Set<String> of(JsonNode statement) {
      read(statement, Set.of(), -1);
      return named;
    }

    /** @param ctes keys of what WITH has named so far, @param above the nearest place known */
    private void read(JsonNode node, Set<String> ctes, long above) {
      if (node.isArray()) node.forEach(one -> read(one, ctes, above));
      if (!node.isObject()) return;
      long at = node.path("query_location").canConvertToInt() ? node.path("query_location").asLong(above) : above;
      if (node.has("class")) expression(node, at);
      else if (node.path("type").isTextual()) part(node, ctes, at);
      Set<String> inside = node.has("cte_map") ? with(node.path("cte_map").path("map"), ctes, at) : ctes;
      Set<String> below = node.path("type").asText().equals("RECURSIVE_CTE_NODE")
          ? plus(inside, node.path("cte_name").asText())
          : inside;
      node.properties().forEach(field -> {
        if (field.getKey().equals("cte_map")) return;
        boolean called = field.getKey().equals("function") && node.path("type").asText().equals("TABLE_FUNCTION");
        if (called) field.getValue().forEach(part -> read(part, below, at));
        else read(field.getValue(), below, at);
      });
    }

    /** Each WITH sees those before it; only a recursive one sees itself. */
    private Set<String> with(JsonNode entries, Set<String> outer, long at) {
      Set<String> seen = outer;
      for (JsonNode entry : entries) {
        read(entry.path("value"), seen, at);
        seen = plus(seen, entry.path("key").asText());
      }
      return seen;
    }

    private void part(JsonNode node, Set<String> ctes, long at) {
      String type = node.path("type").asText();
      if (!PARTS.contains(type)) throw place.failure(at, "this may only read: " + words(type) + " is not possible");
      switch (type) {
        case "BASE_TABLE" -> table(node, ctes, at);
        case "TABLE_FUNCTION" -> tableFunction(node.path("function"), at);
        case "SHOW_REF" -> show(node, at);
        default -> {}
      }
    }

    private void expression(JsonNode node, long at) {
      String kind = node.path("class").asText();
      if (kind.equals("PARAMETER"))
        throw place.failure(at, "a parameter has no value here: write the value into the query");
      if (!EXPRESSIONS.contains(kind)) throw place.failure(at, words(kind) + " is not possible here");
      if (!kind.equals("FUNCTION") && !kind.equals("WINDOW")) return;
      String name = unqualified(node, "function", at);
      if (!Functions.isAllowed(name))
        throw place.failure(at, "there is no function " + name + " here" + Functions.meant(name));
      Growth.refusal(name, node.path("arguments"))
          .ifPresent(why -> {
            throw place.failure(at, why);
          });
    }

    private void tableFunction(JsonNode function, long at) {
      String name = unqualified(function, "function", at);
      if (Functions.isAllowedAsTable(name)) return;
      throw place.failure(at, "table function " + name + " is not allowed here; allowed: " + Functions.tables());
    }

    private void table(JsonNode node, Set<String> ctes, long at) {
      if (++tables > MOST_TABLES)
        throw place.failure(at, "the query reads tables in more than " + MOST_TABLES + " places");
      String name = unqualified(node, "table", at);
      if (ctes.contains(key(name))) return;
      String view = views.get(key(name));
      if (view == null) throw place.failure(at, "there is no table " + name + meant(name));
      named.add(view);
    }

    private void show(JsonNode node, long at) {
      boolean ofQuery = node.path("query").isObject() && node.path("table_name").asText().isEmpty();
      if (ofQuery && Set.of("DESCRIBE", "SUMMARY").contains(node.path("show_type").asText())) return;
      throw place.failure(at,
          "SHOW is not possible here: GET /analytics/tables lists the tables, and DESCRIBE name one's "
              + "columns");
    }

    private String unqualified(JsonNode node, String what, long at) {
      JsonNode path = node.path("qualified_name").path("path");
      if (path.size() != 1 || !path.get(0).asText().equals(node.path(what + "_name").asText()))
        throw place.failure(at, "a " + what + " is named without catalog and schema here");
      return path.get(0).asText();
    }

    private String meant(String name) {
      if (views.isEmpty()) return ": the lake is empty so far";
      List<String> near = NearMisses.of(name, new TreeSet<>(views.values()));
      return near.isEmpty()
          ? "; GET /analytics/tables lists them"
          : ". Did you mean " + String.join(" or ", near) + "?";
    }

    private static Set<String> plus(Set<String> names, String one) {
      Set<String> more = new HashSet<>(names);
      more.add(key(one));
      return more;
    }

    private static String words(String type) {
      return type.replace("_QUERY_NODE", "").replace("_NODE", "").replace('_', ' ');
    }
  }

  /** Names are blind to case, as DuckDB's are. */
  private static String key(String name) {
    return name.toLowerCase(Locale.ROOT);
  }
}

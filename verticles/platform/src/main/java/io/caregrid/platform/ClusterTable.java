package io.caregrid.platform;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/** A cluster's report as {@code GET /cluster} gives it, as two tables for a person: who is there, and the shards. */
final class ClusterTable {
  private static final List<String> MEMBERS = List.of("member", "address", "up", "shards", "roles", "verticles");
  private static final List<String> SHARDS = List.of("shard", "owner", "state", "position", "lag", "backlog", "error");

  private ClusterTable() {}

  static String text(JsonNode report) {
    StringWriter text = new StringWriter();
    print(report, new PrintWriter(text, true));
    return text.toString();
  }

  static void print(JsonNode report, PrintWriter out) {
    if (report.has("problem")) {
      out.println(Terminal.printable(report.path("problem").asText()));
      return;
    }
    out.println(headline(report));
    out.println();
    print(MEMBERS, rows(report.path("members"), ClusterTable::member), out);
    out.println();
    print(SHARDS, rows(report.path("shards"), ClusterTable::shard), out);
  }

  /** What somebody wants to know first: is anything not as it should be, and how far behind is it. */
  private static String headline(JsonNode report) {
    int running = 0;
    long lag = 0;
    long backlog = 0;
    for (JsonNode shard : report.path("shards")) {
      if (shard.path("state").asText().equals("running")) running++;
      lag += shard.path("lag").asLong();
      backlog += shard.path("backlog").asLong();
    }
    int shards = report.path("shards").size();
    return "cluster " + Terminal.printable(report.path("cluster").asText()) + ": " + report.path("members").size()
        + " members, " + running + " of " + shards + " shards running, lag " + lag + ", backlog " + backlog;
  }

  private static List<String> member(JsonNode one) {
    String verticles = StreamSupport
        .stream(((Iterable<String>) () -> one.path("verticles").fieldNames()).spliterator(), false)
        .map(name -> count(name, one.path("verticles").path(name).asInt()))
        .collect(Collectors.joining(" "));
    String roles = StreamSupport.stream(one.path("roles").spliterator(), false)
        .map(JsonNode::asText)
        .collect(Collectors.joining(" "));
    return List.of(one.path("name").asText(), one.path("address").asText(),
        one.path("answers").asBoolean() ? up(one.path("started").asText()) : "no answer", one.path("shards").asText(),
        roles,
        verticles);
  }

  private static String count(String name, int count) {
    String word = name.replaceAll("Verticle$", "");
    return count == 1 ? word : word + "×" + count;
  }

  private static String up(String started) {
    Duration up = Duration.between(Instant.parse(started), Instant.now());
    if (up.toDays() > 0) return up.toDays() + " d " + up.toHoursPart() + " h";
    if (up.toHours() > 0) return up.toHours() + " h " + up.toMinutesPart() + " m";
    return up.toMinutes() > 0 ? up.toMinutes() + " m " + up.toSecondsPart() + " s" : Math.max(0, up.toSeconds()) + " s";
  }

  private static List<String> shard(JsonNode one) {
    return SHARDS.stream()
        .map(column -> one.path(column).isMissingNode() || one.path(column).isNull() ? "" : one.path(column).asText())
        .toList();
  }

  private interface Row {
    List<String> of(JsonNode one);
  }

  private static List<List<String>> rows(JsonNode array, Row row) {
    List<List<String>> rows = new ArrayList<>();
    for (JsonNode one : array) rows.add(row.of(one).stream().map(Terminal::printable).toList());
    return rows;
  }

  private static void print(List<String> head, List<List<String>> rows, PrintWriter out) {
    int[] widths = new int[head.size()];
    for (int i = 0; i < widths.length; i++) {
      int column = i;
      widths[i] = Math.max(head.get(i).length(),
          rows.stream().mapToInt(row -> row.get(column).length()).max().orElse(0));
    }
    out.println(line(head, widths));
    rows.forEach(row -> out.println(line(row, widths)));
  }

  private static String line(List<String> cells, int[] widths) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < widths.length; i++) line.append(String.format("%-" + (widths[i] + 2) + "s", cells.get(i)));
    return line.toString().stripTrailing();
  }
}

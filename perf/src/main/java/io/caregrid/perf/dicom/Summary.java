package io.caregrid.perf.dicom;

import io.caregrid.perf.Rounds;
import io.caregrid.perf.dicom.DicomPerf.Row;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** Medians over the rounds, and how ours compares. */
record Summary(List<Cell> cells) {

  /**
   * One kind of load on one server.
   *
   * @param each           images a second, sorted: how far the rounds lie apart
   * @param timesOrthanc   median images a second by Orthanc's; null without Orthanc
   * @param timesSynced    by those of Orthanc on PostgreSQL, whose index is as durable as ours
   */
  record Cell(String kind, int associations, String server, double imagesPerSecond, List<Long> each,
      double megabytesPerSecond, double p50, double p99, double cpu, double mostForeign, Double timesOrthanc,
      Double timesSynced) {}

  private record Key(String kind, int associations, String server) {}

  static Summary of(List<Row> rows) {
    Map<Key, List<Row>> groups = new LinkedHashMap<>();
    rows.stream()
        .sorted(Comparator.comparing(Row::kind).thenComparing(Row::associations).thenComparing(Row::server))
        .forEach(row -> groups.computeIfAbsent(new Key(row.kind(), row.associations(), row.server()),
            first -> new ArrayList<>()).add(row));
    List<Cell> cells = new ArrayList<>();
    groups.forEach((key, group) -> cells
        .add(cell(key, group, rate(groups, key, Orthanc.ON_SQLITE), rate(groups, key, Orthanc.ON_POSTGRES))));
    return new Summary(cells);
  }

  private static Double rate(Map<Key, List<Row>> groups, Key key, String server) {
    List<Row> rows = groups.get(new Key(key.kind, key.associations, server));
    return rows == null ? null : median(rows, Row::imagesPerSecond);
  }

  private static Cell cell(Key key, List<Row> rows, Double orthanc, Double synced) {
    double rate = median(rows, Row::imagesPerSecond);
    return new Cell(key.kind, key.associations, key.server, rate,
        rows.stream().map(row -> Math.round(row.imagesPerSecond())).sorted().toList(),
        median(rows, Row::megabytesPerSecond), median(rows, Row::p50), median(rows, Row::p99), median(rows, Row::cpu),
        rows.stream().mapToDouble(Row::foreign).max().orElseThrow(), times(rate, orthanc), times(rate, synced));
  }

  private static Double times(double rate, Double other) {
    return other == null ? null : rate / other;
  }

  private static String shown(Double times) {
    return times == null ? "" : String.format(Locale.ROOT, "%.2f", times);
  }

  private static double median(List<Row> rows, ToDoubleFunction<Row> of) {
    return Rounds.middle(rows.stream().mapToDouble(of).boxed().toList());
  }

  String table() {
    StringBuilder table = new StringBuilder(
        "| pictures | associations | server | images/s | each round | MB/s | p50 / p99 ms | server CPU ms/image | others' CPU, most | times Orthanc | times Orthanc on PostgreSQL |\n"
            + "|---|--:|---|--:|---|--:|---|--:|--:|--:|--:|\n");
    for (Cell cell : cells)
      table.append(
          String.format(Locale.ROOT, "| %s | %d | %s | %.0f | %s | %.0f | %.2f / %.2f | %.2f | %.0f %% | %s | %s |%n",
              cell.kind, cell.associations, cell.server, cell.imagesPerSecond,
              cell.each.toString().replaceAll("[\\[\\]]", ""), cell.megabytesPerSecond, cell.p50, cell.p99, cell.cpu,
              cell.mostForeign, shown(cell.timesOrthanc), shown(cell.timesSynced)));
    return table.toString();
  }
}

package io.caregrid.perf.fhir;

import io.caregrid.perf.Rounds;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;

/** The turns of all rounds, a row for each workload and server; servers are compared with the second one, the peer, within a round. */
final class Table {
  private final List<Load.Result> turns;
  private final List<String> servers;

  Table(List<Load.Result> turns, List<String> servers) {
    this.turns = turns;
    this.servers = servers;
  }

  /** @return the rows as they are kept */
  List<Map<String, Object>> print(PrintStream to, List<Workload> workloads, int connections) {
    List<Map<String, Object>> rows = new ArrayList<>();
    to.printf("%n== %d connections%n%-20s %-10s %12s %12s %9s %9s %9s  %s%n", connections, "workload", "server",
        "/CPU-second", "/second", "p50 ms", "p99 ms", "max ms", "against the peer, /CPU-second, in the same round");
    for (Workload workload : workloads)
      for (String server : servers) {
        List<Load.Result> mine = of(workload.name(), server, connections);
        if (mine.isEmpty()) continue;
        Map<String, Object> row = row(workload, server, connections, mine);
        rows.add(row);
        line(to, row);
      }
    return rows;
  }

  private Map<String, Object> row(Workload workload, String server, int connections, List<Load.Result> mine) {
    Histogram all = new Histogram(3);
    mine.forEach(turn -> all.add(turn.nanos()));
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("workload", workload.name());
    row.put("server", server);
    row.put("connections", connections);
    row.put("unit", workload.unit());
    row.put("a CPU second, quartiles", Rounds.quartiles(mine.stream().map(Load.Result::perCpuSecond).toList()));
    row.put("a second, quartiles", Rounds.quartiles(mine.stream().map(Load.Result::perSecond).toList()));
    row.put("p50 ms", all.getValueAtPercentile(50) / 1e6);
    row.put("p99 ms", all.getValueAtPercentile(99) / 1e6);
    row.put("max ms", all.getMaxValue() / 1e6);
    row.put("requests", all.getTotalCount());
    row.put("CPU seconds of server, database and driver", cpu(mine));
    row.put("others' share of the machine, %, quartiles",
        Rounds.quartiles(mine.stream().map(Load.Result::foreign).toList()));
    List<Double> ratios = ratios(workload.name(), server, connections);
    if (!ratios.isEmpty()) row.put("ratio to the peer in the same round, quartiles", Rounds.quartiles(ratios));
    row.put("rounds", mine.size());
    return row;
  }

  private List<Load.Result> of(String workload, String server, int connections) {
    return turns.stream()
        .filter(turn -> turn.workload().equals(workload) && turn.server().equals(server)
            && turn.connections() == connections)
        .toList();
  }

  private List<Double> ratios(String workload, String server, int connections) {
    if (servers.size() < 2 || server.equals(servers.get(1))) return List.of();
    List<Double> ratios = new ArrayList<>();
    for (Load.Result turn : of(workload, server, connections))
      of(workload, servers.get(1), connections).stream()
          .filter(peer -> peer.round() == turn.round())
          .map(peer -> turn.perCpuSecond() / peer.perCpuSecond())
          .filter(ratio -> !ratio.isNaN())
          .forEach(ratios::add);
    return ratios;
  }

  private static List<Double> cpu(List<Load.Result> turns) {
    if (turns.get(0).used() == null) return List.of();
    return List.of(turns.stream().mapToDouble(turn -> turn.used().node()).sum(),
        turns.stream().mapToDouble(turn -> turn.used().database()).sum(),
        turns.stream().mapToDouble(turn -> turn.used().driver()).sum());
  }

  @SuppressWarnings("unchecked")
  private static void line(PrintStream to, Map<String, Object> row) {
    List<Double> cpu = (List<Double>) row.get("a CPU second, quartiles");
    List<Double> ratios = (List<Double>) row.getOrDefault("ratio to the peer in the same round, quartiles", List.of());
    to.printf("%-20s %-10s %12s %12.0f %9.2f %9.2f %9.1f  %s%n", row.get("workload"), row.get("server"),
        cpu.isEmpty() ? "-" : String.format("%.0f", cpu.get(1)),
        ((List<Double>) row.get("a second, quartiles")).get(1), row.get("p50 ms"), row.get("p99 ms"), row.get("max ms"),
        ratios.isEmpty() ? "" : String.format("%.1f x (%.1f to %.1f)", ratios.get(1), ratios.get(0), ratios.get(2)));
  }
}

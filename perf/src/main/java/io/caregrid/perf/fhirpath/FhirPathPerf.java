package io.caregrid.perf.fhirpath;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.caregrid.perf.Perf;
import io.caregrid.perf.Rounds;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.ToIntFunction;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** R4's search parameters on Synthea's resources: ours and HAPI's engine, one after the other in every round, on one thread. */
@Command(name = "fhirpath", mixinStandardHelpOptions = true, sortOptions = false, description = "Evaluates all of R4's search parameters on Synthea's resources, with our FHIRPath and with HAPI's, in turn, and compares.")
public final class FhirPathPerf implements Callable<Integer> {
  private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
  private static final String DEFINITIONS = "/org/hl7/fhir/r4/model/sp/search-parameters.json";

  @Option(names = "--synthea", paramLabel = "FOLDER", required = true, description = "Bundles of Synthea, as *.json.")
  private Path synthea;
  @Option(names = "--resources", defaultValue = "2000", description = "At most, spread over the bundles. Default: ${DEFAULT-VALUE}")
  private int most;
  @Option(names = "--warm-up", defaultValue = "10", description = "Rounds that are not counted. Default: ${DEFAULT-VALUE}")
  private int warmUp;
  @Option(names = "--rounds", defaultValue = "20", description = "Rounds that are. Default: ${DEFAULT-VALUE}")
  private int rounds;
  @Option(names = "--out", paramLabel = "FILE", description = "Where the JSON goes. Default: perf/results/<date>-fhirpath.json")
  private Path out;

  private record Sample(String type, byte[] json) {}

  public static void main(String[] args) {
    System.exit(new CommandLine(new FhirPathPerf()).execute(args));
  }

  @Override
  public Integer call() throws Exception {
    List<Sample> samples = samples();
    Map<String, List<String>> expressions = expressions(samples);
    Ours ours = new Ours(expressions);
    Hapis hapis = new Hapis(expressions);
    List<String> all = expressions.values().stream().flatMap(List::stream).distinct().toList();
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("at", Instant.now().toString());
    result.put("machine", Perf.machine());
    result.put("resources", samples.size());
    result.put("expressions a resource, mean", mean(samples, expressions));
    result.put("evaluate: parsed resources in, values out", evaluate(ours, hapis, samples));
    result.put("parse: bytes in, what is evaluated on out",
        rows(samples.size(), turn -> parse(ours, samples), turn -> parse(hapis, samples)));
    result.put("compile: text in, expression out",
        rows(all.size(), turn -> ours.compiled(all), turn -> hapis.compiled(all)));
    Path file = out != null
        ? out
        : Path.of("perf", "results", Instant.now().toString().substring(0, 10) + "-fhirpath.json");
    Files.createDirectories(file.toAbsolutePath().getParent());
    JSON.writeValue(file.toFile(), result);
    System.out.println("\nkept in " + file);
    return 0;
  }

  private Map<String, Object> evaluate(Ours ours, Hapis hapis, List<Sample> samples) {
    List<JsonNode> trees = samples.stream().map(one -> ours.parsed(one.json)).toList();
    List<org.hl7.fhir.r4.model.Resource> models = samples.stream().map(one -> hapis.parsed(one.json)).toList();
    for (int i = 0; i < samples.size(); i++) {
      String type = samples.get(i).type;
      if (ours.evaluated(trees.get(i), type) != hapis.evaluated(models.get(i), type))
        throw new IllegalStateException("the two give different numbers of values on a " + type);
    }
    return rows(samples.size(), turn -> evaluated(ours, trees, samples), turn -> evaluated(hapis, models, samples));
  }

  private static <R> int evaluated(Engine<R> engine, List<R> resources, List<Sample> samples) {
    int values = 0;
    for (int i = 0; i < resources.size(); i++) values += engine.evaluated(resources.get(i), samples.get(i).type);
    return values;
  }

  private static <R> int parse(Engine<R> engine, List<Sample> samples) {
    int seen = 0;
    for (Sample sample : samples) seen += engine.parsed(sample.json) == null ? 0 : 1;
    return seen;
  }

  /** CPU of this thread a piece, in microseconds; the ratio is HAPI's to ours within a round. */
  private Map<String, Object> rows(int pieces, ToIntFunction<Integer> ours, ToIntFunction<Integer> hapis) {
    List<Double> mine = new ArrayList<>();
    List<Double> theirs = new ArrayList<>();
    List<Double> ratio = new ArrayList<>();
    for (int round = 0; round < warmUp + rounds; round++) {
      double one = micros(ours, round) / pieces;
      double other = micros(hapis, round) / pieces;
      if (round < warmUp) continue;
      mine.add(one);
      theirs.add(other);
      ratio.add(other / one);
    }
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("ours, CPU µs a piece, quartiles", quartiles(mine));
    row.put("HAPI's, CPU µs a piece, quartiles", quartiles(theirs));
    row.put("HAPI's / ours in the same round, quartiles", quartiles(ratio));
    row.forEach((name, value) -> System.out.printf("  %-46s %s%n", name, value));
    System.out.println();
    return row;
  }

  private static int seen;

  private static double micros(ToIntFunction<Integer> turn, int round) {
    long before = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    seen += turn.applyAsInt(round);
    return (ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - before) / 1_000.0;
  }

  private static List<Double> quartiles(List<Double> values) {
    return Rounds.quartiles(values).stream().map(value -> Math.round(value * 100) / 100.0).toList();
  }

  private List<Sample> samples() throws IOException {
    List<Sample> all = new ArrayList<>();
    try (Stream<Path> files = Files.list(synthea)) {
      for (Path file : files.filter(one -> one.toString().endsWith(".json")).sorted().toList()) {
        for (JsonNode entry : JSON.readTree(file.toFile()).path("entry")) {
          JsonNode resource = entry.path("resource");
          all.add(new Sample(resource.path("resourceType").asText(), JSON.writeValueAsBytes(resource)));
        }
      }
    }
    int step = Math.max(1, all.size() / most);
    List<Sample> some = new ArrayList<>();
    Map<String, Integer> types = new TreeMap<>();
    for (int i = 0; i < all.size() && some.size() < most; i += step) {
      some.add(all.get(i));
      types.merge(all.get(i).type, 1, Integer::sum);
    }
    System.out.println(some.size() + " resources: " + types + "\n");
    return some;
  }

  private static Map<String, List<String>> expressions(List<Sample> samples) throws IOException {
    Map<String, List<String>> expressions = new TreeMap<>();
    for (Sample sample : samples) expressions.putIfAbsent(sample.type, new ArrayList<>());
    try (InputStream in = FhirPathPerf.class.getResourceAsStream(DEFINITIONS)) {
      for (JsonNode entry : JSON.readTree(in).path("entry")) {
        JsonNode definition = entry.path("resource");
        if (!definition.has("expression")) continue;
        for (JsonNode base : definition.path("base")) {
          boolean every = base.asText().equals("Resource") || base.asText().equals("DomainResource");
          expressions.forEach((type, all) -> {
            if (every || type.equals(base.asText())) all.add(definition.path("expression").asText());
          });
        }
      }
    }
    return expressions;
  }

  private static double mean(List<Sample> samples, Map<String, List<String>> expressions) {
    return samples.stream().mapToInt(one -> expressions.get(one.type).size()).average().orElse(0);
  }
}

package io.caregrid.analytics.views;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.contract.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The conformance cases of SQL on FHIR, kept beside the project ({@code shared/cases/sqlonfhir}, or where CAREGRID_SHARED says). Without them the test is
 * skipped, unless CAREGRID_STRICT=true.
 */
class SqlOnFhirCasesTest {
  private static final int SHAREABLE = 123;
  private static final int EXPERIMENTAL = 11;

  @Test
  void allCasesPassTheExperimentalOnesToo() throws IOException {
    Path cases = cases();
    boolean strict = "true".equals(System.getenv("CAREGRID_STRICT"));
    if (strict) assertNotNull(cases, "CAREGRID_STRICT, and no shared/cases/sqlonfhir beside the project");
    assumeTrue(cases != null, "no shared/cases/sqlonfhir beside the project (set CAREGRID_SHARED)");

    Map<String, String> failing = new LinkedHashMap<>();
    Map<String, Integer> passing = new LinkedHashMap<>();
    try (Stream<Path> files = Files.list(cases)) {
      for (Path file : files.sorted().toList()) run(file, failing, passing);
    }

    System.out.println("SQL on FHIR cases that pass: " + passing);
    assertEquals(Map.of(), failing);
    assertEquals(Map.of("shareable", SHAREABLE, "experimental", EXPERIMENTAL), passing);
  }

  private static void run(Path file, Map<String, String> failing, Map<String, Integer> passing) throws IOException {
    JsonNode suite = RunRequest.json(Files.readAllBytes(file));
    for (JsonNode test : suite.path("tests")) {
      String failure = failure(test, suite.path("resources"));
      if (failure != null) failing.put(file.getFileName() + ": " + test.path("title").asText(), failure);
      else passing.merge(test.path("tags").get(0).asText(), 1, Integer::sum);
    }
  }

  /** Null when it passes. */
  private static String failure(JsonNode test, JsonNode resources) {
    List<JsonNode> rows;
    View view;
    try {
      view = View.of(test.path("view"), "");
      rows = Rows.of(view, resources);
    } catch (Failure refused) {
      return test.path("expectError").asBoolean() ? null : refused.getMessage();
    }
    if (test.path("expectError").asBoolean()) return "did not fail";
    List<String> columns = view.columns().stream().map(Column::name).toList();
    List<String> wanted = new ArrayList<>();
    test.path("expectColumns").forEach(name -> wanted.add(name.asText()));
    if (!wanted.isEmpty() && !wanted.equals(columns)) return "columns " + columns;
    if (test.has("expectCount")) return test.path("expectCount").asInt() == rows.size() ? null : rows.size() + " rows";
    return matched(test.path("expect"), rows) ? null : "gave " + rows + " instead of " + test.path("expect");
  }

  /** In any order: a view has none. */
  private static boolean matched(JsonNode expected, List<JsonNode> rows) {
    if (expected.size() != rows.size()) return false;
    List<JsonNode> open = new ArrayList<>(rows);
    for (JsonNode row : expected) {
      JsonNode found = open.stream().filter(one -> same(one, row)).findFirst().orElse(null);
      if (found == null) return false;
      open.remove(found);
    }
    return true;
  }

  private static boolean same(JsonNode a, JsonNode b) {
    if (a.isNumber() && b.isNumber()) return a.decimalValue().compareTo(b.decimalValue()) == 0;
    if (!a.isObject() || !b.isObject()) return a.equals(b);
    TreeSet<String> names = new TreeSet<>();
    for (Iterator<String> all = a.fieldNames(); all.hasNext();) names.add(all.next());
    for (Iterator<String> all = b.fieldNames(); all.hasNext();) names.add(all.next());
    return names.stream().allMatch(name -> a.has(name) && b.has(name) && same(a.get(name), b.get(name)));
  }

  private static Path cases() {
    String told = System.getenv("CAREGRID_SHARED");
    if (told != null) return found(Path.of(told));
    for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
      Path cases = found(at.resolve("shared"));
      if (cases != null) return cases;
    }
    return null;
  }

  private static Path found(Path shared) {
    Path cases = shared.resolve("cases/sqlonfhir/tests");
    return Files.isDirectory(cases) ? cases : null;
  }
}

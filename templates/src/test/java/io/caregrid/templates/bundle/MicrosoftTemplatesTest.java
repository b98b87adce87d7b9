package io.caregrid.templates.bundle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import io.caregrid.templates.liquid.Limits;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Runs Microsoft's own templates over Microsoft's own samples and asks for what Microsoft's converter makes of them ({@code shared/cases/convert}). The templates
 * are not kept here: without CAREGRID_MS_TEMPLATES (a copy of {@code data/Templates} of microsoft/FHIR-Converter) this is skipped, also under CAREGRID_STRICT. For
 * what Microsoft's own tests compare whole, samples and results are taken from the same copy, where it has them. Its last result is in docs/CONVERT.md.
 */
class MicrosoftTemplatesTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TestFactory
  Stream<DynamicTest> hl7v2() throws IOException {
    return tests(Conversion.Kind.HL7V2, "Hl7v2.json", 63);
  }

  @TestFactory
  Stream<DynamicTest> ccda() throws IOException {
    return tests(Conversion.Kind.CCDA, "Ccda.json", 8);
  }

  @TestFactory
  Stream<DynamicTest> wholeHl7v2() throws IOException {
    return samples(Conversion.Kind.HL7V2, "Hl7v2", "Hl7v2", ".hl7", 132);
  }

  @TestFactory
  Stream<DynamicTest> wholeCcda() throws IOException {
    return samples(Conversion.Kind.CCDA, "Ccda", "Ccda", ".ccda", 22);
  }

  @TestFactory
  Stream<DynamicTest> stu3() throws IOException {
    return samples(Conversion.Kind.STU3, "Stu3ToR4", "Stu3", ".json", 35);
  }

  @TestFactory
  Stream<DynamicTest> json() throws IOException {
    return samples(Conversion.Kind.JSON, "Json", "Json", ".json", 2);
  }

  @TestFactory
  Stream<DynamicTest> toHl7v2() throws IOException {
    return samples(Conversion.Kind.FHIR, "FhirToHl7v2", "FHIR", ".json", 1);
  }

  /** Those whose whole result Microsoft's own tests compare. The folder of a result, or of STU3 its name, says its template. */
  private static Stream<DynamicTest> samples(Conversion.Kind kind, String folder, String from, String ending,
      int expected) throws IOException {
    String templates = System.getenv("CAREGRID_MS_TEMPLATES");
    if (templates == null) return skipped("CAREGRID_MS_TEMPLATES is not set: no copy of Microsoft's templates to run");
    Path copy = Path.of(templates).toAbsolutePath().getParent().getParent();
    Path results = copy.resolve(
        "src/Microsoft.Health.Fhir.Liquid.Converter.FunctionalTests/TestData/Expected").resolve(folder);
    if (!Files.isDirectory(results)) return skipped("the copy of Microsoft's templates has no results beside it");
    Conversion conversion = Conversion.load(kind, Path.of(templates), Limits.DEFAULT, ZoneOffset.UTC,
        Clock.systemUTC());
    List<DynamicTest> tests = new ArrayList<>();
    try (Stream<Path> files = Files.walk(results)) {
      for (Path result : files.filter(Files::isRegularFile).sorted().toList()) {
        String name = result.getFileName().toString().replaceFirst("(-expected)?\\.[a-z0-9]+$", "");
        if (kind == Conversion.Kind.STU3 && name.equals("Bundle")) continue; // there is no sample of it
        Path sample = copy.resolve("data/SampleData").resolve(from).resolve(name + ending);
        String root = kind == Conversion.Kind.STU3 ? name : result.getParent().getFileName().toString();
        tests.add(DynamicTest.dynamicTest(root + "/" + name,
            () -> same(result, conversion.convert(Files.readString(sample), root))));
      }
    }
    assertEquals(expected, tests.size());
    return tests.stream();
  }

  private static void same(Path result, Outcome outcome) throws IOException {
    if (outcome instanceof Outcome.Refused refused)
      throw new AssertionError(refused.why().code + ": " + refused.why().told());
    String expected = Files.readString(result).replace("\uFEFF", "");
    if (outcome instanceof Outcome.Written written) {
      assertEquals(expected.replaceAll("\r?\n", "\r"), written.message().replaceFirst("\\|\\d{14}[^|]*\\|", "||"));
    } else {
      List<String> differences = new ArrayList<>();
      JsonNode bundle = ((Outcome.Converted) outcome).bundle();
      JsonNode wanted = JSON.readTree(expected);
      if (result.toString().contains("Ccda")) for (JsonNode each : List.of(wanted, bundle)) withoutItself(each);
      compare(result.getFileName().toString(), wanted, bundle, "",
          differences);
      assertTrue(differences.isEmpty(), () -> differences.size() + " differences: " + String.join("; ", differences));
    }
  }

  /** The last entry of a document's Bundle holds the document, gzipped, and when it was converted. */
  private static void withoutItself(JsonNode bundle) {
    ((ArrayNode) bundle.path("entry")).remove(bundle.path("entry").size() - 1);
  }

  private static void compare(String file, JsonNode wanted, JsonNode is, String at, List<String> found) {
    if (at.endsWith(".text.div")) return;
    if (wanted.isObject() && is.isObject()) {
      wanted.fieldNames()
          .forEachRemaining(name -> compare(file, wanted.get(name), is.path(name), at + "." + name, found));
      is.fieldNames()
          .forEachRemaining(name -> {
            if (!wanted.has(name)) found.add(file + at + "." + name + " is too much");
          });
    } else if (wanted.isArray() && is.isArray() && wanted.size() == is.size()) {
      for (int i = 0; i < wanted.size(); i++) compare(file, wanted.get(i), is.get(i), at + "[" + i + "]", found);
    } else {
      if (is.isMissingNode()) found.add(file + at + " is missing");
      compare(file + at, wanted, is, found);
    }
  }

  private static Stream<DynamicTest> tests(Conversion.Kind kind, String file, int expected) throws IOException {
    String templates = System.getenv("CAREGRID_MS_TEMPLATES");
    String shared = System.getenv("CAREGRID_SHARED");
    if (templates == null) return skipped("CAREGRID_MS_TEMPLATES is not set: no copy of Microsoft's templates to run");
    if (shared == null) return skipped("CAREGRID_SHARED is not set: no cases to run");
    Path cases = Path.of(shared, "cases/convert");
    Conversion conversion = Conversion.load(kind, Path.of(templates), Limits.DEFAULT, ZoneOffset.UTC,
        Clock.systemUTC());
    List<DynamicTest> tests = new ArrayList<>();
    for (JsonNode one : JSON.readTree(cases.resolve(file).toFile()).path("cases")) {
      tests.add(DynamicTest.dynamicTest(one.path("id").asText(), () -> check(one, conversion, cases)));
    }
    assertEquals(expected, tests.size());
    return tests.stream();
  }

  /** A test of its own, so that the report counts it as skipped and says why: a factory that gives up is not counted at all. */
  private static Stream<DynamicTest> skipped(String why) {
    return Stream.of(DynamicTest.dynamicTest(why, () -> Assumptions.abort(why)));
  }

  private static void check(JsonNode one, Conversion conversion, Path cases) throws IOException {
    String input = Files.readString(cases.resolve("inputs").resolve(fileName(one)), StandardCharsets.UTF_8);

    Outcome outcome = conversion.convert(input, one.path("rootTemplate").asText());

    if (outcome instanceof Outcome.Refused refused)
      throw new AssertionError(refused.why().code + ": " + refused.why().told());
    JsonNode bundle = assertInstanceOf(Outcome.Converted.class, outcome).bundle();
    List<String> differences = differences(one.path("assertions"), bundle);
    assertTrue(differences.isEmpty(), () -> differences.size() + " differences: " + String.join("; ", differences));
  }

  private static String fileName(JsonNode one) {
    String path = one.has("inputFile") ? one.path("inputFile").asText() : one.at("/input/path").asText();
    return path.substring(path.lastIndexOf('/') + 1);
  }

  private static List<String> differences(JsonNode expected, JsonNode bundle) {
    List<String> found = new ArrayList<>();
    expected.path("bundle")
        .fields()
        .forEachRemaining(each -> compare(each.getKey(), each.getValue(), bundle.path(each.getKey()), found));
    JsonNode entries = bundle.path("entry");
    compare("entryCount", expected.path("entryCount"), JSON.getNodeFactory().numberNode(entries.size()), found);
    compare("typeCounts", expected.path("typeCounts"), counts(entries, "/resource/resourceType"), found);
    compare("requestMethods", expected.path("requestMethods"), counts(entries, "/request/method"), found);
    for (JsonNode wanted : expected.path("entries")) entry(wanted, entries.path(wanted.path("index").asInt()), found);
    return found;
  }

  private static JsonNode counts(JsonNode entries, String pointer) {
    Map<String, Integer> counts = new TreeMap<>();
    for (JsonNode entry : entries) counts.merge(entry.at(pointer).asText("?"), 1, Integer::sum);
    return JSON.valueToTree(counts);
  }

  private static void entry(JsonNode wanted, JsonNode entry, List<String> found) {
    String place = "entry " + wanted.path("index");
    compare(place + " type", wanted.path("resourceType"), entry.at("/resource/resourceType"), found);
    compare(place + " id", wanted.path("id"), entry.at("/resource/id"), found);
    compare(place + " method", wanted.path("requestMethod"), entry.at("/request/method"), found);
    compare(place + " url", wanted.path("requestUrl"), entry.at("/request/url"), found);
    compare(place + " fullUrl", wanted.path("fullUrl"), entry.path("fullUrl"), found);
    wanted.path("fields").fields().forEachRemaining(each -> {
      String pointer = "/" + each.getKey().replace("[", "/").replace("]", "").replace(".", "/");
      compare(place + " " + each.getKey(), each.getValue(), entry.path("resource").at(pointer), found);
    });
    if (wanted.has("leafCount") && leaves(entry.path("resource")) != wanted.path("leafCount").asInt()) {
      found.add(place + " has " + leaves(entry.path("resource")) + " leaves instead of " + wanted.path("leafCount"));
    }
  }

  private static int leaves(JsonNode node) {
    if (node.isValueNode()) return 1;
    int leaves = 0;
    for (JsonNode each : node) leaves += leaves(each);
    return leaves;
  }

  private static void compare(String place, JsonNode wanted, JsonNode is, List<String> found) {
    if (wanted.isMissingNode() || wanted.isNull()) return;
    boolean same = wanted.equals(is)
        || wanted.isNumber() && is.isNumber() && wanted.decimalValue().compareTo(is.decimalValue()) == 0;
    if (!same && !sameInstant(wanted, is)) found.add(place + " is " + is + " instead of " + wanted);
  }

  private static boolean sameInstant(JsonNode wanted, JsonNode is) {
    try {
      return wanted.isTextual() && is.isTextual()
          && OffsetDateTime.parse(wanted.asText()).toInstant().equals(OffsetDateTime.parse(is.asText()).toInstant());
    } catch (DateTimeException none) {
      return false;
    }
  }
}

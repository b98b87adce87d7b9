package io.caregrid.analytics.lake.parquet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.analytics.lake.schema.FhirSchema;
import io.caregrid.analytics.lake.schema.Json;
import io.caregrid.analytics.lake.schema.Same;
import io.caregrid.analytics.lake.schema.TableSchema;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every R4 resource that stands in a conformance case, whatever the case is about: as real as data of others gets here, wrong ones included. The cases lie
 * beside the project ({@code shared/cases}, or where CAREGRID_SHARED says); without them this is skipped, unless CAREGRID_STRICT is true.
 */
class SharedResourcesTest {
  @TempDir
  Path folder;

  @Test
  void everyResourceOfTheSharedCasesComesBack() throws Exception {
    Map<String, List<ObjectNode>> resources = new TreeMap<>();
    Set<String> types = FhirSchema.types();
    try (Stream<Path> files = Files.walk(cases())) {
      for (Path file : files.filter(file -> file.toString().endsWith(".json")).sorted().toList()) {
        collect(json(file), types, resources);
      }
    }

    int count = 0;
    for (Map.Entry<String, List<ObjectNode>> type : resources.entrySet()) {
      comeBack(type.getKey(), type.getValue());
      count += type.getValue().size();
    }
    assertTrue(count > 1_000, count + " resources of " + resources.keySet());
  }

  private void comeBack(String type, List<ObjectNode> rows) throws IOException {
    Path file = folder.resolve(type + ".parquet");
    TableSchema schema = FhirSchema.of(type).current();
    List<ObjectNode> back = new ArrayList<>();
    ParquetFiles.write(file, schema, rows);
    ParquetFiles.read(file, schema, back::add);
    assertEquals(rows.size(), back.size());
    for (int i = 0; i < rows.size(); i++) assertNull(Same.difference(rows.get(i), back.get(i)), type);
  }

  private static void collect(JsonNode node, Set<String> types, Map<String, List<ObjectNode>> into) {
    String type = node.path("resourceType").asText();
    if (types.contains(type)) into.computeIfAbsent(type, first -> new ArrayList<>()).add((ObjectNode) node);
    for (JsonNode child : node) collect(child, types, into);
  }

  /** Some cases are no JSON objects: they are about that. */
  private static JsonNode json(Path file) throws IOException {
    try {
      return Json.object(("{\"file\":" + Files.readString(file) + "}").getBytes(StandardCharsets.UTF_8));
    } catch (JsonProcessingException none) {
      return Json.object("{}".getBytes(StandardCharsets.UTF_8));
    }
  }

  private static Path cases() {
    Path cases = find();
    if ("true".equals(System.getenv("CAREGRID_STRICT")))
      assertNotNull(cases, "CAREGRID_STRICT, and no shared/cases beside the project");
    Assumptions.assumeTrue(cases != null, "no shared/cases beside the project (set CAREGRID_SHARED)");
    return cases;
  }

  private static Path find() {
    String told = System.getenv("CAREGRID_SHARED");
    if (told != null) return Files.isDirectory(Path.of(told, "cases")) ? Path.of(told, "cases") : null;
    for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
      if (Files.isDirectory(at.resolve("shared/cases"))) return at.resolve("shared/cases");
    }
    return null;
  }
}

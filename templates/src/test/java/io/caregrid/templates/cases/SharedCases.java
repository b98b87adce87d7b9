package io.caregrid.templates.cases;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.function.ThrowingConsumer;

/**
 * Conformance cases kept beside the project ({@code shared/cases/iomt}, or where CAREGRID_SHARED says). Without them these tests are skipped, unless
 * CAREGRID_STRICT is true.
 */
public final class SharedCases {
  private static final ObjectMapper JSON = new ObjectMapper();

  private SharedCases() {}

  /** One test a case; those for which {@code later} gives a reason are left out, counted by it and printed. */
  public static Stream<DynamicTest> tests(String folder, Function<JsonNode, String> later,
      ThrowingConsumer<JsonNode> test) {
    Map<String, Integer> left = new TreeMap<>();
    List<DynamicTest> tests = read(folder).stream().filter(one -> {
      String reason = later.apply(one);
      if (reason != null) left.merge(reason, 1, Integer::sum);
      return reason == null;
    }).map(one -> DynamicTest.dynamicTest(one.path("name").asText(), () -> test.accept(one))).toList();
    System.out.println("shared cases iomt/" + folder + ": " + tests.size() + " run, left out " + left);
    Assertions.assertFalse(tests.isEmpty(), "no case of " + folder + " is run");
    return tests.stream();
  }

  private static List<JsonNode> read(String folder) {
    try (Stream<Path> files = Files.list(root().resolve("cases/iomt").resolve(folder))) {
      return files.sorted().map(SharedCases::json).toList();
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  private static JsonNode json(Path file) {
    try {
      return JSON.readTree(file.toFile());
    } catch (IOException unreadable) {
      throw new UncheckedIOException(file.toString(), unreadable);
    }
  }

  private static Path root() {
    Path root = find();
    boolean strict = "true".equals(System.getenv("CAREGRID_STRICT"));
    if (strict) Assertions.assertNotNull(root, "CAREGRID_STRICT, and no shared/cases/iomt beside the project");
    Assumptions.assumeTrue(root != null, "no shared/cases/iomt beside the project (set CAREGRID_SHARED)");
    return root;
  }

  private static Path find() {
    String told = System.getenv("CAREGRID_SHARED");
    if (told != null) return has(Path.of(told)) ? Path.of(told) : null;
    for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
      if (has(at.resolve("shared"))) return at.resolve("shared");
    }
    return null;
  }

  private static boolean has(Path root) {
    return Files.isDirectory(root.resolve("cases/iomt"));
  }
}

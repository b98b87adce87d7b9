package io.caregrid.api.pages;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The pure modules of the pages, tested where they are written: {@code src/test/js} under Node's own test runner. */
class ScriptsTest {
  private static final Path MODULES = Path.of("src/main/resources/web");
  private static final Path TESTS = Path.of("src/test/js");
  private static final long PATIENCE_SECONDS = 120;
  @TempDir
  Path room;

  @ParameterizedTest
  @ValueSource(strings = {"studies", "analytics", "patients", "mapper"})
  void theModulesKeepWhatTheirTestsSay(String page) throws IOException, InterruptedException {
    assumeTrue("true".equals(System.getenv("CAREGRID_STRICT")) || hasNode(),
        "skipped: node is missing (apt install nodejs, 18 or later)");
    List<String> command = new ArrayList<>(List.of("node", "--test"));
    command.addAll(furnish(page));
    Path told = room.resolve("told.txt");

    Process node = new ProcessBuilder(command).directory(room.toFile())
        .redirectErrorStream(true)
        .redirectOutput(told.toFile())
        .start();
    boolean ended = node.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
    if (!ended) node.destroyForcibly().waitFor();

    String said = Files.readString(told, StandardCharsets.UTF_8);
    assertTrue(ended, said);
    assertEquals(0, node.exitValue(), said);
    assertTrue(said.contains("pass ") && !said.contains("pass 0\n"), said);
  }

  /** Modules in a folder that Node takes for ES modules, tests beneath. @return the test files */
  private List<String> furnish(String page) throws IOException {
    Files.writeString(room.resolve("package.json"), "{\"type\":\"module\"}");
    copy(MODULES.resolve(page), room);
    return copy(TESTS.resolve(page), Files.createDirectory(room.resolve("tests")));
  }

  private List<String> copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.list(from)) {
      List<Path> scripts = files.filter(file -> file.toString().endsWith(".js")).sorted().toList();
      for (Path script : scripts) Files.copy(script, to.resolve(script.getFileName()));
      return scripts.stream().map(script -> room.relativize(to).resolve(script.getFileName()).toString()).toList();
    }
  }

  private static boolean hasNode() {
    return Stream.of(System.getenv("PATH").split(File.pathSeparator))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, "node")));
  }
}

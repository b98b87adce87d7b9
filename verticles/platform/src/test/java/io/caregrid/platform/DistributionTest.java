package io.caregrid.platform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.cluster.Configuration;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DistributionTest {
  private static final Path CONF = Path.of("../distribution/src/conf");

  @Test
  void theShippedFileChangesNothing() {
    assertEquals(Configuration.defaults().node(),
        Configuration.defaults().withYaml(CONF.resolve("caregrid.yaml")).node());
  }

  @Test
  void theShippedFileShowsEverySettingWithItsDefault(@TempDir Path temp) throws IOException {
    List<String> lines = Files.readAllLines(CONF.resolve("caregrid.yaml"))
        .stream()
        .map(line -> line.matches("\\s*#[a-zA-Z0-9]+:.*") ? line.replaceFirst("#", "") : line)
        .toList();
    Path uncommented = Files.write(temp.resolve("caregrid.yaml"), lines);

    Configuration shown = Configuration.defaults().withYaml(uncommented);

    assertEquals(Configuration.defaults().node(), shown.node());
    List<String> silent = shown.values()
        .stream()
        .filter(value -> value.source().equals("default") && !value.text().isEmpty())
        .map(Configuration.Value::key)
        .toList();
    assertEquals(List.of(), silent, "settings the file does not show");
    assertTrue(Files.readString(uncommented).contains("deviceSystem:"));
  }

  @Test
  void everyVariableTheStartScriptReadsIsKnownNotToBeASetting() throws IOException {
    Map<String, String> named = new TreeMap<>();
    for (Path script : List.of(CONF.resolve("../bin/caregrid"), Path.of("../../caregrid"))) {
      java.util.regex.Matcher variable = java.util.regex.Pattern.compile("CAREGRID_[A-Z_]+")
          .matcher(Files.readString(script));
      while (variable.find()) named.put(variable.group(), "");
    }
    named.keySet().removeAll(List.of("CAREGRID_OFFLINE", "CAREGRID_REPOSITORY"));

    Configuration.defaults().withEnvironment(named, Settings.NOT_SETTINGS);
  }
}

package io.caregrid.platform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The README promises nothing that no test shows, and links to nothing that is not there. */
class ReadmeTest {
  private static final Path ROOT = root();
  private static final Pattern TEST = Pattern.compile("`(\\w+(?:Test|IT))`");
  private static final Pattern LINK = Pattern.compile("\\]\\(([^)#:]+)\\)");
  private static final Pattern ROW = Pattern.compile("(?m)^\\| (.+) \\| (works|thin|not yet)\\b(.*) \\| (.*)\\|$");

  @Test
  void everyTestItNamesIsThere() throws IOException {
    Set<String> there = testClasses();

    List<String> missing = matches(TEST).filter(name -> !there.contains(name)).distinct().toList();

    assertEquals(List.of(), missing);
  }

  @Test
  void everyLinkLeadsToAFile() throws IOException {
    List<String> dead = matches(LINK).filter(link -> !Files.exists(ROOT.resolve(link))).toList();

    assertEquals(List.of(), dead);
  }

  @Test
  void whatWorksOrIsThinIsShownByATest() throws IOException {
    List<MatchResult> rows = ROW.matcher(text()).results().toList();

    assertTrue(rows.size() > 15, "the status table is not where this test looks for it");
    for (MatchResult row : rows) {
      boolean promised = !row.group(2).equals("not yet");
      assertEquals(promised, !row.group(4).isBlank(), "shown by: " + row.group(1));
    }
  }

  private static Stream<String> matches(Pattern pattern) throws IOException {
    return pattern.matcher(text()).results().map(match -> match.group(1));
  }

  private static String text() throws IOException {
    return Files.readString(ROOT.resolve("README.md"));
  }

  private static Set<String> testClasses() throws IOException {
    try (Stream<Path> files = Files.walk(ROOT)) {
      return files.filter(file -> file.toString().contains("src/test/java"))
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(".java"))
          .map(name -> name.substring(0, name.length() - ".java".length()))
          .collect(Collectors.toSet());
    }
  }

  private static Path root() {
    Path folder = Path.of("").toAbsolutePath();
    while (!Files.exists(folder.resolve("README.md"))) folder = folder.getParent();
    return folder;
  }
}

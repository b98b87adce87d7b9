package io.caregrid.platform;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.ColorScheme;
import io.caregrid.api.pages.Browser;
import io.caregrid.engines.Memory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code docs/CHALLENGES.md} as {@code docs/challenges} types it, against a demo: whoever follows the page sees what it says. */
@Tag("full")
class ChallengesIT {
  private static final Path ROOT = Path.of("..", "..").toAbsolutePath().normalize();
  private static final Map<String, String> FREE_PORTS = Map.of("http.port", "0", "dicom.port", "0", "hl7.port", "0");
  private static final List<String> ROWS = List.of("0.1", "1.1", "1.2", "1.3", "1.4", "2.1", "2.2", "2.3", "3.1", "3.2",
      "4.1", "4.2", "4.3", "4.4", "5.1", "5.2", "5.3", "5.4", "6.1", "6.2", "6.3", "6.4", "7.1", "7.2", "7.3", "7.4");
  /** What the page says is not there. When one comes, its row fails, and belongs above. */
  private static final List<String> NOT_YET = List.of();
  private static final Pattern HTTP = Pattern.compile("all pages +(http://\\S+)/");
  private static final Pattern MLLP = Pattern.compile("HL7 v2 +mllp://[^:]+:(\\d+)");
  private static final Pattern VERDICT = Pattern.compile("(?m)^(PASS|FAIL|NOT YET): (\\d+\\.\\d+) ");
  private static final int MINUTES = 10;
  @TempDir(factory = Memory.class)
  static Path temp;
  private static ChildNode demo;
  private static String http;

  @BeforeAll
  static void begin() throws Exception {
    boolean synthea = Files.isDirectory(ROOT.resolve("verticles/synthea/target/lib"));
    if ("true".equals(System.getenv("CAREGRID_STRICT"))) assertTrue(synthea, "CAREGRID_STRICT, and no Synthea");
    assumeTrue(synthea, "no Synthea (build with -Pfull)");
    prepare();
    demo = ChildNode.demo(temp.resolve("demo.log"), FREE_PORTS, "--data", temp.resolve("caregrid-demo").toString());
    demo.awaitWords("Caregrid is running after");
    http = said(HTTP);
  }

  @AfterAll
  static void end() throws InterruptedException {
    if (demo != null) demo.close();
  }

  @Test
  void everyRowIsSeenAsThePageSaysAndWhatIsMissingIsSaidToBe() throws Exception {
    int code = walk(said(MLLP));

    String walked = Files.readString(temp.resolve("walked.txt"));
    assertEquals(List.of(), rows(walked, "FAIL"), walked);
    assertEquals(ROWS, rows(walked, "PASS"), walked);
    assertEquals(NOT_YET, rows(walked, "NOT YET"), walked);
    assertEquals(0, code, walked);
    assertTrue(walked.contains("| made by Synthea\n"), walked);
  }

  /** A folder as a checkout is, but for its ./caregrid, which would build. */
  private static void prepare() throws IOException {
    Path caregrid = Files.writeString(temp.resolve("caregrid"), "#!/bin/sh\nexec '" + System.getProperty("java.home")
        + "/bin/java' -cp '" + System.getProperty("java.class.path") + "' " + Main.class.getName() + " \"$@\"\n");
    Files.setPosixFilePermissions(caregrid, PosixFilePermissions.fromString("rwx------"));
    for (String each : List.of("verticles", "templates"))
      Files.createSymbolicLink(temp.resolve(each), ROOT.resolve(each));
  }

  private static int walk(String mllp) throws Exception {
    ProcessBuilder command = new ProcessBuilder(ROOT.resolve("docs/challenges").toString())
        .directory(temp.toFile())
        .redirectErrorStream(true)
        .redirectOutput(temp.resolve("walked.txt").toFile());
    command.environment().putAll(Map.of("CAREGRID_NODE", http, "MLLP_PORT", mllp, "PATIENTS", "3"));
    Process walk = command.start();
    try {
      assertTrue(walk.waitFor(MINUTES, TimeUnit.MINUTES), Files.readString(temp.resolve("walked.txt")));
      return walk.exitValue();
    } finally {
      walk.descendants().forEach(ProcessHandle::destroyForcibly);
      walk.destroyForcibly();
    }
  }

  private static List<String> rows(String walked, String verdict) {
    return VERDICT.matcher(walked)
        .results()
        .filter(row -> row.group(1).equals(verdict))
        .map(row -> row.group(2))
        .toList();
  }

  /** Row 3.2 by hand and eye. */
  @Test
  void thePageFindsByPartsOfTheName() {
    try (Browser browser = Browser.open()) {
      Page page = browser.page(http + "/patients/", 1280, 900, ColorScheme.LIGHT);
      page.locator("#box").fill("ari kell");
      assertThat(page.locator("#rows:not(.old) .row")).containsText("Keller");
      Browser.shoot(page, "challenge-3-2");
      assertEquals(List.of(), browser.complaints);
      assertEquals(List.of(), browser.foreign);
    }
  }

  private static String said(Pattern what) throws Exception {
    Matcher found = what.matcher(demo.said());
    assertTrue(found.find(), demo.said());
    return found.group(1);
  }
}

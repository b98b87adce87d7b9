package io.caregrid.platform;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.microsoft.playwright.Download;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.PlaywrightException;
import com.microsoft.playwright.Route;
import com.microsoft.playwright.options.ColorScheme;
import io.caregrid.api.pages.Browser;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * The studies pages in a real browser, over a real archive filled by STOW-RS: what pydicom wrote is what the canvas shows. Screenshots lie in
 * {@code target/screens}.
 */
@Tag("full")
@ExtendWith(Engines.class)
class StudiesPageIT {
  private static final String PYTHON = "/usr/bin/python3";
  private static final String HEAD = "1.2.826.0.1.3680043.10.1";
  private static final String HOSTILE = "1.2.826.0.1.3680043.10.2";
  private static final String BREAST = "1.2.826.0.1.3680043.10.3";
  private static final String ECHO = "1.2.826.0.1.3680043.10.4";
  private static final String MANY = "1.2.826.0.1.3680043.10.5";
  private static final int SLICES = 16;
  private static final int SMALL = 128;
  @TempDir
  static Path made;
  @TempDir
  static Path kept;
  private static Browser browser;
  private static PictureNode node;
  private static JsonNode told;
  /** Of pydicom's own files; the others are broken on purpose. */
  private static int stored;

  @BeforeAll
  static void open(LocalPostgres postgres) throws IOException, InterruptedException {
    browser = Browser.open();
    told = make();
    node = new PictureNode(postgres, kept);
    for (int i = 0; i < SLICES; i++) assertEquals(200, node.send(made.resolve("head-%02d.dcm".formatted(i))));
    for (String name : List.of("hostile.dcm", "breast.dcm", "echo.dcm"))
      assertEquals(200, node.send(made.resolve(name)));
    assertEquals(200, node.send(pydicom("CT_small.dcm")));
    try (Stream<Path> files = Files.list(made.resolve("all"))) {
      for (Path file : files.sorted().toList()) if (node.send(file) == 200) stored++;
    }
  }

  private static JsonNode make() throws IOException, InterruptedException {
    Process there = new ProcessBuilder(PYTHON, "-c", "import pydicom").start();
    assumeTrue(there.waitFor() == 0 || "true".equals(System.getenv("CAREGRID_STRICT")),
        "skipped: python3-pydicom is missing");
    Process script = new ProcessBuilder(PYTHON, Path.of("src/test/resources/pictures/make.py").toString(),
        made.toString()).redirectError(made.resolve("errors.txt").toFile()).start();
    JsonNode said = new ObjectMapper().readTree(script.getInputStream());
    assertEquals(0, script.waitFor(), Files.readString(made.resolve("errors.txt")));
    return said;
  }

  private static Path pydicom(String name) {
    return Path.of(told.get("folder").asText(), name);
  }

  @AfterAll
  static void close() {
    if (browser != null) browser.close();
    if (node != null) node.close();
  }

  @BeforeEach
  void noComplaints() {
    browser.complaints.clear();
  }

  @AfterEach
  void nothingCameFromAnywhereElse() {
    assertEquals(List.of(), browser.foreign);
  }

  /** @param search what stands behind '#', so that studies which another test sent are not in the way */
  private static Page list(String search, int width, int height, ColorScheme scheme) {
    return browser.page(node.base() + "/studies/#" + search, width, height, scheme);
  }

  private static Page viewer(String study, int width, int height) {
    Page page = browser.page(node.base() + "/studies/viewer/#study=" + study, width, height, ColorScheme.LIGHT);
    assertThat(page.locator("#canvas")).hasAttribute("data-image", Pattern.compile(".+"));
    return page;
  }

  private static Locator row(Page page, String study) {
    return page.locator("tr[data-study='" + study + "']");
  }

  @Test
  void studiesSentByStowAreListedWithPicturesAndFound() {
    Page page = list("size=100", 1440, 900, ColorScheme.LIGHT);
    assertThat(row(page, HEAD)).containsText("Costa, Clara");
    assertThat(row(page, HEAD)).containsText("CT head without contrast");
    assertThat(row(page, HEAD).locator(".images")).hasText("16");
    row(page, HEAD).scrollIntoViewIfNeeded();
    page.waitForCondition(() -> (Boolean) page.evaluate(
        "study => document.querySelector(`[data-study='${study}'] img`).naturalWidth === 128", HEAD));
    Browser.shoot(page, "studies");

    page.locator("#name").fill("cósta, cl");
    assertThat(page.locator("tr[data-study]")).hasCount(1);
    page.locator("#name").fill("");
    page.locator("#patient").fill("1CT1");
    assertThat(page.locator("tr[data-study]")).hasCount(1);
    assertThat(page.locator("tr[data-study]")).containsText("CompressedSamples, CT1");
    page.locator("#clear").click();
    page.locator("#accession").fill("A-?201");
    assertThat(page.locator("tr[data-study]")).hasCount(1);
    page.locator("#clear").click();
    page.locator("#modality").selectOption("US");
    assertThat(row(page, HOSTILE)).isVisible();
    assertThat(row(page, HEAD)).hasCount(0);
    page.locator("#dates [value=today]").click();
    assertThat(page.locator("#empty")).containsText("No study matches");
    Browser.shoot(page, "studies-none");
    assertEquals(List.of(), complaints());
    page.context().close();
  }

  @Test
  void theCanvasShowsTheValuesThatPydicomReads() {
    String study = study("CompressedSamples^CT1");
    Page page = viewer(study, 1280, 800);
    page.keyboard().press("a");
    page.locator("#preset").selectOption("Soft tissue (400 / 40)");

    int[] expected = IntStream.range(0, SMALL * SMALL)
        .map(i -> Glass.grey(told.at("/small/" + i).asInt(), 40, 400))
        .toArray();
    page.waitForCondition(() -> Glass.drawn(page, SMALL)[0] == expected[0]);
    assertArrayEquals(expected, Glass.drawn(page, SMALL));
    page.locator("#preset").selectOption("Bone (2000 / 500)");
    assertThat(page.locator("#br")).containsText("W 2000 · C 500");
    page.waitForCondition(() -> Glass.drawn(page, SMALL)[64 * SMALL + 64] == Glass.grey(
        told.at("/small/" + (64 * SMALL + 64)).asInt(), 500, 2000));
    Browser.shoot(page, "small");
    page.context().close();
  }

  private static String study(String patientName) {
    try {
      JsonNode found = new ObjectMapper().readTree(
          node.get("/dicom-web/studies?PatientName=" + patientName.replace("^", "%5E"), "application/dicom+json"));
      return found.at("/0/0020000D/Value/0").asText();
    } catch (IOException | InterruptedException failed) {
      throw new IllegalStateException(failed);
    }
  }

  @Test
  void aSeriesIsScrolledWindowedAndMeasuredAndItsFileIsFetchedAsItWasSent() throws IOException {
    Page page = viewer(HEAD, 1440, 900);
    assertThat(page.locator("#bl")).containsText("Image 1 / 16");
    assertThat(page.locator("#br")).containsText("W 80 · C 40");
    page.locator("#canvas").hover();
    for (int i = 0; i < 7; i++) page.mouse().wheel(0, 100);
    assertThat(page.locator("#canvas")).hasAttribute("data-image", HEAD + ".1.8/1");
    assertThat(page.locator("#bl")).containsText("Loc 35 mm");
    assertThat(page.locator("#edge-left")).hasText("R");
    assertThat(page.locator("#br .reading")).containsText(Pattern.compile("^\\d+ HU @ \\d+, \\d+$"));
    assertThat(page.locator("#fhir")).isVisible();
    Browser.shoot(page, "head");

    int[] before = Glass.drawn(page, 64);
    page.keyboard().press("2");
    assertThat(page.locator("#br")).containsText("W 2000 · C 500");
    page.waitForCondition(() -> !Arrays.equals(before, Glass.drawn(page, 64)));
    Browser.shoot(page, "head-bone");
    page.keyboard().press("m");
    page.locator("#find").fill("window");
    assertThat(page.locator("#elements")).containsText("WindowCenterWidthExplanation");
    assertThat(page.locator("#elements")).containsText("BRAIN \\ BONE");
    Browser.shoot(page, "head-metadata");
    Download saved = page.waitForDownload(() -> page.locator("#save").click());
    assertEquals(-1, Files.mismatch(made.resolve("head-07.dcm"), saved.path()));
    assertEquals(List.of(), complaints());
    page.context().close();
  }

  @Test
  void textsThatAreScriptsStayTexts() {
    Page page = list("name=%3Cb", 1280, 800, ColorScheme.DARK);
    assertThat(row(page, HOSTILE)).containsText("<b>Bold</b>, <script>window.broken++</script>");
    row(page, HOSTILE).locator(".who").click();

    assertThat(page.locator("#tl")).containsText("<b>Bold</b>");
    assertThat(page.locator("#tr")).containsText("<img src=x onerror=window.broken=1>");
    assertThat(page.locator("#bl")).containsText("Frame 1 / 4");
    page.keyboard().press("ArrowDown");
    assertThat(page.locator("#bl")).containsText("Frame 2 / 4");
    page.keyboard().press("m");
    assertThat(page.locator("#elements")).containsText("<b>native</b>");
    assertNull(page.evaluate("window.broken ?? null"));
    assertEquals(0, page.locator("#elements b, .corner b, .corner img, #title b, .one i").count());
    Browser.shoot(page, "hostile");
    assertEquals(List.of(), complaints());
    page.context().close();
  }

  @Test
  void aStudyThatArrivesIsThereAfterAReloadAndANodeThatIsGoneIsSaid() throws Exception {
    Page page = list("", 1280, 800, ColorScheme.LIGHT);
    page.locator("#name").fill("CompressedSamples^MR1");
    assertThat(page.locator("#empty")).containsText("No study matches");
    assertEquals(200, node.send(pydicom("MR_small.dcm")));
    page.locator("#reload").click();
    assertThat(page.locator("tr[data-study]")).hasCount(1);

    node.withDoorsClosed(() -> {
      page.locator("#reload").click();
      assertThat(page.locator("#problem")).containsText("this node does not answer");
      assertThat(page.locator("#count")).hasText("Not current");
    });
    page.locator("#reload").click();
    assertThat(page.locator("#problem")).isHidden();
    page.context().close();
  }

  /** PS3.3 sections C.11.2.1.1 (the file's own table), C.7.6.3.1.2 (low values bright), 10.7.1.3 (what a detector's spacing is). */
  @Test
  void aProjectionIsDrawnByItsTableAndTellsItsSideItsScaleAndItsLoss() {
    Page page = viewer(BREAST, 1280, 800);
    page.keyboard().press("a");

    int[] expected = IntStream.range(0, SMALL * SMALL).map(i -> told.at("/breast/" + i).asInt()).toArray();
    page.waitForCondition(() -> Arrays.equals(expected, Glass.drawn(page, SMALL)));
    page.keyboard().press("f");
    assertThat(page.locator("#br")).containsText("Table DENSE");
    assertThat(page.locator("#bl")).containsText("L MLO");
    assertThat(page.locator("#bl")).containsText("Lossy 12.5:1");
    assertThat(page.locator("#scale-text")).hasText(Pattern.compile("at detector$"));
    assertThat(page.locator("#edge-left")).hasText("P");
    assertThat(page.locator("#edge-bottom")).hasText("FL");
    assertThat(page.locator("#edge-top")).hasText("HR");
    Browser.shoot(page, "breast");
    page.keyboard().press("Shift+C");
    assertThat(page.locator("#br")).containsText("W 4352 · C 2048");
    assertEquals(List.of(), complaints());
    page.context().close();
  }

  @Test
  void anUltrasoundPlaysInColourAndHasItsRuler() {
    Page page = viewer(ECHO, 1280, 800);
    assertThat(page.locator("#scale-text")).hasText("2 cm");
    assertThat(page.locator("#preset")).isDisabled();
    assertThat(page.locator("#rate")).hasValue("25");
    Browser.shoot(page, "echo");
    page.keyboard().press("Space");
    assertThat(page.locator("#bl")).containsText(Pattern.compile("Frame [2-8] / 8"));
    page.keyboard().press("Space");
    page.keyboard().press("End");
    assertThat(page.locator("#canvas")).hasAttribute("data-image", ECHO + ".1.1/8");
    page.context().close();
  }

  /**
   * A hand on the slider passes a thousand images: what it stops at is there at once, and what it passed was not asked for. None comes before it stops, on any
   * machine: what lies beside an image that is there would be asked for, too.
   */
  @Test
  void aThousandInstancesAreRunThroughWithoutAskingForAll() throws Exception {
    for (int i = 0; i < 1000; i++) assertEquals(200, node.send(made.resolve("many/%04d.dcm".formatted(i))));
    Page page = viewer(MANY, 1440, 900);
    assertThat(page.locator("#bl")).containsText("Image 1 / 1000");

    List<Route> asked = new ArrayList<>();
    page.route("**/frames/**", asked::add);
    page.evaluate("""
        async () => { const slider = document.getElementById('slider');
          for (let i = 1; i <= 1000; i++) {
            slider.value = String(i);
            slider.dispatchEvent(new Event('input'));
            if (i % 10 === 0) await new Promise(requestAnimationFrame);
          } }""");
    int passed = asked.size();
    page.unroute("**/frames/**");
    asked.forEach(StudiesPageIT::letGo);

    assertThat(page.locator("#canvas")).hasAttribute("data-image", MANY + ".1.1000/1");
    assertThat(page.locator("#bl")).containsText("Loc 999 mm");
    assertTrue(passed > 0 && passed < 250, passed + " frames were asked for");
    page.waitForCondition(() -> (Boolean) page.evaluate("location.hash.endsWith('image=1000')"));
    page.locator("#slider").fill("500");
    assertThat(page.locator("#canvas")).hasAttribute("data-image", MANY + ".1.500/1");
    Browser.shoot(page, "thousand");
    assertEquals(List.of(), complaints());
    page.context().close();
  }

  @Test
  void compressedPicturesAreDrawnAndWhatCannotBeDecodedSaysSo() {
    for (String name : List.of("SC_rgb_jpeg_dcmtk", "JPEG2000", "MR_small_RLE", "SC_rgb_rle_2frame")) {
      Page page = viewer(study("Test^" + name), 1024, 700);
      assertThat(page.locator("#bl")).containsText("Image 1");
      Browser.shoot(page, "compressed-" + name);
      page.context().close();
    }
    assertEquals(List.of(), browser.complaints);

    Page page = browser.page(node.base() + "/studies/viewer/#study=" + study("Test^MR_small_jpeg_ls_lossless"), 1024,
        700, ColorScheme.LIGHT);
    assertThat(page.locator("#problem")).containsText("Image 1 cannot be shown");
    assertThat(page.locator("#problem")).containsText("transfer syntax 1.2.840.10008.1.2.4.80");
    assertThat(page.locator("#save")).isEnabled();
    Browser.shoot(page, "not-decoded");
    page.context().close();
  }

  @Test
  void aPhoneAndALightRoomShowTheSamePicture() {
    Page phone = viewer(HEAD, 390, 844);
    assertTrue((Boolean) phone.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is cut off");
    Glass.assertNothingOverlaps(phone);
    Browser.shoot(phone, "phone");
    phone.context().close();

    Page page = viewer(HEAD, 1024, 700);
    page.locator("#theme").click();
    assertThat(page.locator("html")).hasAttribute("data-theme", "light");
    Glass.assertNothingOverlaps(page);
    Browser.shoot(page, "light");
    page.context().close();
  }

  private static void letGo(Route asked) {
    try {
      asked.resume();
    } catch (PlaywrightException givenUp) {
      // by the page
    }
  }

  /** Whatever pydicom brings along: drawn, or said why not, and never an error of the page's own. */
  @Test
  void everyTestFileOfPydicomIsShownOrExplained() throws Exception {
    JsonNode series = new ObjectMapper()
        .readTree(node.get("/dicom-web/series?PatientName=Test*&limit=500", "application/dicom+json"));
    Page page = list("", 1024, 700, ColorScheme.LIGHT);
    int drawn = 0;
    for (JsonNode one : series)
      if (isDrawn(page, one.at("/0020000D/Value/0").asText(), one.at("/0020000E/Value/0").asText())) drawn++;

    assertTrue(stored > 50, stored + " files were stored");
    assertEquals(stored, series.size());
    assertTrue(drawn > 40, drawn + " of " + stored + " were drawn");
    assertEquals(List.of(), complaints());
    page.context().close();
  }

  /** What pages said is wrong, but for what the browser says itself of a thumbnail that a report, or a picture that cannot be decoded, does not have. */
  private static List<String> complaints() {
    return browser.complaints.stream()
        .filter(said -> !said.matches(".*responded with a status of (404|406) .*"))
        .toList();
  }

  private static boolean isDrawn(Page page, String study, String series) {
    page.navigate(node.base() + "/studies/viewer/?" + series + "#study=" + study + "&series=" + series);
    Locator outcome = page.locator("#canvas[data-image], #problem:visible, #notice:visible:has-text('no images')");
    outcome.first().waitFor();
    assertThat(page.locator("#problem")).not().containsText(Pattern.compile("undefined|NaN|null|TypeError"));
    boolean drawn = page.locator("#canvas[data-image]").count() == 1;
    if (drawn) assertThat(page.locator("#bl")).containsText(Pattern.compile("Image \\d+ / \\d+"));
    return drawn;
  }
}

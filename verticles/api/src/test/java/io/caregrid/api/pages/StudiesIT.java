package io.caregrid.api.pages;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.microsoft.playwright.Download;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Mouse;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.ColorScheme;
import com.microsoft.playwright.options.MouseButton;
import io.caregrid.api.House;
import io.caregrid.api.PageRoutes;
import io.caregrid.api.Ward;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Files;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The studies pages in a real browser, over pictures whose every pixel is known. Screenshots lie in {@code target/screens}. */
@Tag("full")
class StudiesIT {
  private static final Pattern FIRST = Pattern.compile("Image 1 / 12");
  private static Browser browser;
  private static Vertx vertx;
  private static House house;
  private static Pictures pictures;

  @BeforeAll
  static void open() {
    browser = Browser.open();
    vertx = Vertx.vertx();
    pictures = new Pictures();
    house = Ward.get(House.open(vertx, new PageRoutes(), pictures));
  }

  @AfterAll
  static void close() {
    if (browser != null) browser.close();
    if (vertx != null) Ward.get(vertx.close());
  }

  @BeforeEach
  void everythingIsWell() {
    pictures.refusal = null;
    pictures.empty = false;
    browser.complaints.clear();
  }

  @AfterEach
  void nothingCameFromAnywhereElse() {
    assertEquals(List.of(), browser.foreign);
  }

  private static Page list(String fragment, int width, int height) {
    return browser.page(house.base() + "/studies/" + fragment, width, height, ColorScheme.LIGHT);
  }

  private static Page viewer(String study, int width, int height) {
    Page page = browser.page(house.base() + "/studies/viewer/#study=" + study, width, height, ColorScheme.LIGHT);
    assertThat(page.locator("#canvas")).hasAttribute("data-image", Pattern.compile(".+"));
    return page;
  }

  private static Locator rows(Page page) {
    return page.locator("tr[data-study]");
  }

  @Test
  void studiesAreListedAndFoundByNameDateAndModalityAndTheAddressKeepsTheSearch() {
    Page page = list("", 1440, 900);

    assertThat(rows(page)).hasCount(25);
    assertThat(rows(page).first()).containsText("Costa, Clara");
    assertThat(rows(page).first()).containsText("1961-03-14");
    assertThat(rows(page).first().locator(".images")).hasText("12");
    page.waitForCondition(() -> (Boolean) page.evaluate("document.querySelector('tr img').naturalWidth > 0"));
    Browser.shoot(page, "studies");
    page.locator("#name").fill("cos");
    assertThat(rows(page)).hasCount(1);
    page.waitForCondition(() -> "#name=cos".equals(page.evaluate("location.hash")));
    page.reload();
    assertThat(page.locator("#name")).hasValue("cos");
    assertThat(rows(page)).hasCount(1);

    page.locator("#clear").click();
    page.locator("#modality").selectOption("US");
    assertThat(rows(page)).hasCount(1);
    page.locator("#clear").click();
    page.locator("#dates [value=range]").click();
    page.locator("#from").fill("2026-03-02");
    assertThat(rows(page)).hasCount(1);
    page.locator("#dates [value=today]").click();
    assertThat(page.locator("#empty")).containsText("No study matches");
    assertTrue(pictures.searches.stream().noneMatch(query -> query.contains("PatientName=&")), "no empty keys");
    assertEquals(List.of(), browser.complaints);
    page.context().close();
  }

  @Test
  void pagesFollowOneAnotherWithoutOverlap() {
    Page page = list("", 1280, 800);
    assertThat(rows(page)).hasCount(25);
    assertThat(page.locator("#back")).isDisabled();

    page.locator("#next").click();

    assertThat(page.locator("#place")).hasText("26 – 42");
    assertThat(rows(page)).hasCount(17);
    assertThat(rows(page).first()).hasAttribute("data-study", "1.2.3.100.23");
    assertThat(page.locator("#next")).isDisabled();
    page.locator("#back").click();
    assertThat(rows(page).first()).hasAttribute("data-study", Pictures.CT);
    page.locator("#size").selectOption("100");
    assertThat(rows(page)).hasCount(42);
    page.context().close();
  }

  @Test
  void anEmptyArchiveABusyOneAndOneThatIsGoneAreTold() {
    pictures.empty = true;
    Page page = list("", 1280, 800);
    assertThat(page.locator("#empty")).containsText("No study has arrived yet");
    Browser.shoot(page, "studies-empty");
    pictures.empty = false;
    page.locator("#reload").click();
    assertThat(rows(page)).hasCount(25);

    pictures.refusal = new Pictures.Refusal(503, "too many questions");
    page.locator("#reload").click();
    assertThat(page.locator("#problem")).containsText("busy (503), try again in 5 s. It said: too many questions");
    assertThat(page.locator("#count")).hasText("Not current");
    pictures.refusal = new Pictures.Refusal(404, "");
    page.locator("#reload").click();
    assertThat(page.locator("#problem")).containsText("Its role \"dicom\" may be switched off");
    page.route("**/dicom-web/**", route -> route.abort("connectionrefused"));
    page.locator("#reload").click();
    assertThat(page.locator("#problem")).containsText("does not answer");
    Browser.shoot(page, "studies-gone");

    pictures.refusal = null;
    page.unroute("**/dicom-web/**");
    page.locator("#reload").click();
    assertThat(page.locator("#problem")).isHidden();
    page.context().close();
  }

  @Test
  void theViewerDrawsEveryPixelAsItsWindowSays() {
    Page page = viewer(Pictures.CT, 1440, 900);
    assertThat(page.locator("#bl")).containsText(FIRST);
    assertThat(page.locator("#br")).containsText("W 200 · C 100");
    Browser.shoot(page, "viewer");

    page.keyboard().press("a");
    assertPixels(page, 0, 100, 200);
    page.keyboard().press("5");
    assertThat(page.locator("#br")).containsText("W 2000 · C 500");
    assertPixels(page, 0, 500, 2000);
    page.keyboard().press("i");
    assertThat(page.locator("#br")).containsText("inverted");
    page.context().close();
  }

  /** At one to one, the canvas holds the image itself in its middle: every pixel is PS3.3 C.11.2.1.2.1's LINEAR of its value. */
  private static void assertPixels(Page page, int slice, int center, int width) {
    page.waitForCondition(() -> drawn(page).equals(expected(slice, center, width)));
  }

  @SuppressWarnings("unchecked")
  private static List<Integer> drawn(Page page) {
    return (List<Integer>) page.evaluate("""
        side => { const c = document.getElementById('canvas');
          const x = Math.round((c.clientWidth - side) / 2), y = Math.round((c.clientHeight - side) / 2);
          return [...c.getContext('2d').getImageData(x, y, side, side).data].filter((v, i) => i % 4 === 1); }""",
        Pictures.SIDE);
  }

  private static List<Integer> expected(int slice, int center, int width) {
    return java.util.stream.IntStream.range(0, Pictures.SIDE * Pictures.SIDE)
        .mapToObj(i -> grey(Pictures.stored(slice, i % Pictures.SIDE, i / Pictures.SIDE) - 1024, center, width))
        .toList();
  }

  private static int grey(double value, double center, double width) {
    if (value <= center - 0.5 - (width - 1) / 2) return 0;
    if (value > center - 0.5 + (width - 1) / 2) return 255;
    return (int) Math.round(((value - (center - 0.5)) / (width - 1) + 0.5) * 255);
  }

  @Test
  void wheelKeysAndSliderWalkThroughTheSeriesInOrder() {
    Page page = viewer(Pictures.CT, 1280, 800);
    assertThat(page.locator("#bl")).containsText(FIRST);
    page.locator("#canvas").hover();

    page.mouse().wheel(0, 100);
    page.mouse().wheel(0, 100);
    assertThat(page.locator("#bl")).containsText("Image 3 / 12");
    page.keyboard().press("a");
    assertPixels(page, 2, 100, 200);
    page.mouse().wheel(0, -100);
    assertThat(page.locator("#canvas")).hasAttribute("data-image", "1.2.3.1.1.1/1");
    page.keyboard().press("End");
    assertThat(page.locator("#bl")).containsText("Image 12 / 12");
    page.keyboard().press("ArrowDown");
    page.keyboard().press("ArrowUp");
    assertThat(page.locator("#bl")).containsText("Image 11 / 12");
    assertThat(page.locator("#slider")).hasAttribute("aria-valuetext", "Image 11 of 12");
    page.locator("#slider").fill("5");
    assertThat(page.locator("#canvas")).hasAttribute("data-image", "1.2.3.1.1.4/1");
    page.waitForCondition(() -> (Boolean) page.evaluate("location.hash.endsWith('image=5')"));
    page.reload();
    assertThat(page.locator("#bl")).containsText("Image 5 / 12");
    page.keyboard().press("Space");
    assertThat(page.locator("#cine")).hasAttribute("aria-pressed", "true");
    Set<String> shown = new HashSet<>(); // which of them a busy browser lets us see, nobody knows
    page.waitForCondition(() -> shown.add(page.locator("#bl").textContent()) && shown.size() >= 4);
    page.keyboard().press("Space");
    assertThat(page.locator("#cine")).hasAttribute("aria-pressed", "false");
    assertEquals(List.of(), browser.complaints);
    page.context().close();
  }

  @Test
  void draggingChangesTheWindowTheWheelWithControlZoomsAndThePointerMeasures() {
    Page page = viewer(Pictures.CT, 1280, 800);
    page.keyboard().press("a");
    var box = page.locator("#canvas").boundingBox();
    double x = box.x + Math.round((box.width - Pictures.SIDE) / 2) + 10.5;
    double y = box.y + Math.round((box.height - Pictures.SIDE) / 2) + 20.5;
    page.mouse().move(x, y);
    assertThat(page.locator("#br .reading"))
        .hasText((Pictures.stored(0, 10, 20) - 1024 + " HU @ 10, 20").replace('-', '−'));

    page.mouse().down(new Mouse.DownOptions().setButton(MouseButton.RIGHT));
    page.mouse().move(x + 100, y - 50, new Mouse.MoveOptions().setSteps(4));
    page.mouse().up(new Mouse.UpOptions().setButton(MouseButton.RIGHT));
    assertThat(page.locator("#preset option:checked")).hasText("By hand");
    assertThat(page.locator("#br")).not().containsText("W 200 ");
    page.keyboard().press("r");
    assertThat(page.locator("#br")).containsText("W 200 · C 100");

    page.keyboard().press("c");
    assertThat(page.locator("#br")).containsText("W 188 · C 100");
    page.keyboard().press("b");
    assertThat(page.locator("#br")).containsText("W 188 · C 88");
    page.keyboard().press("Shift+B");
    page.keyboard().press("Shift+C");
    assertThat(page.locator("#br")).containsText("W 199 · C 100");
    page.keyboard().press("r");

    String fitted = page.locator("#br div").nth(1).textContent();
    page.keyboard().down("Control");
    page.mouse().wheel(0, -200);
    page.keyboard().up("Control");
    assertThat(page.locator("#br div").nth(1)).not().hasText(fitted);
    page.keyboard().press("f");
    assertThat(page.locator("#br div").nth(1)).hasText(fitted);
    page.context().close();
  }

  @Test
  void whatSomebodyWroteIntoADataSetIsTextEverywhere() {
    Page page = list("", 1280, 800);
    assertThat(rows(page).nth(1)).containsText(Pictures.BROKEN);
    rows(page).nth(1).locator(".who").click();

    assertThat(page.locator("#title")).hasText(Pictures.BROKEN);
    assertThat(page.locator("#tl")).containsText("<b>7</b>");
    assertThat(page.locator("#tr")).containsText("<script>window.broken=1</script>");
    assertThat(page.locator(".one")).containsText("<i><img");
    page.keyboard().press("m");
    assertThat(page.locator("#elements")).containsText(Pictures.BROKEN);
    assertThat(page.locator("#elements")).containsText("step <b>1</b>");
    Browser.shoot(page, "viewer-hostile");
    assertNull(page.evaluate("window.broken ?? null"));
    assertEquals(0, page.locator("#elements b, .corner b, .corner img, #title img").count());
    assertEquals(List.of(), browser.complaints);
    page.context().close();
  }

  @Test
  void colourIsDrawnByTheArchiveFrameByFrame() {
    Page page = viewer(Pictures.HOSTILE, 1280, 800);
    assertThat(page.locator("#bl")).containsText("Frame 1 / 5");
    assertThat(page.locator("#preset")).isDisabled();
    page.keyboard().press("a");
    page.keyboard().press("ArrowDown");

    page.waitForCondition(() -> List.of(80, 20, 14).equals(page.evaluate("""
        side => { const c = document.getElementById('canvas');
          const x = Math.round((c.clientWidth - side) / 2), y = Math.round((c.clientHeight - side) / 2);
          return [...c.getContext('2d').getImageData(x + 10, y + 7, 1, 1).data].slice(0, 3); }""", Pictures.SIDE)));
    page.context().close();
  }

  @Test
  void threeHundredSeriesAskForThePicturesInSightOnly() {
    Page page = browser.page(house.base() + "/studies/viewer/#study=" + Pictures.MANY, 1280, 800, ColorScheme.LIGHT);
    assertThat(page.locator(".one")).hasCount(Pictures.MANY_SERIES);
    page.waitForCondition(() -> thumbnails(page) > 0);
    assertThat(page.locator("#notice")).containsText("no images");
    assertTrue(thumbnails(page) < 40, thumbnails(page) + " thumbnails");

    page.locator(".one").last().click();
    assertThat(page.locator(".one").last()).hasAttribute("aria-current", "true");
    page.waitForCondition(() -> (Boolean) page.evaluate("[...document.querySelectorAll('.one img')].at(-1).complete"));
    assertTrue(thumbnails(page) < 80, thumbnails(page) + " thumbnails");
    page.keyboard().press("Shift+N");
    assertThat(page.locator(".one").nth(Pictures.MANY_SERIES - 2)).hasAttribute("aria-current", "true");
    page.context().close();
  }

  private static int thumbnails(Page page) {
    return ((Number) page.evaluate(
        "performance.getEntriesByType('resource').filter(one => one.name.endsWith('/thumbnail')).length")).intValue();
  }

  @Test
  void metadataIsFoundByKeywordAndAReportHasItsElementsToo() {
    Page page = viewer(Pictures.CT, 1440, 900);
    page.locator("#tags").click();
    assertThat(page.locator("#elements")).containsText("RescaleIntercept");

    page.locator("#find").fill("scheduled step");
    assertThat(page.locator("#elements tr")).hasCount(3);
    assertThat(page.locator("#elements tr").last()).containsText("ScheduledProcedureStepID");
    Browser.shoot(page, "viewer-metadata");
    page.locator("#find").fill("");
    page.locator(".one").nth(1).click();
    assertThat(page.locator("#notice")).containsText("This series has no images (SR)");
    assertThat(page.locator("#elements")).containsText("SR");
    page.context().close();
  }

  @Test
  void anInstanceIsSavedUnderItsUidAndFhirIsLinked() throws IOException {
    Page page = viewer(Pictures.CT, 1280, 800);
    assertThat(page.locator("#fhir")).hasAttribute("href", "/fhir/ImagingStudy/img-1?_pretty=true");

    Download saved = page.waitForDownload(() -> page.locator("#save").click());

    assertEquals("1.2.3.1.1.0.dcm", saved.suggestedFilename());
    assertEquals("as received: 1.2.3.1.1.0", Files.readString(saved.path()));
    page.context().close();
  }

  @Test
  void aStudyThatIsGoneAndAnArchiveThatFailsAreTold() {
    Page page = browser.page(house.base() + "/studies/viewer/#study=9.9", 1280, 800, ColorScheme.DARK);
    assertThat(page.locator("#problem")).containsText("This study is not in the archive");
    page.context().close();

    Page other = viewer(Pictures.CT, 1280, 800);
    other.route("**/frames/**", route -> route.abort("connectionrefused"));
    other.locator(".one").first().click();
    assertThat(other.locator("#problem")).containsText("Image 1 cannot be shown: this node does not answer");
    Browser.shoot(other, "viewer-gone");
    other.unroute("**/frames/**");
    other.keyboard().press("ArrowDown");
    assertThat(other.locator("#problem")).isHidden();
    assertThat(other.locator("#canvas")).hasAttribute("data-image", "1.2.3.1.1.1/1");
    other.context().close();
  }

  @Test
  void aPhoneShowsBothPagesWithoutCuttingAnythingOff() {
    Page page = list("", 390, 844);
    assertThat(rows(page)).hasCount(25);
    assertTrue((Boolean) page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is cut off");
    Browser.shoot(page, "studies-phone");
    rows(page).first().locator(".who").click();
    assertThat(page.locator("#bl")).containsText(FIRST);
    assertTrue((Boolean) page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is cut off");
    assertTrue((Boolean) page.evaluate("document.getElementById('glass').clientHeight > innerHeight / 2"),
        "the picture has most of the screen");
    Browser.shoot(page, "viewer-phone");
    page.context().close();
  }
}

package io.caregrid.api.pages;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Route;
import com.microsoft.playwright.options.ColorScheme;
import io.caregrid.api.Ward;
import io.caregrid.cluster.Source;
import io.caregrid.contract.Caller;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.store.DeadLetter;
import io.vertx.core.buffer.Buffer;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The pages in a real browser, fed by monitors that are not there. Screenshots lie in {@code target/screens}. */
@Tag("full")
@ExtendWith(Engines.class)
class PagesIT {
  private static Browser browser;
  private static Ward ward;
  private static Monitors monitors;

  @BeforeAll
  static void open(LocalPostgres postgres) {
    browser = Browser.open();
    ward = new Ward(postgres);
    monitors = new Monitors(ward, 50);
    monitors.giveHistory();
    monitors.start();
  }

  @AfterAll
  static void close() {
    if (browser != null) browser.close();
    if (ward != null) ward.close();
  }

  @AfterEach
  void nothingCameFromAnywhereElse() {
    assertEquals(List.of(), browser.foreign);
  }

  private static Page vitals(int width, int height, ColorScheme scheme) {
    Page page = browser.page(ward.base() + "/vitals/", width, height, scheme);
    assertThat(page.locator(".tile")).hasCount(50);
    assertThat(tile(page, 2).locator(".who a")).hasText("Costa, Clara");
    return page;
  }

  private static Locator tile(Page page, int n) {
    return page.locator("[data-device='" + Monitors.device(n) + "']");
  }

  @Test
  void theWardShowsEveryPatientWithMovingValuesAndWhatNeedsAttentionFirst() {
    Page page = vitals(1920, 1080, ColorScheme.LIGHT);
    Locator heart = tile(page, 2).locator("[title='Heart rate'] .value");

    String before = heart.textContent();
    page.waitForCondition(() -> !heart.textContent().equals(before));

    assertThat(page.locator(".tile").first()).hasAttribute("data-device", Monitors.device(Monitors.URGENT));
    assertThat(tile(page, Monitors.URGENT)).hasClass(Pattern.compile("urgent"));
    assertThat(tile(page, Monitors.URGENT).locator("[title='Heart rate'] .side")).hasText("▲");
    assertThat(tile(page, Monitors.WATCHED)).hasClass(Pattern.compile("watch"));
    assertThat(tile(page, Monitors.STRANGER).locator(".who a")).hasText("No patient linked");
    assertThat(tile(page, 3).locator(".other")).containsText("glucose/mmol 5.4");
    assertTrue((Boolean) page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is cut off");
    page.waitForCondition(() -> inked(page, 2) > 100);
    Browser.shoot(page, "ward");
    assertEquals(List.of(), browser.complaints);
    page.context().close();
  }

  /** Pixels drawn in the first trend line of a tile: with ten minutes of history it is long at once. */
  private static int inked(Page page, int n) {
    return (Integer) page.evaluate(
        """
        device => { const c = document.querySelector(`[data-device='${device}'] canvas`);
          return c.width ? c.getContext('2d').getImageData(0, 0, c.width, c.height).data.filter((v, i) => i % 4 === 3 && v > 0).length : 0; }""",
        Monitors.device(n));
  }

  private static void answer(Page page, String address, int status, String json) {
    page.unroute(address);
    page.route(address, route -> route.fulfill(
        new Route.FulfillOptions().setStatus(status).setContentType("application/json").setBody(json)));
  }

  @Test
  void whatWentWrongWithSigningInIsSaidToWhoIsNotSignedInAndTroubleWithSigningOutToWhoIs() {
    Page page = browser.page(ward.base() + "/", 1280, 800, ColorScheme.LIGHT);
    answer(page, "**/auth/me", 200, "{\"asked\":true,\"offered\":true}");
    page.navigate(ward.base() + "/#sign-in=lost");
    page.reload();
    assertThat(page.locator("#session-notice")).containsText("took too long");

    answer(page, "**/auth/me", 200, "{\"asked\":true,\"offered\":true,\"who\":{\"name\":\"Ada\",\"may\":[]}}");
    page.reload();
    assertThat(page.locator("#who")).containsText("Ada");
    assertThat(page.locator("#session-notice")).hasCount(0);
    assertThat(page).hasURL(ward.base() + "/");

    answer(page, "**/auth/logout", 503, "{}");
    page.click("#who button");
    assertThat(page.locator("#session-notice")).containsText("may still be signed in");
    answer(page, "**/auth/logout", 200, "{\"to\":\"/vitals/\"}");
    page.click("#who button");
    assertThat(page).hasURL(ward.base() + "/vitals/");
    page.context().close();
    browser.complaints.clear(); // of the 503
  }

  @Test
  void aSilentMonitorIsMarkedAndComesBack() {
    monitors.silence(21, 23);
    monitors.silence(34, 140);
    Page page = vitals(1920, 1080, ColorScheme.LIGHT);

    assertThat(tile(page, 21)).hasClass(Pattern.compile("silent"));
    assertThat(tile(page, 21).locator(".seen")).containsText(Pattern.compile("No data for \\d+ (s|min).*Silent"));
    assertThat(tile(page, 34).locator(".seen")).containsText(Pattern.compile("No data for \\d+ min"));
    assertThat(page.locator(".count.silent")).hasText("2 silent");
    assertThat(page.locator(".tile").nth(2)).hasAttribute("data-device", Monitors.device(21));
    Browser.shoot(page, "silent");
    page.locator("#only").selectOption("silent");
    assertThat(page.locator(".tile:visible")).hasCount(2);

    monitors.wake(21);
    monitors.wake(34);
    assertThat(page.locator(".tile.silent")).hasCount(0);
    page.context().close();
  }

  @Test
  void aNodeThatGoesAwayLeavesNothingThatLooksLive() {
    Page page = vitals(1920, 1080, ColorScheme.DARK);
    assertThat(page.locator("#lost")).isHidden();
    Browser.shoot(page, "ward-dark");

    ward.withDoorsClosed(() -> {
      assertThat(page.locator("#lost")).isVisible();
      assertThat(page.locator("#lost")).containsText("Connection lost");
      assertThat(tile(page, 2).locator(".level")).hasText("Not live");
      Browser.shoot(page, "lost");
    });

    assertThat(page.locator("#lost")).isHidden();
    assertThat(tile(page, 2).locator(".seen")).hasText("now");
    browser.complaints.clear();
    page.context().close();
  }

  @Test
  void aNameThatIsAScriptIsOnlyAName() {
    Page page = vitals(1280, 800, ColorScheme.LIGHT);

    assertThat(tile(page, Monitors.SCRIPT).locator(".who a")).containsText("<script>window.broken=1</script>");
    tile(page, Monitors.SCRIPT).locator(".who a").click();
    assertThat(page.locator("#patient-name")).containsText("<script>");
    assertNull(page.evaluate("window.broken ?? null"));
    page.context().close();
  }

  @Test
  void aPatientIsFoundByNameAndShownWithTheLastHours() {
    Page page = vitals(1920, 1080, ColorScheme.LIGHT);
    page.locator("#find").fill("fischer");
    assertThat(page.locator(".tile:visible").first().locator(".who a")).containsText("Fischer");
    page.locator("#find").fill("");

    tile(page, Monitors.URGENT).locator(".who a").focus();
    page.keyboard().press("Enter");

    assertThat(page.locator("#patient-name")).containsText("Fischer");
    assertThat(page.locator(".graph")).hasCount(5);
    assertThat(page.locator("tbody tr").first()).isVisible();
    assertThat(page.locator("tbody")).containsText("samples");
    Browser.shoot(page, "patient");
    page.locator("[data-hours='4']").click();
    assertThat(page.locator("[data-hours='4']")).hasAttribute("aria-pressed", "true");
    String json = page.locator("tbody tr a").first().getAttribute("href");
    assertEquals(200, ward.send("GET", json, (String) null).statusCode());
    page.keyboard().press("Escape");
    assertThat(page.locator("#ward")).isVisible();
    assertEquals(List.of(), browser.complaints);
    page.context().close();
  }

  @Test
  void aPatientWithPicturesHasAWayIntoTheViewer() {
    assertEquals(201, ward.send("POST", "/fhir/ImagingStudy", """
        {"resourceType":"ImagingStudy","status":"available","identifier":[{"system":"urn:dicom:uid","value":"urn:oid:1.2.3.4"}],
         "subject":{"reference":"Patient/%s"},"started":"2026-11-20T09:15:00Z","description":"CT <b>Head</b>","numberOfSeries":2,"numberOfInstances":48,
         "modality":[{"system":"http://dicom.nema.org/resources/ontology/DCM","code":"CT"}]}"""
        .formatted(Monitors.patient(2))).statusCode());
    Page page = vitals(1920, 1080, ColorScheme.LIGHT);
    Locator images = page.locator(".images");

    tile(page, 2).locator(".who a").click();
    assertThat(images.locator("tbody tr")).containsText("CT <b>Head</b>");
    assertThat(images.locator("a")).hasAttribute("href", "/studies/viewer/#study=1.2.3.4");
    assertThat(images.locator("td").nth(4)).hasText("48");
    images.scrollIntoViewIfNeeded();
    Browser.shoot(page, "patient-images");
    page.keyboard().press("Escape");
    tile(page, 3).locator(".who a").click();
    assertThat(page.locator("tbody tr").last()).isVisible();
    assertThat(images).isHidden();
    assertEquals(List.of(), browser.complaints);
    page.context().close();
  }

  @Test
  void aPhoneShowsOneColumnThatFits() {
    Page page = vitals(390, 844, ColorScheme.DARK);

    assertTrue((Boolean) page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is cut off");
    Browser.shoot(page, "phone");
    tile(page, Monitors.URGENT).locator(".who a").click();
    assertThat(page.locator(".graph")).hasCount(5);
    assertTrue((Boolean) page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is cut off");
    Browser.shoot(page, "phone-patient");
    page.context().close();
  }

  @Test
  void deadLettersTellWhyAndShowThePayloadAsText() {
    UUID topic = UUID.randomUUID();
    Ward.get(ward.letters.keep(Caller.system("test"), List.of(
        new DeadLetter(new Source(topic, 0, 17, 0), "malformed-json", "line 1, column 18: a value is missing", null,
            Buffer.buffer("{\"deviceId\":\"m1\",}"), Instant.now().minusSeconds(300)),
        new DeadLetter(new Source(topic, 1, 4, 0), "no-template", "no device template matches this message",
            "ventilator-3",
            Buffer
                .buffer("{\"deviceId\":\"ventilator-3\",\"peep\":5,\"note\":\"<img src=x onerror=window.broken=1>\"}"),
            Instant.now()))));
    Page page = browser.page(ward.base() + "/dead-letters/", 1600, 900, ColorScheme.LIGHT);

    assertThat(page.locator("tbody tr")).hasCount(2);
    assertThat(page.locator("tbody tr").first()).containsText("no-template");
    assertThat(page.locator("tbody tr").first().locator("pre")).containsText("<img src=x");
    assertNull(page.evaluate("window.broken ?? null"));
    Browser.shoot(page, "dead-letters");
    page.locator("#reason").selectOption("malformed-json");
    assertThat(page.locator("tbody tr")).hasCount(1);
    assertEquals(List.of(), browser.complaints);
    page.context().close();
  }

  @Test
  void theStartPageSaysHowTheNodeIs() {
    Page page = browser.page(ward.base() + "/", 1280, 900, ColorScheme.LIGHT);

    assertThat(page.locator("#state")).containsText("Ready");
    assertThat(page.locator("#checks tr")).containsText(new String[] {"database", "log", "disk space"});
    assertThat(page.locator("#ward")).containsText("50 monitors");
    Browser.shoot(page, "start");
    ward.diskHasRoom.set(false);
    assertThat(page.locator("#checks tr").last()).containsText("look at the log");
    assertThat(page.locator("#state")).containsText("Ready");
    ward.diskHasRoom.set(true);
    ward.logIsThere.set(false);
    assertThat(page.locator("#state")).containsText("Not ready");
    ward.logIsThere.set(true);
    browser.complaints.clear();
    assertFalse(page.locator("#curl").textContent().isEmpty());
    page.context().close();
  }
}

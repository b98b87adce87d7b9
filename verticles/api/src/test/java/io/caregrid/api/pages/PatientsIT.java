package io.caregrid.api.pages;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Route;
import com.microsoft.playwright.options.ColorScheme;
import io.caregrid.api.Ward;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The patient page in a real browser, on a real store. Screenshots lie in {@code target/screens}. */
@Tag("full")
@ExtendWith(Engines.class)
class PatientsIT {
  /** A few small pages, not twenty thousand. */
  private static final int MOST_OBSERVATIONS_READ = 800;
  private static Browser browser;
  private static Ward ward;
  private static People people;

  @BeforeAll
  static void open(LocalPostgres postgres) {
    browser = Browser.open();
    ward = new Ward(postgres);
    people = new People(ward);
    people.moveIn();
  }

  @AfterAll
  static void close() {
    if (browser != null) browser.close();
    if (ward != null) ward.close();
  }

  @BeforeEach
  void nobodyHasComplained() {
    browser.complaints.clear();
  }

  @AfterEach
  void nothingCameFromAnywhereElse() {
    assertEquals(List.of(), browser.foreign);
  }

  private static Page page(String fragment, int width, int height, ColorScheme scheme) {
    return browser.page(ward.base() + "/patients/" + fragment, width, height, scheme);
  }

  private static Page patient(String id) {
    Page page = page("#patient=" + id, 1280, 900, ColorScheme.LIGHT);
    assertThat(page.locator("#person-name")).not().hasText("Reading …");
    assertThat(page.locator("section[aria-label=Timeline] [role=status]")).not().hasText("Reading …");
    return page;
  }

  /** Of the answer to what stands in the box, not of the one before. */
  private static Locator rows(Page page) {
    return page.locator("#rows:not(.old) .row");
  }

  private static void find(Page page, String typed) {
    page.locator("#box").fill(typed);
    page.keyboard().press("Enter");
  }

  private static void fits(Page page) {
    assertTrue((Boolean) page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is cut off");
  }

  private static void whole(Page page, String name) {
    page.screenshot(new Page.ScreenshotOptions().setFullPage(true)
        .setPath(Path.of("target", "screens", name + ".png")));
  }

  @Test
  void whoeverIsMeantIsFoundByPartsOfNameBirthDateAndNumberInAnyOrder() {
    Page page = page("", 1280, 800, ColorScheme.LIGHT);
    assertThat(page.locator("#state")).containsText("Parts are enough");
    assertThat(page.locator("#box")).isFocused();

    for (String typed : List.of("Muell 1970-03", "1970 müll anna", "12.03.1970", "3/12/1970", "ÜLL", "mueller",
        "MRN-1099", "mrn-109", "urn:example:mrn|MRN-1099", "lukasiew", "Sofia 1234567")) {
      find(page, typed);
      assertThat(rows(page)).hasCount(1);
      assertThat(rows(page)).hasAttribute("data-patient", People.RICH);
    }
    find(page, "Muell 1970-03");
    assertThat(page.locator("#meant")).containsText("born Mar 1970");
    assertThat(rows(page)).containsText("MRN-1099");
    Browser.shoot(page, "patients-found");
    find(page, "小明");
    assertThat(rows(page)).hasAttribute("data-patient", "chinese");
    find(page, "الزهراء");
    assertThat(rows(page)).hasAttribute("data-patient", "arabic");
    find(page, "2001");
    assertThat(page.locator(".instead")).hasText("search 2001 as a number");
    assertThat(rows(page)).hasAttribute("data-patient", People.EMPTY);
    page.locator(".instead").click();
    assertThat(page.locator("#box")).hasValue("#2001");
    assertThat(page.locator("#state")).containsText("Nobody was found");
    find(page, "31.02.1970");
    assertThat(page.locator("#meant")).containsText("no day of the calendar");
    assertThat(page.locator("#state")).containsText("Mend what is marked");
    find(page, "Anna zzz");
    assertThat(page.locator("#state")).containsText("All of it has to fit");
    assertEquals(List.of(), browser.complaints);
    page.context().close();
  }

  @Test
  void manyAreReadPageByPageAndPartsOfNumbersToo() {
    Page page = page("#find=massey", 1280, 800, ColorScheme.LIGHT);

    assertThat(rows(page)).hasCount(25);
    page.locator("#more").click();
    assertThat(rows(page)).hasCount(50);
    page.locator("#more").click();
    assertThat(rows(page)).hasCount(60);
    assertThat(page.locator("#more")).isHidden();
    assertThat(page.locator("#state")).hasText("60 patients");
    find(page, "ser-01");
    assertThat(rows(page)).hasCount(10);
    assertEquals("", page.evaluate("location.search"));
    page.context().close();
  }

  @Test
  void onePatientIsShownWithWhatMattersMeasurementsAndEverythingByDate() {
    Page page = page("#find=muell&patient=" + People.RICH, 1280, 900, ColorScheme.LIGHT);

    assertThat(page.locator("#person-name")).hasText("Müller, Anna Sofia");
    assertThat(page.locator(".head")).containsText("born 12 Mar 1970");
    assertThat(page.locator(".head")).containsText("Łukasiewicz (maiden)");
    assertThat(page.locator("[aria-label=Problems] li")).hasCount(2);
    assertThat(page.locator("[aria-label=Medication] li")).containsText(new String[] {"Salbutamol", "Ramipril"});
    assertThat(page.locator("[aria-label=Allergies]")).containsText("Hives · high risk");
    assertThat(page.locator("[data-measure]")).hasCount(3);
    assertThat(page.locator("[data-measure$='29463-7'] .latest")).hasText("66.50 kg");
    assertThat(page.locator("[data-measure$='85354-9'] .latest")).containsText("Systolic");
    Locator events = page.locator(".event");
    assertThat(events.first()).containsText("Check-up");
    assertThat(page.locator("[data-kind=imaging] a").first()).hasAttribute("href", "/studies/viewer/#study=1.2.3.4");
    assertThat(page.locator(".lines h4").first()).hasText("2026");
    assertThat(page.locator(".lines h4").last()).hasText("Without a date");
    String letter = page.locator("[data-kind=documents] .what a").getAttribute("href");
    assertEquals("Dear colleague", ward.send("GET", letter, (String) null, "Accept", "text/plain").bodyAsString());
    page.locator("[data-measure$='85354-9'] button").click();
    assertThat(page.locator(".course:visible canvas")).hasAttribute("aria-label",
        Pattern.compile("Chart of Systolic \\(mmHg\\): 26 values, lowest 128.*Diastolic"));
    page.locator("[data-measure$='72166-2'] button").click();
    assertThat(page.locator(".course:visible [role=status]:has-text('All 26, none of them a number')")).hasCount(1);
    whole(page, "patient-rich");
    page.locator("[data-kind=encounters]").first().click();
    assertThat(page.locator(".event[data-kind=encounters]")).hasCount(0);
    page.locator("button[data-kind=observations]").click();
    assertThat(page.locator(".event summary").first()).containsText("3 observations");
    assertEquals(List.of(), browser.complaints);
    page.context().close();
  }

  @Test
  void aPhoneInTheDarkShowsItAllInOneColumn() {
    Page page = page("#patient=" + People.RICH, 390, 844, ColorScheme.DARK);

    page.locator("[data-measure$='85354-9'] button").click();
    assertThat(page.locator(".course:visible canvas")).isVisible();
    fits(page);
    whole(page, "patient-phone");
    page.navigate(ward.base() + "/patients/#find=m");
    assertThat(rows(page).first()).isVisible();
    fits(page);
    Browser.shoot(page, "patients-phone");
    page.context().close();
  }

  @Test
  void aPatientWithTwentyThousandObservationsIsReadOnlyAsFarAsSomebodyLooks() {
    people.moveInHuge();
    Page page = page("", 1280, 900, ColorScheme.LIGHT);
    AtomicInteger observations = new AtomicInteger();
    AtomicInteger questions = new AtomicInteger();
    page.onResponse(answer -> {
      if (!answer.url().contains("/fhir/Observation?")) return;
      questions.incrementAndGet();
      observations.addAndGet(answer.text().split("\"resourceType\"\\s*:\\s*\"Observation\"", -1).length - 1);
    });

    page.navigate(ward.base() + "/patients/#patient=" + People.HUGE);
    assertThat(page.locator("#person-name")).hasText("Viel, Vera");
    assertThat(page.locator("[data-measure]").first()).isVisible();
    assertThat(page.locator("[data-measure]")).hasCount(People.HUGE_MEASURES);
    assertTrue(observations.get() >= People.HUGE_MEASURES, observations + " counted");
    assertTrue(observations.get() < MOST_OBSERVATIONS_READ, observations + " read");
    assertTrue(questions.get() < 10, questions + " asked");

    page.locator("[data-measure$='1000-0'] button").click();
    assertThat(page.locator(".course:visible [role=status]")).hasText("The newest 300.");
    page.locator("text=Read older values").click();
    assertThat(page.locator(".course:visible [role=status]")).hasText("The newest 600.");
    assertThat(page.locator(".course:visible canvas")).isVisible();
    page.locator("button[data-kind=observations]").click();
    assertThat(page.locator("section[aria-label=Timeline] > [role=status]")).containsText("25 newest");
    whole(page, "patient-huge");
    page.context().close();
  }

  @Test
  void everyAllergyIsShownTheGravestFirst() {
    Page page = patient(People.WARY);

    Locator allergies = page.locator("[aria-label=Allergies] li");
    assertThat(allergies).hasCount(13);
    assertThat(allergies.first()).hasText("Latex high risk");
    page.context().close();
  }

  @Test
  void whatIsRefutedForbiddenOrOnlyPlannedIsNotShownAsIfItHeld() {
    Page page = patient(People.WARY);

    assertThat(page.locator("[aria-label=Problems] li")).hasText(new String[] {"Lupus provisional"});
    assertThat(page.locator("[aria-label=Medication] li")).hasCount(3);
    assertThat(page.locator("[aria-label=Medication] li").first()).hasText("Aspirin do NOT give");
    assertThat(page.locator("[aria-label=Medication] li:has-text('Statin')")).containsText("plan, not an order");
    assertThat(page.locator("[aria-label=Medication] li:has-text('Ramipril')")).hasText("Ramipril");
    assertThat(page.locator(".event[data-kind=conditions]:has-text('Epilepsy')")).containsText("refuted");
    assertThat(page.locator(".event.wrong")).containsText("Gout");
    assertThat(page.locator(".event[data-kind=medications]:has-text('Aspirin')")).containsText("do NOT give");
    fits(page);
    whole(page, "patient-wary");
    page.context().close();
  }

  @Test
  void aMeasureBehindManyNotesWithoutACodeIsFoundAndNotHavingLookedFarEnoughIsSaid() {
    Page page = page("#patient=" + People.NOTED, 1280, 900, ColorScheme.LIGHT);
    Locator measurements = page.locator("[aria-label=Measurements]");

    assertThat(measurements.locator("> [role=status]")).containsText("there may be more measures");
    assertThat(page.locator("[data-measure]")).hasCount(1);
    page.locator("text=Look for more measures").click();
    assertThat(page.locator("[data-measure$='8867-4'] .latest")).hasText("71");
    assertThat(measurements.locator("> [role=status]")).hasText("");
    assertThat(page.locator("text=Look for more measures")).isHidden();
    page.context().close();
  }

  @Test
  void pressingAKindWhileTheFirstPagesAreOnTheirWayShowsNothingTwice() {
    Page page = page("", 1280, 900, ColorScheme.LIGHT);
    AtomicInteger encounters = new AtomicInteger();
    List<Route> held = new CopyOnWriteArrayList<>();
    page.route(Pattern.compile("/fhir/Encounter\\?"), route -> {
      encounters.incrementAndGet();
      held.add(route);
    });
    page.navigate(ward.base() + "/patients/#patient=" + People.RICH);
    page.locator("button[data-kind=documents]").click();
    page.waitForCondition(() -> !held.isEmpty());
    held.forEach(Route::resume);

    assertThat(page.locator(".event[data-kind=encounters]")).hasCount(13);
    assertThat(page.locator(".event[data-kind=documents]")).hasCount(0);
    assertEquals(1, encounters.get(), "questions");
    page.context().close();
  }

  @Test
  void whatIsTypedStandsInNoAddressAndNamesMayEndInDigits() {
    Page page = page("", 1280, 800, ColorScheme.LIGHT);
    List<String> asked = new CopyOnWriteArrayList<>();
    page.onRequest(request -> asked.add(request.method() + " " + request.url()));

    for (String typed : List.of("Brekke496", "Adela471 Brekke496", "Brekke496 SYN-77")) {
      find(page, typed);
      assertThat(rows(page)).hasCount(1);
      assertThat(rows(page)).hasAttribute("data-patient", "synthetic");
    }
    find(page, "massey");
    assertThat(rows(page)).hasCount(25);
    page.locator("#more").click();
    assertThat(rows(page)).hasCount(50);
    assertTrue(asked.contains("POST " + ward.base() + "/fhir/Patient/_search"), asked.toString());
    assertTrue(asked.stream().noneMatch(one -> one.matches("(?i).*(brekke|adela|syn|massey).*")), asked.toString());
    page.context().close();
  }

  @Test
  void theDocumentsOfReportsAreReadWhenSomebodyAsksForThem() {
    Page page = page("", 1280, 900, ColorScheme.LIGHT);
    List<String> answers = new CopyOnWriteArrayList<>();
    page.onResponse(answer -> {
      if (answer.url().contains("/fhir/DiagnosticReport")) answers.add(answer.text());
    });
    page.navigate(ward.base() + "/patients/#patient=" + People.WARY);
    Locator report = page.locator(".event[data-kind=reports]");

    assertThat(report).containsText("Biopsy");
    page.waitForCondition(() -> !answers.isEmpty());
    assertTrue(answers.stream().noneMatch(answer -> answer.contains("presentedForm")), answers.toString());
    report.locator("text=Look for its document").click();
    assertThat(report.locator(".what a")).hasAttribute("href", "/fhir/Binary/letter");
    assertThat(report).containsText("Scan, kept within its FHIR resource");
    assertThat(page.locator(".facts a")).hasText("This record replaced another");
    assertThat(page.locator(".facts a")).hasAttribute("href", "#patient=" + People.EMPTY);
    page.context().close();
  }

  @Test
  void whateverARecordHoldsIsTextAndNothingElse() {
    Page page = patient(People.ODD);

    assertThat(page.locator("#person-name")).containsText("<script>window.broken=1</script>");
    assertThat(page.locator(".facts")).containsText("born 1890 · about 70 years");
    assertThat(page.locator(".facts")).containsText("deceased May 1960");
    page.locator("button[data-kind=observations]").click();
    assertThat(page.locator(".event.wrong")).hasCount(1);
    page.locator("[data-measure] button").click();
    assertThat(page.locator(".course:visible [role=status]")).containsText("One value");
    assertEquals(0, page.locator("#person script, #person img, a[href^='javascript']").count());
    assertThat(page.locator("[data-kind=documents]").last()).containsText("kept elsewhere: javascript:");
    assertThat(page.locator("[data-kind=imaging] .what a")).hasCount(0);
    fits(page);
    whole(page, "patient-odd");
    find(page, "odd");
    assertThat(rows(page)).hasCount(1);
    find(page, "NN-0001");
    assertThat(rows(page)).containsText("No name");
    assertThat(rows(page)).containsText("deceased");
    assertNull(page.evaluate("window.broken ?? null"));
    assertEquals(List.of(), browser.complaints);
    page.context().close();
  }

  @Test
  void whoeverHasNothingAndWhoeverIsNotThereIsSaidKindly() {
    Page page = patient(People.EMPTY);
    assertThat(page.locator("[aria-label=Allergies]")).containsText("That does not mean that there are none");
    assertThat(page.locator("[aria-label=Measurements]")).containsText("Nothing has been measured yet");
    assertThat(page.locator("[aria-label=Timeline]")).containsText("Nothing of these kinds is recorded");
    Browser.shoot(page, "patient-empty");
    page.context().close();

    browser.complaints.clear();
    for (String id : List.of("nobody", ".", "..", "a%2Fb", "a%3F_id=rich")) {
      Page nobody = page("#patient=" + id, 1280, 800, ColorScheme.LIGHT);
      assertThat(nobody.locator("#person-name")).hasText("No such patient");
      nobody.context().close();
    }
  }

  private static void answer(Page page, String address, int status, Map<String, String> headers) {
    page.route(Pattern.compile(address), route -> route.fulfill(new Route.FulfillOptions().setStatus(status)
        .setHeaders(headers)
        .setContentType("application/fhir+json")
        .setBody("{\"resourceType\":\"OperationOutcome\",\"issue\":[{\"severity\":\"error\",\"code\":\"x\"}]}")));
  }

  @Test
  void refusalsEndedSessionsAndABusyServerAreToldApartAndBelongToTheirPart() {
    Page page = page("", 1280, 900, ColorScheme.LIGHT);
    answer(page, "/fhir/Condition\\?", 403, Map.of());
    answer(page, "/fhir/AllergyIntolerance\\?", 401, Map.of());
    AtomicInteger tries = new AtomicInteger();
    page.route(Pattern.compile("/fhir/MedicationRequest\\?"), route -> {
      if (tries.incrementAndGet() > 2) route.resume();
      else
        route.fulfill(new Route.FulfillOptions().setStatus(503).setHeaders(Map.of("Retry-After", "1")).setBody("{}"));
    });
    page.navigate(ward.base() + "/patients/#patient=" + People.RICH);

    assertThat(page.locator("[aria-label=Problems] .sorry")).containsText("your roles do not let you see them");
    assertThat(page.locator("[aria-label=Allergies] .sorry")).containsText("your session has ended");
    assertThat(page.locator("[aria-label=Allergies] .sorry a")).hasAttribute("href",
        "/auth/login?to=%2Fpatients%2F");
    assertThat(page.locator("[aria-label=Medication] li")).hasCount(2);
    assertThat(page.locator("[aria-label=Timeline] .sorry")).containsText("Conditions cannot be shown");
    assertThat(page.locator(".event").first()).isVisible();
    whole(page, "patient-troubles");

    answer(page, "/fhir/Patient/_search", 503, Map.of("Retry-After", "0"));
    find(page, "anna");
    assertThat(page.locator("#trouble .sorry")).containsText("the server is busy");
    page.unrouteAll();
    page.locator("#trouble button").click();
    assertThat(rows(page)).hasCount(1);
    browser.complaints.clear();
    page.context().close();
  }

  private static void me(Page page, String json) {
    page.route("**/auth/me", route -> route.fulfill(
        new Route.FulfillOptions().setContentType("application/json").setBody(json)));
  }

  @Test
  void whoeverIsNotSignedInIsSentToSignInAndWhoeverMayNotReadIsToldSo() {
    Page page = page("", 1280, 800, ColorScheme.LIGHT);
    page.route("**/auth/login*", route -> route.fulfill(
        new Route.FulfillOptions().setContentType("text/html").setBody("<h1>issuer</h1>")));
    me(page, "{\"asked\":true,\"offered\":true}");
    page.reload();
    assertThat(page).hasURL(ward.base() + "/auth/login?to=%2Fpatients%2F");

    page.navigate(ward.base() + "/patients/#patient=x");
    assertThat(page).hasURL(ward.base() + "/auth/login?to=%2Fpatients%2F");
    page.unroute("**/auth/me");
    me(page, "{\"asked\":true,\"offered\":true,\"who\":{\"name\":\"Ada\",\"may\":[\"DICOM_READ\"]}}");
    page.navigate(ward.base() + "/patients/");
    assertThat(page).hasURL(ward.base() + "/patients/#patient=x");
    assertThat(page.locator("#session-notice")).containsText("Ada may not see this page: it needs FHIR_READ");
    assertEquals(0, page.evaluate("sessionStorage.length"), "it is kept until then only");
    page.context().close();
  }

  @Test
  void keysAreEnough() {
    Page page = page("", 1280, 800, ColorScheme.LIGHT);
    page.keyboard().type("müller");
    page.keyboard().press("Enter");
    assertThat(rows(page)).hasCount(1);

    page.keyboard().press("Tab");
    page.keyboard().press("Tab");
    page.keyboard().press("Enter");
    assertThat(page.locator("#person-name")).isFocused();
    assertThat(page.locator("#found")).isHidden();
    page.keyboard().press("Escape");
    assertThat(page.locator("#person")).isHidden();
    assertThat(rows(page)).hasCount(1);
    page.goBack();
    assertThat(page.locator("#person-name")).hasText("Müller, Anna Sofia");
    assertEquals(List.of(), browser.complaints);
    page.context().close();
  }
}

package io.caregrid.platform;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.microsoft.playwright.Download;
import com.microsoft.playwright.FileChooser;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Route;
import com.microsoft.playwright.options.ColorScheme;
import com.microsoft.playwright.options.FilePayload;
import io.caregrid.api.pages.Browser;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalKafka;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.templates.mapping.Shipped;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The mapper and the dead letters in a real browser, over a whole node: log, normaliser, store. Screenshots lie in {@code target/screens}. */
@Tag("full")
@ExtendWith(Engines.class)
class MapperIT {
  private static final Duration LONGEST = Duration.ofSeconds(60);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HttpClient HTTP = HttpClient.newHttpClient();
  private static final String DEVICE = Shipped.text("/device/vitals.json");
  private static final String FHIR = Shipped.text("/observation/vitals.json");
  private static final String MONITOR = """
      {"serial": "MON-0042", "bed": "7", "sent": "2026-11-22T10:00:03Z",
       "readings": [{"at": "2026-11-22T10:00:00Z", "hr": 72, "spo2": 97}, {"at": "2026-11-22T10:00:01Z", "hr": 73, "spo2": "lead off"}],
       "ecg": {"mV": [0.02, 0.05, 0.91, -0.12], "hz": 250}}""";
  private static final String DROP = """
      ([name, text]) => { const data = new DataTransfer(); data.items.add(new File([text], name, {type: 'application/json'}));
        document.querySelector('main').dispatchEvent(new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true})); }""";
  @TempDir
  static Path data;
  private static Browser browser;
  private static Platform node;

  @BeforeAll
  static void open(LocalPostgres postgres, LocalKafka kafka) throws Exception {
    browser = Browser.open();
    node = TestNode.start(TestNode.settings(postgres, kafka, data));
  }

  @AfterAll
  static void close() {
    if (browser != null) browser.close();
    if (node != null) node.close();
  }

  @AfterEach
  void nothingCameFromAnywhereElseAndNothingIsComplainedOf() {
    assertEquals(List.of(), browser.foreign);
    assertEquals(List.of(), browser.complaints);
  }

  private static Page mapper(String behind, int width, int height, ColorScheme scheme) {
    return browser.page(node.http() + "/mapper/" + behind, width, height, scheme);
  }

  private static Locator step(Page page, int n) {
    return page.locator("#steps > li").nth(n - 1);
  }

  private static Locator editor(Page page, String which) {
    return page.locator("#" + which + " .editor textarea");
  }

  private static final Pattern DONE = Pattern.compile("done");

  @Test
  void aNewcomerGoesFromAMessageToAStoredObservation() throws Exception {
    put("/fhir/Patient/tour", "{\"resourceType\":\"Patient\",\"id\":\"tour\"}", "application/fhir+json");
    put("/fhir/Device/tour",
        """
        {"resourceType":"Device","id":"tour","identifier":[{"value":"MON-0042"}],"patient":{"reference":"Patient/tour"}}""",
        "application/fhir+json");
    Page page = mapper("", 1920, 1080, ColorScheme.LIGHT);
    assertThat(page.locator("#guide")).isVisible();
    Browser.shoot(page, "mapper-empty");

    page.fill("#paste", MONITOR);
    assertThat(page.locator("#tree")).containsText("MON-0042");
    assertThat(step(page, 1)).hasClass(DONE);

    page.locator("#tree button.value", new Page.LocatorOptions().setHasText("72")).click();
    assertThat(page.locator("#proposals")).containsText("$.Body.readings[?(@.hr)]");
    page.locator("#proposals").getByText("New template for this value").click();
    assertThat(page.locator("#measurements tbody tr")).hasCount(2);
    assertThat(page.locator("#measurements")).containsText("MON-0042");
    assertThat(step(page, 2)).hasClass(DONE);

    anErrorIsMarkedAndMended(page);

    for (int n = 4; n <= 7; n++) {
      step(page, n).locator("button").click();
      assertThat(step(page, n)).hasClass(DONE);
    }
    assertThat(page.locator("#measurements")).containsText("4ms 0.02 0.05 0.91 -0.12");
    assertThat(page.locator(".observation")).hasCount(3);
    assertThat(page.locator(".observation").first()).containsText("2 of 2 samples, 1000 ms apart: 72 73 /min");
    assertThat(page.locator("#fhir .verdict")).hasText("✓ valid");
    assertThat(step(page, 8)).not().hasClass(DONE);
    expressionsAreTried(page);
    Browser.shoot(page, "mapper-tour");

    step(page, 8).locator("button").click();
    page.fill("#put-name", "tour");
    page.fill("#put-comment", "the first one");
    Browser.shoot(page, "mapper-put");
    page.click("#put-now");
    assertThat(page.locator("#note")).containsText("tour is in force as version 1");
    assertThat(step(page, 8)).hasClass(DONE);
    assertEquals(editor(page, "fhir").inputValue(),
        TestNode.json(node.http() + "/iomt/mappings/tour").path("fhirMapping").asText());
    assertEquals("the first one", TestNode.json(node.http() + "/iomt/mappings/tour").path("comment").asText());

    step(page, 9).locator("button").click();
    assertThat(step(page, 9)).hasClass(DONE);
    JsonNode stored = observed("8867-4&subject=Patient/tour");
    assertEquals("72 73", stored.at("/resource/valueSampledData/data").asText());
    page.context().close();
  }

  private static void anErrorIsMarkedAndMended(Page page) {
    editor(page, "device").focus();
    page.keyboard().press("Control+End");
    for (int n = 0; n < 3; n++) page.keyboard().press("Backspace");
    Locator error = page.locator("#device .problems li.error").first();
    assertThat(error).containsText(Pattern.compile("line \\d+, column \\d+: "));
    assertThat(page.locator("#device .numbers .error")).hasCount(1);
    assertThat(page.locator("#device .verdict")).containsText("✕ 1 error");
    assertThat(step(page, 3).locator(".hint")).containsText("Mend it");
    Browser.shoot(page, "mapper-error");
    error.locator("button").click();
    assertThat(editor(page, "device")).isFocused();
    page.keyboard().press("Control+z");
    page.keyboard().press("Control+z");
    page.keyboard().press("Control+z");
    assertThat(page.locator("#device .verdict")).hasText("✓ valid");
    assertThat(step(page, 3)).hasClass(DONE);
  }

  private static void expressionsAreTried(Page page) {
    page.locator("#language").selectOption("JmesPath");
    page.fill("#expression", "Body.readings[1].hr");
    page.keyboard().press("Enter");
    assertThat(page.locator("#tried")).hasText("It finds one token, marked above.");
    assertThat(page.locator("#tree .match")).containsText("73");
    page.fill("#expression", "sum(Body.readings[*].hr)");
    page.keyboard().press("Enter");
    assertThat(page.locator("#matches")).hasText("145");
    page.fill("#expression", "Body.[");
    page.keyboard().press("Enter");
    assertThat(page.locator("#tried")).containsText("position");
    page.locator("#language").selectOption("JsonPath");
    page.fill("#expression", "$..[?(@.hr)]");
    page.keyboard().press("Enter");
    assertThat(page.locator("#tried")).hasText("It finds 2 tokens, marked above.");
  }

  @Test
  void aMessageIsCapturedFromTheStreamAndTheMappingInForceIsLoaded() throws Exception {
    ingest("/ingest", reading("capture-1", 61) + "\n" + reading("capture-2", 62));
    Page page = mapper("", 1440, 900, ColorScheme.DARK);
    page.locator("#stored").selectOption("default");
    page.click("#load");
    assertThat(editor(page, "device")).hasValue(Pattern.compile("heartrate"));
    assertThat(page.locator("#base")).containsText("default");

    page.click("#capture");
    assertThat(page.locator("#note")).containsText("in the audit trail");
    Locator mine = page.locator("#message-list button", new Page.LocatorOptions().setHasText("capture-2"));
    assertThat(mine).containsText("1 measurement");
    mine.click();
    assertThat(page.locator("#origin")).containsText("for mapping default");
    String at = page.locator("#origin time").getAttribute("datetime");
    assertTrue(Duration.between(Instant.parse(at), Instant.now()).abs().toMinutes() < 10, at);
    assertEquals(at, mine.locator("time").getAttribute("datetime"));
    assertThat(mine.locator("time")).hasText(Pattern.compile("\\d\\d:\\d\\d:\\d\\d$"));
    assertThat(page.locator("#measurements")).containsText("capture-2");
    assertThat(page.locator("#send")).isDisabled();
    page.click("#guide-close");
    Browser.shoot(page, "mapper-captured-dark");

    page.locator("#limit").selectOption("1");
    page.click("#capture");
    assertThat(page.locator("#message-list button")).hasCount(1);
    TestNode.eventually(LONGEST, "the look is in the trail", () -> {
      JsonNode trail = TestNode.json(node.http() + "/fhir/AuditEvent?subtype=messages-seen&_count=5");
      return trail.path("entry").isEmpty() ? null : true;
    });
    page.context().close();
  }

  @Test
  void messagesThatAreTooLargeTogetherAreAskedAboutOneAtATime() {
    Page page = mapper("", 1280, 900, ColorScheme.LIGHT);
    page.evaluate(
        """
        () => { const paste = document.getElementById('paste'), pad = 'x'.repeat(95_000);
          paste.value = Array.from({length: 100}, (one, n) => JSON.stringify({deviceId: `large-${n}.`, pad})).join('\\n');
          paste.dispatchEvent(new InputEvent('input', {bubbles: true})); }""");
    assertThat(page.locator("#state")).containsText("checked with the chosen message only");
    assertThat(page.locator("#tree")).containsText("large-0.");
    page.locator("#message-list button").nth(7).click();
    assertThat(page.locator("#tree")).containsText("large-7.");
    assertThat(page.locator("#about")).hasText("of message 8 of 100");
    browser.complaints.clear(); // of the 413
    page.context().close();
  }

  @Test
  void filesComeInAndGoOutByteForByteAndWorkOutlivesAReloadWithoutItsMessages() throws Exception {
    byte[] crlf = ("\uFEFF" + DEVICE.replace("\n", "\r\n")).getBytes(StandardCharsets.UTF_8);
    byte[] plain = FHIR.getBytes(StandardCharsets.UTF_8);
    Page page = mapper("", 1280, 900, ColorScheme.LIGHT);
    FileChooser chooser = page.waitForFileChooser(() -> page.click("#device .import"));
    chooser.setFiles(new FilePayload("mine.json", "application/json", crlf));
    assertThat(editor(page, "device")).hasValue(Pattern.compile("heartrate"));
    page.evaluate(DROP, List.of("fhirmapping.json", FHIR));
    assertThat(page.locator("#fhir .verdict")).hasText("✓ valid");
    page.evaluate(DROP, List.of("device-1.json", reading("secret-device", 59)));
    assertThat(page.locator("#note")).containsText("device-1.json as messages");
    assertThat(editor(page, "device")).hasValue(DEVICE);
    page.fill("#paste", reading("secret-device", 60));
    assertThat(page.locator("#measurements")).containsText("secret-device");

    assertArrayEquals(crlf, exported(page, "device"));
    assertArrayEquals(plain, exported(page, "fhir"));

    assertFalse(page.evaluate("JSON.stringify(localStorage) + JSON.stringify(sessionStorage)")
        .toString()
        .contains("secret-device"));
    page.reload();
    assertThat(editor(page, "device")).hasValue(DEVICE);
    assertThat(page.locator("#paste")).hasValue("");
    assertThat(page.locator("#tree")).not().containsText("secret-device");
    assertArrayEquals(crlf, exported(page, "device"));
    editor(page, "device").focus();
    page.keyboard().press("Control+Home");
    page.keyboard().type(" ");
    assertArrayEquals(("\uFEFF " + DEVICE.replace("\n", "\r\n")).getBytes(StandardCharsets.UTF_8),
        exported(page, "device"));
    page.context().close();
  }

  private static byte[] exported(Page page, String which) throws Exception {
    Download download = page.waitForDownload(() -> page.click("#" + which + " .export"));
    assertEquals(which.equals("device") ? "devicecontent.json" : "fhirmapping.json", download.suggestedFilename());
    return Files.readAllBytes(download.path());
  }

  @Test
  void whoeverWasOvertakenLosesNothingAndNobodyElsesWorkIsLost() throws Exception {
    mapping("ward", DEVICE, FHIR);
    Page page = mapper("", 1440, 1000, ColorScheme.LIGHT);
    page.locator("#stored").selectOption("ward");
    page.click("#load");
    assertThat(page.locator("#base")).containsText("in force as it stands here");
    mapping("ward", DEVICE.replace("\"heartrate\"", "\"pulse\""), FHIR.replace("\"heartrate\"", "\"pulse\""));
    editor(page, "device").focus();
    page.keyboard().press("Control+End");
    page.keyboard().type("  ");
    assertThat(page.locator("#base")).containsText("changed from ward");

    page.click("#put");
    assertThat(page.locator("#put-about")).containsText("Replaces version 1");
    page.click("#put-now");
    assertThat(page.locator("#put-problem")).containsText("Nothing was changed: version 2 of ward is in force");
    browser.complaints.clear(); // of the 412
    Browser.shoot(page, "mapper-overtaken");
    page.getByText("See what differs").click();
    assertThat(page.locator("#difference .less").first()).containsText("pulse");
    assertThat(page.locator("#versions tr")).hasCount(2);
    Browser.shoot(page, "mapper-versions");

    page.locator("#versions tr").last().getByText("Go back to it").click();
    assertThat(page.locator("#versions tr")).hasCount(3);
    assertThat(page.locator("#versions tr").first()).containsText("back to version 1");
    page.locator("#history-dialog .close").click();
    assertEquals(DEVICE, TestNode.json(node.http() + "/iomt/mappings/ward").path("deviceContent").asText());

    String mine = "{\"templateType\": \"CollectionContent\", \"template\": 5}";
    editor(page, "device").fill(mine);
    page.click("#load");
    assertThat(page.locator("#load-text")).containsText("was changed from ward");
    page.click("#load-now");
    assertThat(page.locator("#base")).containsText("version 3: in force");
    editor(page, "device").focus();
    page.keyboard().press("Control+z");
    assertThat(editor(page, "device")).hasValue(mine);
    assertThat(page.locator("#base")).containsText("changed from ward, version 1");
    page.keyboard().press("Control+Shift+z");
    assertThat(page.locator("#base")).containsText("version 3: in force");
    editor(page, "fhir").fill("{\"templateType\": \"CollectionFhir\"}");
    page.click("#put");
    page.click("#put-now");
    assertThat(page.locator("#put-problem")).containsText("fhirMapping");
    browser.complaints.clear(); // of the 422
    page.locator("#put-dialog .close").click();
    whatSomebodyRemovedCanBePutInForceAgain(page);
    page.context().close();
  }

  private static void whatSomebodyRemovedCanBePutInForceAgain(Page page) throws Exception {
    HttpResponse<String> removed = HTTP.send(HttpRequest.newBuilder(URI.create(node.http() + "/iomt/mappings/ward"))
        .timeout(Duration.ofSeconds(120))
        .DELETE()
        .build(), HttpResponse.BodyHandlers.ofString());
    assertTrue(removed.statusCode() < 300, removed.body());
    editor(page, "fhir").fill(FHIR);
    page.click("#put");
    page.click("#put-now");
    assertThat(page.locator("#put-problem")).containsText("removed ward");
    browser.complaints.clear(); // of the 412
    page.click("#put-now");
    assertThat(page.locator("#note")).containsText("ward is in force as version 5");
  }

  @Test
  void aDeadLetterIsOpenedInTheMapperAndSentAgainWhenTheMappingIsMended() throws Exception {
    mapping("pumps", DEVICE, FHIR);
    ingest("/ingest/pumps",
        "{\"deviceId\":\"pump-1\",\"patientId\":\"MRN-P1\",\"time\":\"2026-03-01T10:00:00Z\",\"hf\":81}");
    Page page = browser.page(node.http() + "/dead-letters/", 1440, 900, ColorScheme.LIGHT);
    Locator row = page.locator("tbody tr", new Page.LocatorOptions().setHasText("pump-1"));
    assertThat(row).containsText("no-template");
    row.getByText("Open in the mapper").click();

    assertThat(page.locator("#origin")).containsText("Dead letter: no-template");
    assertThat(page.locator("#errors")).containsText("No template of the device mapping matches this message.");
    assertThat(page.locator("#base")).containsText("pumps, version 1");
    Browser.shoot(page, "mapper-letter");
    editor(page, "device").fill(DEVICE.replace("heartRate", "hf"));
    assertThat(page.locator("#measurements")).containsText("81");
    page.click("#put");
    page.click("#put-now");
    assertThat(page.locator("#note")).containsText("version 2");
    page.locator("#origin").getByText("Send it again").click();
    assertThat(page.locator("#note")).containsText("in the log again");
    assertEquals("81", observedAt("pump-1").at("/resource/valueSampledData/data").asText().split(" ")[0]);

    page.navigate(node.http() + "/dead-letters/");
    page.locator("#state").selectOption("replayed");
    Locator replayed = page.locator("tbody tr", new Page.LocatorOptions().setHasText("pump-1"));
    assertThat(replayed).containsText("sent again");
    page.locator("#state").selectOption("open");
    assertThat(replayed).hasCount(0);
    ingest("/ingest/pumps", "{\"deviceId\":\"pump-2\",\"x\":1}\n{\"deviceId\":\"pump-3\",\"x\":1}");
    page.locator("#reason").selectOption("no-template");
    assertThat(page.locator("tbody tr", new Page.LocatorOptions().setHasText("pump-3"))).hasCount(1);
    assertThat(page.locator("tbody tr", new Page.LocatorOptions().setHasText("pump-2"))).hasCount(1);
    Browser.shoot(page, "dead-letters-replay");
    page.click("#all");
    assertThat(page.locator("#confirm-text")).containsText("with reason no-template");
    page.click("#confirm-yes");
    assertThat(page.locator("#done")).containsText(Pattern.compile("^[1-9]\\d* sent again\\."));
    page.locator("#state").selectOption("replayed");
    assertThat(page.locator("tbody tr", new Page.LocatorOptions().setHasText("pump-3"))).containsText("sent again");
    page.context().close();
  }

  @Test
  void theDeadLetterOfOneReadingIsOpenedAndTheFhirMappingIsTriedOnIt() throws Exception {
    mapping("scales", DEVICE, FHIR);
    ingest("/ingest/scales",
        "{\"deviceId\":\"scale-1\",\"patientId\":\"MRN-S1\",\"time\":\"2026-03-01T10:00:00Z\",\"heartRate\":\"fast\"}");
    Page page = browser.page(node.http() + "/dead-letters/", 1440, 900, ColorScheme.LIGHT);
    Locator row = page.locator("tbody tr", new Page.LocatorOptions().setHasText("scale-1"));
    assertThat(row).containsText("not-a-number");
    row.getByText("Open in the mapper").click();

    assertThat(page.locator("#origin")).containsText("It is one reading, which its device mapping has made");
    assertThat(page.locator("#measurements")).containsText("fast");
    assertThat(page.locator("#errors")).containsText("not-a-number");
    assertThat(page.locator("#tree")).containsText("only the FHIR mapping is tried");
    assertThat(page.locator("#base")).containsText("scales, version 1");
    Browser.shoot(page, "mapper-reading");
    editor(page, "fhir").fill(FHIR.replace("SampledData", "String"));
    assertThat(page.locator(".observation")).containsText("fast");
    assertThat(page.locator("#errors li")).hasCount(0);
    page.context().close();
  }

  @Test
  void whoMayOnlyReadMayTryAndIsToldWhatHeMayNot() {
    Page page = mapper("", 390, 844, ColorScheme.LIGHT);
    page.route("**/auth/me", route -> route.fulfill(new Route.FulfillOptions().setStatus(200)
        .setContentType("application/json")
        .setBody(
            "{\"asked\":true,\"offered\":true,\"who\":{\"name\":\"Ada\",\"may\":[\"FHIR_READ\",\"MAPPING_PREVIEW\"]}}")));
    page.reload();
    assertThat(page.locator("#note")).containsText("need OPERATE");
    assertThat(page.locator("#put")).isDisabled();
    assertThat(page.locator("#capture")).isDisabled();
    page.locator("#samples").selectOption("1");
    page.locator("#device .insert").selectOption("2");
    assertThat(page.locator("#measurements")).containsText("band-17");
    assertTrue((Boolean) page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is cut off");
    page.screenshot(new Page.ScreenshotOptions().setPath(Path.of("target/screens/mapper-phone.png")).setFullPage(true));
    page.context().close();
  }

  @Test
  void everyTemplateOfTheMenusIsTakenByTheNodeAndAThousandLinesKeepTheirMarks() {
    Page page = mapper("", 1440, 900, ColorScheme.LIGHT);
    for (String which : List.of("device", "fhir")) {
      int kinds = page.locator("#" + which + " .insert option").count() - 1;
      for (int n = 0; n < kinds; n++) page.locator("#" + which + " .insert").selectOption(Integer.toString(n));
      assertThat(page.locator("#" + which + " .verdict")).hasText(Pattern.compile("warning|valid"));
      assertThat(page.locator("#" + which + " .problems li.error")).hasCount(0);
    }
    String many = IntStream.range(0, 110)
        .mapToObj(n -> """
                {
                  "templateType": "JsonPathContent",
                  "template": {
                    "typeName": "type%d",
                    "typeMatchExpression": "$..[?(@v%d)]",
                    "deviceIdExpression": "$.d",
                    "timestampExpression": "$.t",
                    "values": [{"valueName": "v", "valueExpression": "%s"}]
                  }
                }""".formatted(n, n, n == 109 ? "$.[" : "$.v"))
        .collect(Collectors.joining(",\n", "{\"templateType\": \"CollectionContent\", \"template\": [\n", "\n]}\n"));
    assertTrue(many.lines().count() > 1000);
    long wrong = 1 + many.lines().takeWhile(line -> !line.contains("$.[")).count();
    String before = editor(page, "device").inputValue();
    FileChooser chooser = page.waitForFileChooser(() -> page.click("#device .import"));
    chooser.setFiles(new FilePayload("many.json", "application/json", many.getBytes(StandardCharsets.UTF_8)));
    page.locator("#fhir .editor textarea").fill("");
    Locator error = page.locator("#device .problems li.error");
    assertThat(error).hasCount(1);
    assertThat(error).containsText("line " + wrong);
    editor(page, "device").focus();
    page.keyboard().press("Control+Home");
    page.keyboard().press("F8");
    assertThat(page.locator("#device .numbers .error")).hasText("✕ " + wrong);
    assertThat(page.locator("#device .marks .error")).hasCount(1);
    assertTrue(page.locator("#device .numbers span").count() < 100, "only what can be seen is drawn");
    Browser.shoot(page, "mapper-thousand");
    page.keyboard().type("x");
    page.keyboard().press("Control+z");
    assertThat(editor(page, "device")).hasValue(many);
    page.keyboard().press("Control+z");
    assertThat(editor(page, "device")).hasValue(before);
    page.context().close();
  }

  // ----

  private static String reading(String device, int n) {
    return "{\"deviceId\":\"%s\",\"patientId\":\"MRN-%s\",\"time\":\"2026-03-01T10:00:00Z\",\"heartRate\":%d}"
        .formatted(device, device, n);
  }

  private static void ingest(String path, String lines) throws Exception {
    HttpResponse<String> answer = TestNode.post(node.http() + path, "application/x-ndjson", lines);
    assertEquals(202, answer.statusCode(), answer.body());
  }

  private static void mapping(String name, String device, String fhir) throws Exception {
    put("/iomt/mappings/" + name,
        JSON.createObjectNode().put("deviceContent", device).put("fhirMapping", fhir).toString(), "application/json");
  }

  private static void put(String path, String body, String type) throws Exception {
    HttpResponse<String> answer = HTTP.send(HttpRequest.newBuilder(URI.create(node.http() + path))
        .timeout(Duration.ofSeconds(120))
        .header("Content-Type", type)
        .PUT(HttpRequest.BodyPublishers.ofString(body))
        .build(), HttpResponse.BodyHandlers.ofString());
    assertTrue(answer.statusCode() < 300, answer.body());
  }

  private static JsonNode observed(String code) throws Exception {
    return TestNode.eventually(LONGEST, code, () -> {
      JsonNode found = TestNode.json(node.http() + "/fhir/Observation?code=" + code).path("entry");
      return found.isEmpty() ? null : found.get(0);
    });
  }

  private static JsonNode observedAt(String device) throws Exception {
    return TestNode.eventually(LONGEST, "a reading of " + device, () -> {
      String id = TestNode.json(node.http() + "/fhir/Device?identifier=" + device).at("/entry/0/resource/id").asText();
      if (id.isEmpty()) return null;
      JsonNode found = TestNode.json(node.http() + "/fhir/Observation?device=Device/" + id).path("entry");
      return found.isEmpty() ? null : found.get(0);
    });
  }
}

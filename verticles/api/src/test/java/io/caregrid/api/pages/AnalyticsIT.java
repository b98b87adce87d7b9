package io.caregrid.api.pages;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.microsoft.playwright.Download;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.ColorScheme;
import io.caregrid.api.House;
import io.caregrid.api.PageRoutes;
import io.caregrid.api.Ward;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The analytics page in a real browser, over a lake whose answers are known. Screenshots lie in {@code target/screens}. */
@Tag("full")
class AnalyticsIT {
  private static Browser browser;
  private static Vertx vertx;
  private static House house;
  private static Lake lake;

  @BeforeAll
  static void open() {
    browser = Browser.open();
    vertx = Vertx.vertx();
    lake = new Lake();
    house = Ward.get(House.open(vertx, new PageRoutes(), lake));
  }

  @AfterAll
  static void close() {
    if (browser != null) browser.close();
    if (vertx != null) Ward.get(vertx.close());
  }

  @BeforeEach
  void everythingIsWell() {
    lake.asked.clear();
    lake.hold = false;
    browser.complaints.clear();
  }

  @AfterEach
  void nothingCameFromAnywhereElse() {
    assertEquals(List.of(), browser.foreign);
  }

  private static Page page(int width, int height, ColorScheme scheme) {
    Page page = browser.page(house.base() + "/analytics/", width, height, scheme);
    assertThat(page.locator("#tables-note")).hasText("3 tables");
    return page;
  }

  private static void ask(Page page, String sql) {
    page.locator("#sql").fill(sql);
    page.locator("#sql").press("Control+Enter");
  }

  @Test
  void anExampleIsAnsweredAsATableAndAChart() {
    Page page = page(1440, 900, ColorScheme.LIGHT);

    page.locator("#examples").selectOption("2");

    assertThat(page.locator("#table tbody tr")).hasCount(1000);
    assertThat(page.locator("#table thead th").nth(2)).containsText("mmHg");
    assertThat(page.locator("#count")).containsText("the first 1000 rows; there are more");
    assertThat(page.locator("#state")).containsText("answered in");
    assertEquals(1000, lake.asked.get(0).getInteger("rows"));
    Browser.shoot(page, "analytics");
    page.locator("#as-chart").click();
    assertThat(page.locator("#series")).hasValue("1");
    page.waitForCondition(() -> inked(page) > 1000);
    assertThat(page.locator("#chart-note")).containsText("there are more");
    Browser.shoot(page, "analytics-chart");
    ask(page, "select words");
    assertThat(page.locator("#count")).hasText("2 rows");
    page.waitForCondition(() -> inked(page) > 1000);
    Browser.shoot(page, "analytics-bars");
    assertEquals(List.of(), browser.complaints);
    page.context().close();
  }

  private static int inked(Page page) {
    return (Integer) page.evaluate(
        """
        () => { const c = document.getElementById('canvas');
          return c.width ? c.getContext('2d').getImageData(0, 0, c.width, c.height).data.filter((v, i) => i % 4 === 3 && v > 0).length : 0; }""");
  }

  @Test
  void anErrorStandsWhereItIsAndTheNextQueryTakesItAway() {
    Page page = page(1280, 800, ColorScheme.DARK);

    ask(page, "select 1,\n  getenv('HOME')");

    assertThat(page.locator("#problem")).hasText("line 2, column 3: there is no function getenv here");
    page.waitForCondition(() -> "getenv".equals(page.evaluate(
        "(() => { const a = document.getElementById('sql'); return a.value.slice(a.selectionStart, a.selectionEnd); })()")));
    Browser.shoot(page, "analytics-problem");
    ask(page, "select words");
    assertThat(page.locator("#problem")).isHidden();
    assertThat(page.locator("#sql")).hasAttribute("aria-invalid", "false");
    page.context().close();
  }

  @Test
  void theEditorIndentsCommentsAndLetsGoOfTheKeyboard() {
    Page page = page(1280, 800, ColorScheme.LIGHT);
    page.locator("#sql").fill("");
    page.locator("#sql").pressSequentially("select");
    page.keyboard().press("Enter");
    page.keyboard().press("Tab");
    page.keyboard().type("a,");
    page.keyboard().press("Enter");
    page.keyboard().type("b");
    assertThat(page.locator("#sql")).hasValue("select\n  a,\n  b");
    page.keyboard().press("Control+/");
    assertThat(page.locator("#sql")).hasValue("select\n  a,\n--   b");
    page.keyboard().press("Control+/");
    page.keyboard().press("Shift+Tab");
    assertThat(page.locator("#sql")).hasValue("select\n  a,\nb");
    page.keyboard().press("Control+z");
    assertThat(page.locator("#sql")).hasValue("select\n  a,\n  b");
    page.keyboard().press("Escape");
    page.keyboard().press("Tab");
    assertThat(page.locator("#sql")).not().isFocused();
    page.context().close();
  }

  @Test
  void tablesOpenDownToTheirLastFieldAndGoIntoTheQuery() {
    Page page = page(1280, 800, ColorScheme.LIGHT);
    page.locator("#sql").fill("from");
    page.locator("[data-table=Group] .name").first().click();
    assertThat(page.locator("#sql")).hasValue("from \"Group\"");

    page.locator("[data-table=Patient] > summary").click();
    page.locator("[data-table=Patient] li summary").first().click();
    page.locator("[data-table=Patient] li li summary").first().click();
    page.locator("#sql").fill("");
    page.locator("[data-table=Patient] li li li .name").nth(1).click();
    assertThat(page.locator("#sql")).hasValue("name[1].period.\"end\"");
    Browser.shoot(page, "analytics-tables");

    page.locator("#find").fill("VALUE");
    assertThat(page.locator("#tables > details:visible")).hasCount(1);
    assertThat(page.locator("#tables-note")).hasText("1 of 3 tables");
    page.context().close();
  }

  @Test
  void digitsAreKeptAndWhatIsInTheLakeIsTextOnly() {
    Page page = page(1280, 800, ColorScheme.LIGHT);
    ask(page, "select exact");
    assertThat(page.locator("#table td").first()).hasText("12345678901234567.123456789");
    assertThat(page.locator("#table td").nth(1)).hasText("{\"a\":1}");
    assertThat(page.locator("#table td").nth(2)).hasText("NULL");

    ask(page, "select hostile");
    assertThat(page.locator("#table td").first()).hasText(Lake.HOSTILE);
    assertEquals(0, page.locator("#table img").count());
    assertNull(page.evaluate("window.broken ?? null"));
    assertEquals(List.of(), browser.complaints);
    page.context().close();
  }

  @Test
  void allRowsAreSavedAsAFileASpreadsheetCannotRun() throws IOException {
    Page page = page(1280, 800, ColorScheme.LIGHT);
    ask(page, "select words");
    assertThat(page.locator("#count")).hasText("2 rows");

    Download saved = page.waitForDownload(() -> page.locator("[data-form=csv]").click());

    assertEquals("query.csv", saved.suggestedFilename());
    assertEquals("a\r\n1\r\n", Files.readString(saved.path()));
    assertEquals(new JsonObject().put("sql", "select words").put("format", "csv").put("spreadsheet", true),
        lake.asked.get(1));
    assertEquals("query.parquet",
        page.waitForDownload(() -> page.locator("[data-form=parquet]").click()).suggestedFilename());
    page.context().close();
  }

  @Test
  void aQueryThatTakesLongCanBeStopped() {
    Page page = page(1280, 800, ColorScheme.LIGHT);
    lake.hold = true;
    ask(page, "select forever");
    assertThat(page.locator("#run")).hasText("Stop");
    page.waitForCondition(() -> !lake.asked.isEmpty());

    page.locator("#run").click();

    assertThat(page.locator("#state")).hasText("stopped");
    assertThat(page.locator("#run")).hasText("Run");
    page.waitForCondition(() -> lake.closed);
    page.context().close();
  }

  @Test
  void aPhoneCutsNothingOff() {
    Page page = page(390, 844, ColorScheme.LIGHT);
    ask(page, "select pressure");
    assertThat(page.locator("#table tbody tr")).hasCount(1000);
    assertTrue((Boolean) page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is cut off");
    assertThat(page.locator("#count")).hasText(Pattern.compile("there are more"));
    Browser.shoot(page, "analytics-phone");
    page.context().close();
  }
}

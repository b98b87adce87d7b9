package io.caregrid.api.pages;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.assertions.PlaywrightAssertions;
import com.microsoft.playwright.options.ColorScheme;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A real Chromium without a window. It reaches this machine only, and remembers every complaint that a page wrote into its console. */
public final class Browser implements AutoCloseable {
  private static final Path CHROMIUM = Path.of("/usr/bin/chromium");
  /** Until a page shows what it should: a deadline for a machine that is busy with other tests too, no claim about speed. */
  private static final double PATIENCE_MILLIS = 120_000;
  private static final Path SCREENS = Path.of("target", "screens");
  public final List<String> complaints = new ArrayList<>();
  public final List<String> foreign = new ArrayList<>();
  private final Playwright playwright;
  private final com.microsoft.playwright.Browser chromium;

  private Browser() {
    PlaywrightAssertions.setDefaultAssertionTimeout(PATIENCE_MILLIS);
    playwright = Playwright
        .create(new Playwright.CreateOptions().setEnv(Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")));
    chromium = playwright.chromium()
        .launch(new BrowserType.LaunchOptions().setExecutablePath(CHROMIUM)
            .setHeadless(true)
            .setArgs(List.of("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync")));
  }

  /** Skips the test where no Chromium is installed, unless CAREGRID_STRICT=true makes that a failure. */
  public static Browser open() {
    boolean strict = "true".equals(System.getenv("CAREGRID_STRICT"));
    assumeTrue(strict || Files.isExecutable(CHROMIUM), "skipped: " + CHROMIUM + " is missing (apt install chromium)");
    return new Browser();
  }

  public Page page(String address, int width, int height, ColorScheme scheme) {
    BrowserContext context = chromium.newContext(new com.microsoft.playwright.Browser.NewContextOptions()
        .setViewportSize(width, height)
        .setColorScheme(scheme));
    context.setDefaultTimeout(PATIENCE_MILLIS);
    Page page = context.newPage();
    page.onConsoleMessage(message -> {
      if (message.type().equals("error")) complaints.add(message.text());
    });
    page.onPageError(complaints::add);
    page.onRequest(request -> {
      if (!request.url().startsWith(address.substring(0, address.indexOf('/', 8)))) foreign.add(request.url());
    });
    page.navigate(address);
    return page;
  }

  /** {@code target/screens/<name>.png}, for people who want to see what the test saw. */
  public static void shoot(Page page, String name) {
    page.screenshot(new Page.ScreenshotOptions().setPath(SCREENS.resolve(name + ".png")));
  }

  @Override
  public void close() {
    chromium.close();
    playwright.close();
  }
}

package io.caregrid.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.client.HttpResponse;
import java.net.URI;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Ward.Key.class)
class PagesTest {
  private static final Pattern LINK = Pattern.compile("(?:href|src)=\"([^\"]*)\"|(?:import|from) '([^']+)'");
  private Ward ward;

  @BeforeEach
  void open(Ward ward) {
    this.ward = ward;
  }

  private HttpResponse<Buffer> get(String address) {
    return ward.send("GET", address, (String) null);
  }

  @Test
  void everyLinkFromTheStartPageLeadsSomewhereAndEveryPageIsReached() {
    Set<String> seen = new TreeSet<>();
    Deque<String> ahead = new ArrayDeque<>(Set.of("/"));
    while (!ahead.isEmpty()) {
      String address = ahead.pop();
      if (!seen.add(address)) continue;
      HttpResponse<Buffer> response = get(address);
      assertEquals(200, response.statusCode(), address);
      if (isOurs(address)) links(address, response.bodyAsString()).forEach(ahead::push);
    }
    assertTrue(seen.containsAll(PageRoutes.PAGES.keySet()), seen.toString());
    assertTrue(seen.containsAll(Set.of("/fhir/metadata?_pretty=true", "/health/live", "/health/ready", "/metrics",
        "/iomt/dead-letters")), seen.toString());
  }

  private static boolean isOurs(String address) {
    return !address.startsWith("/webjars/") && (address.endsWith("/") || address.endsWith(".js"));
  }

  private static Set<String> links(String page, String content) {
    Set<String> links = new TreeSet<>();
    Matcher link = LINK.matcher(content);
    while (link.find()) {
      String target = (link.group(1) != null ? link.group(1) : link.group(2)).replace("&amp;", "&");
      if (target.startsWith(".")) target = URI.create(page).resolve(target).toString();
      if (target.startsWith("#") || target.contains("${")) continue;
      assertTrue(target.startsWith("/"), page + " links to " + target + ", which is not on this node");
      links.add(target);
    }
    return links;
  }

  @Test
  void pagesAllowNothingFromElsewhere() {
    for (String page : PageRoutes.PAGES.keySet()) {
      HttpResponse<Buffer> response = get(page);
      String policy = response.getHeader("Content-Security-Policy");
      assertTrue(policy.startsWith("default-src 'none'") && policy.contains("frame-ancestors 'none'"), policy);
      assertFalse(policy.contains("unsafe"), policy);
      assertEquals("nosniff", response.getHeader("X-Content-Type-Options"));
      assertFalse(response.bodyAsString().matches("(?s).*<script>.*|.* on[a-z]+=.*| style="),
          page + " has nothing inline");
    }
  }

  @Test
  void aPageWithoutItsSlashIsForwardedAndAnUnchangedOneNotSentAgain() {
    HttpResponse<Buffer> bare = get("/vitals?x=1");
    String tag = get("/vitals/").getHeader("ETag");

    assertEquals(308, bare.statusCode());
    assertEquals("/vitals/?x=1", bare.getHeader("Location"));
    assertEquals(304, ward.send("GET", "/vitals/", (String) null, "If-None-Match", tag).statusCode());
  }

  @Test
  void nothingBesideTheListIsServed() {
    for (String address : new String[] {"/vitals/../../logback.xml", "/assets/", "/assets/%2e%2e/web/start/index.html",
      "/webjars/chart.js/package.json", "/META-INF/MANIFEST.MF"}) {
      assertEquals(404, get(address).statusCode(), address);
    }
  }

  @Test
  void readyNamesEachCheckAndFailsWithAnyOfThem() {
    JsonObject well = get("/health/ready").bodyAsJsonObject();
    ward.logIsThere.set(false);
    HttpResponse<Buffer> ill = get("/health/ready");
    ward.logIsThere.set(true);

    assertEquals("up", well.getString("status"));
    assertEquals(503, ill.statusCode());
    assertEquals(new JsonObject().put("name", "log").put("status", "down"),
        ill.bodyAsJsonObject().getJsonArray("checks").getJsonObject(1));
    assertEquals("up", ill.bodyAsJsonObject().getJsonArray("checks").getJsonObject(0).getString("status"));
    assertEquals(200, get("/health/live").statusCode());
  }

  @Test
  void aWarningIsShownAndTheNodeIsReadyAllTheSame() {
    ward.diskHasRoom.set(false);
    HttpResponse<Buffer> warned = get("/health/ready");
    ward.diskHasRoom.set(true);

    assertEquals(200, warned.statusCode());
    assertEquals("up", warned.bodyAsJsonObject().getString("status"));
    assertEquals(new JsonObject().put("name", "disk space").put("status", "warning"),
        warned.bodyAsJsonObject().getJsonArray("checks").getJsonObject(2));
  }

  @Test
  void metricsArePrometheusText() {
    HttpResponse<Buffer> metrics = get("/metrics");

    assertTrue(metrics.getHeader("Content-Type").startsWith("text/plain; version=0.0.4"));
    assertTrue(metrics.bodyAsString().contains("ingest_events_total 7.0"));
  }
}

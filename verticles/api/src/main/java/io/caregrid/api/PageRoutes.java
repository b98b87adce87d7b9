package io.caregrid.api;

import static io.caregrid.contract.Gate.needs;

import io.caregrid.contract.Access;
import io.caregrid.contract.Routes;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/**
 * The pages: a fixed list of small files read once from our own jar and from the chart library's WebJar. What is not on the list does not exist,
 * so no address can climb out of it.
 */
public final class PageRoutes implements Routes {
  private static final String CHART = "META-INF/resources/webjars/chart.js/4.5.1/dist/chart.umd.min.js";
  /** Every page, as the start page must link it. */
  static final Map<String, String> PAGES = Map.of("/", "start", "/vitals/", "vitals", "/dead-letters/", "dead-letters",
      "/studies/", "studies", "/studies/viewer/", "studies/viewer", "/analytics/", "analytics", "/patients/",
      "patients", "/mapper/", "mapper");
  private static final List<String> FILES = List.of("start/page.js", "start/page.css", "vitals/page.js",
      "vitals/page.css",
      "vitals/tile.js", "vitals/patient.js", "vitals/images.js", "dead-letters/page.js", "dead-letters/page.css",
      "assets/house.css",
      "assets/house.js", "assets/session.js", "assets/readings.js", "assets/fhir.js", "assets/feed.js",
      "assets/trend.js",
      "assets/favicon.svg", "studies/page.js", "studies/page.css", "studies/dicomweb.js", "studies/elements.js",
      "studies/frames.js", "studies/keywords.js", "studies/multipart.js", "studies/pixels.js", "studies/query.js",
      "studies/stack.js", "studies/tree.js", "studies/voi.js", "studies/viewer/page.js", "studies/viewer/page.css",
      "studies/viewer/cine.js", "studies/viewer/gestures.js", "studies/viewer/keys.js", "studies/viewer/overlay.js",
      "studies/viewer/panel.js", "studies/viewer/presets.js", "studies/viewer/rail.js", "studies/viewer/viewport.js",
      "analytics/page.js", "analytics/page.css", "analytics/chart.js", "analytics/editor.js", "analytics/questions.js",
      "analytics/sheet.js", "analytics/sql.js", "analytics/tables.js", "analytics/types.js", "patients/page.js",
      "patients/page.css", "patients/chart.js", "patients/door.js", "patients/kinds.js", "patients/measurements.js",
      "patients/merged.js", "patients/person.js", "patients/query.js", "patients/series.js", "patients/timeline.js",
      "patients/words.js", "mapper/page.js", "mapper/page.css", "mapper/diff.js", "mapper/draft.js", "mapper/editor.js",
      "mapper/expressions.js", "mapper/files.js", "mapper/guide.js", "mapper/inbox.js", "mapper/messages.js",
      "mapper/node.js", "mapper/observations.js",
      "mapper/paths.js",
      "mapper/results.js", "mapper/samples.js", "mapper/shelf.js", "mapper/source.js", "mapper/templates.js",
      "mapper/tree.js", "mapper/tutorial.js");

  private record File(String type, String tag, Buffer content) {}

  @Override
  public void mount(Router router) {
    PAGES.forEach((path, folder) -> {
      serve(router, path, "web/" + folder + "/index.html");
      if (path.length() > 1) redirect(router, path.substring(0, path.length() - 1), path);
    });
    FILES.forEach(file -> serve(router, "/" + file, "web/" + file));
    serve(router, "/webjars/chart.js/chart.umd.min.js", CHART);
    serve(router, "/favicon.ico", "web/assets/favicon.svg");
  }

  private static void serve(Router router, String path, String resource) {
    File file = read(resource);
    needs(Access.OPEN, router.get(path).method(HttpMethod.HEAD)).handler(request -> send(request, file));
  }

  /** Relative links need the slash. */
  private static void redirect(Router router, String bare, String path) {
    needs(Access.OPEN, router.get(bare).method(HttpMethod.HEAD)).handler(request -> {
      String query = request.request().query();
      request.response()
          .setStatusCode(308)
          .putHeader(HttpHeaders.LOCATION, query == null ? path : path + "?" + query)
          .end();
    });
  }

  private static void send(RoutingContext request, File file) {
    HttpServerResponse response = request.response();
    PageHeaders.put(response);
    response.putHeader(HttpHeaders.CACHE_CONTROL, "no-cache").putHeader(HttpHeaders.ETAG, file.tag());
    if (file.tag().equals(request.request().getHeader(HttpHeaders.IF_NONE_MATCH))) {
      response.setStatusCode(304).end();
    } else {
      response.putHeader(HttpHeaders.CONTENT_TYPE, file.type()).end(file.content());
    }
  }

  private static File read(String resource) {
    try (InputStream in = PageRoutes.class.getClassLoader().getResourceAsStream(resource)) {
      if (in == null)
        throw new IllegalStateException(resource + " is missing from the class path: the build is broken");
      byte[] bytes = in.readAllBytes();
      String digest = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes), 0, 8);
      return new File(typeOf(resource), "\"" + digest + "\"", Buffer.buffer(bytes));
    } catch (IOException | NoSuchAlgorithmException broken) {
      throw new IllegalStateException(resource + " cannot be read: the build is broken", broken);
    }
  }

  private static String typeOf(String resource) {
    return switch (resource.substring(resource.lastIndexOf('.') + 1)) {
      case "html" -> "text/html;charset=utf-8";
      case "js" -> "text/javascript;charset=utf-8";
      case "css" -> "text/css;charset=utf-8";
      case "svg" -> "image/svg+xml";
      default -> throw new IllegalStateException(resource + " has no content type");
    };
  }
}

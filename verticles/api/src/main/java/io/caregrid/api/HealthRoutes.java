package io.caregrid.api;

import static io.caregrid.contract.Gate.needs;

import io.caregrid.contract.Access;
import io.caregrid.contract.Routes;
import io.vertx.core.Future;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * Is this node alive ({@code /health/live}), may it be given work ({@code /health/ready}), and how is it doing ({@code /metrics}).
 */
public final class HealthRoutes implements Routes {
  private static final long PATIENCE_SECONDS = 3;
  private final List<Check> checks;
  private final Supplier<String> scrape;

  /**
   * @param name   what is checked, as an operator calls it, e.g. {@code database}
   * @param passes true when it is fine; a failed future or none within three seconds count as false
   * @param needed false for one that only warns: the node is ready all the same
   */
  public record Check(String name, Supplier<Future<Boolean>> passes, boolean needed) {}

  /** @param scrape the registry's text in Prometheus' exposition format 0.0.4 */
  public HealthRoutes(List<Check> checks, Supplier<String> scrape) {
    this.checks = List.copyOf(checks);
    this.scrape = scrape;
  }

  @Override
  public void mount(Router router) {
    needs(Access.OPEN, router.get("/health/live").method(HttpMethod.HEAD))
        .handler(request -> send(request, 200, new JsonObject().put("status", "up")));
    needs(Access.OPEN, router.get("/health/ready").method(HttpMethod.HEAD)).handler(this::ready);
    needs(Access.OPERATE, router.get("/metrics")).handler(this::metrics);
  }

  private void ready(RoutingContext request) {
    List<Future<Boolean>> asked = new ArrayList<>();
    checks.forEach(check -> asked.add(ask(check)));
    Future.all(List.copyOf(asked)).onSuccess(all -> {
      boolean up = IntStream.range(0, checks.size()).allMatch(i -> asked.get(i).result() || !checks.get(i).needed());
      send(request, up ? 200 : 503, report(up, asked));
    }).onFailure(request::fail);
  }

  private static Future<Boolean> ask(Check check) {
    return Future.<Boolean>future(promise -> check.passes().get().onComplete(promise))
        .timeout(PATIENCE_SECONDS, TimeUnit.SECONDS)
        .otherwise(false);
  }

  private JsonObject report(boolean up, List<Future<Boolean>> asked) {
    JsonArray list = new JsonArray();
    for (int i = 0; i < checks.size(); i++) {
      list.add(
          new JsonObject().put("name", checks.get(i).name()).put("status", word(checks.get(i), asked.get(i).result())));
    }
    return new JsonObject().put("status", word(up)).put("checks", list);
  }

  private static String word(Check check, boolean passes) {
    return passes || check.needed() ? word(passes) : "warning";
  }

  private static String word(boolean up) {
    return up ? "up" : "down";
  }

  private static void send(RoutingContext request, int status, JsonObject body) {
    request.response()
        .setStatusCode(status)
        .putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
        .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
        .end(body.toBuffer());
  }

  private void metrics(RoutingContext request) {
    request.response()
        .putHeader(HttpHeaders.CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")
        .end(scrape.get());
  }
}

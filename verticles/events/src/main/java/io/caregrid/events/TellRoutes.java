package io.caregrid.events;

import static io.caregrid.contract.Gate.needs;

import io.caregrid.cluster.Addresses;
import io.caregrid.cluster.TargetConfig;
import io.caregrid.cluster.TellConfig;
import io.caregrid.contract.Access;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.contract.Gate;
import io.caregrid.contract.Routes;
import io.caregrid.store.Deliveries;
import io.caregrid.store.Deliveries.RuleState;
import io.caregrid.store.Deliveries.State;
import io.caregrid.store.Undelivered;
import io.caregrid.store.Undelivered.Letter;
import io.caregrid.store.Undelivered.Replayed;
import io.caregrid.store.Undelivered.Way;
import io.vertx.core.Future;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Supplier;

/**
 * How telling is going ({@code GET /tell}), that what waits may be tried now ({@code POST /tell/NAME/retry}), and what was given up: {@code GET
 * /tell/NAME/dead-letters}, the newest first, {@code _count} at a time, {@code _after}: the {@code next} of the page before; {@code POST
 * /tell/NAME/dead-letters/replay} with {@code key}, or {@code all=true}, answers {@code {"replayed": n, "more": bool}}. Any node answers for all. Addresses and
 * secrets of targets are never shown, only their hosts.
 */
public final class TellRoutes implements Routes {
  private static final int FEW = 100;
  private static final int MOST = 1_000;
  /** Of one call. */
  private static final Duration LONGEST = Duration.ofSeconds(20);
  private final Deliveries deliveries;
  private final Undelivered undelivered;
  private final TellConfig config;
  private final Audit audit;

  public TellRoutes(Deliveries deliveries, Undelivered undelivered, TellConfig config, Audit audit) {
    this.deliveries = deliveries;
    this.undelivered = undelivered;
    this.config = config;
    this.audit = audit;
  }

  @Override
  public void mount(Router router) {
    needs(Access.OPERATE, router.get("/tell")).handler(this::state);
    needs(Access.OPERATE, router.get("/tell/:target/dead-letters")).handler(this::dead);
    needs(Access.OPERATE, router.post("/tell/:target/dead-letters/replay")).handler(this::replay);
    needs(Access.OPERATE, router.post("/tell/:target/retry")).handler(this::retry);
  }

  private void state(RoutingContext request) {
    Caller caller = Gate.caller(request);
    deliveries.targets(caller)
        .compose(targets -> deliveries.rules(caller).map(rules -> told(targets, rules)))
        .onSuccess(told -> answer(request, told))
        .onFailure(request::fail);
  }

  private JsonObject told(List<State> targets, List<RuleState> rules) {
    JsonArray all = new JsonArray();
    targets.forEach(state -> all.add(target(state)));
    JsonArray judged = new JsonArray();
    rules.forEach(rule -> judged.add(rule(rule)));
    return new JsonObject().put("targets", all).put("rules", judged);
  }

  private JsonObject target(State state) {
    TargetConfig target = config.targets().get(state.name());
    JsonObject json = new JsonObject().put("name", state.name());
    if (target == null) json.put("state", "not configured here");
    else
      json.put("kind", target.kind())
          .put("host", target.host())
          .put("state", state.failing() == null ? "well" : "failing");
    json.put("waiting", state.waiting()).put("oldest", text(state.oldest())).put("sent", state.sent());
    json.put("dead", state.dead()).put("filterErrors", state.unfit());
    if (state.filling()) json.put("filling", true);
    if (state.failing() != null)
      json.put("failingSince", text(state.failing()))
          .put("failures", state.failures())
          .put("triedInSeconds", state.pause().toSeconds());
    return json.put("answered", text(state.answered())).put("status", state.status()).put("error", state.error());
  }

  private static JsonObject rule(RuleState rule) {
    return new JsonObject().put("name", rule.name())
        .put("found", rule.found())
        .put("errors", rule.errors())
        .put("error", rule.error())
        .put("erredAt", text(rule.errored()));
  }

  private void dead(RoutingContext request) {
    Caller caller = Gate.caller(request);
    String target = request.pathParam("target");
    int count = count(request.queryParams().get("_count"));
    Audit.Entry entry = Audit.Entry.of(caller, Audit.Deed.DEAD_LETTERS, null).asking(asked(request));
    audit.around(entry, () -> undelivered.page(caller, target, count, request.queryParams().get("_after")))
        .onSuccess(dead -> {
          JsonArray all = new JsonArray();
          dead.forEach(one -> all.add(letter(one)));
          JsonObject page = new JsonObject().put("deadLetters", all);
          answer(request, dead.size() < count ? page : page.put("next", dead.get(count - 1).mark()));
        })
        .onFailure(request::fail);
  }

  private static int count(String asked) {
    if (asked == null) return FEW;
    if (!asked.matches("\\d{1,6}") || Integer.parseInt(asked) < 1)
      throw new Failure.Invalid("_count must be a whole number, 1.." + MOST);
    return Math.min(Integer.parseInt(asked), MOST);
  }

  /** As it stands in the audit trail. */
  private static String asked(RoutingContext request) {
    String query = request.request().query();
    return request.normalizedPath() + (query == null ? "" : "?" + query);
  }

  private static JsonObject letter(Letter dead) {
    return new JsonObject().put("key", dead.key())
        .put("resource", dead.type() + "/" + dead.id())
        .put("version", dead.version())
        .put("op", dead.op())
        .put("changed", text(dead.at()))
        .put("tries", dead.tries())
        .put("error", dead.error())
        .put("givenUp", text(dead.died()));
  }

  private void replay(RoutingContext request) {
    Caller caller = Gate.caller(request);
    String target = request.pathParam("target");
    String key = request.queryParams().get("key");
    if (key == null != "true".equals(request.queryParams().get("all")))
      throw new Failure.Invalid("Say which dead letter is to be told again (key), or all=true");
    TargetConfig told = config.targets().get(target);
    Way way = new Way(told != null && told.isFhir(), told != null && told.deletes());
    Audit.Entry entry = Audit.Entry.of(caller, Audit.Deed.DEAD_LETTERS_REPLAYED, null).asking(asked(request));
    long end = System.nanoTime() + LONGEST.toNanos();
    Future<Replayed> replayed = key == null
        ? undelivered.now(caller, target)
            .<Supplier<Future<Replayed>>>map(now -> () -> undelivered.replay(caller, target, way, now))
            .otherwise(cause -> () -> Future.failedFuture(cause))
            .compose(page -> replayed(entry, page, 0, end))
        : replayed(entry, () -> undelivered.replay(caller, target, way, key), 0, end);
    replayed.onSuccess(done -> {
      request.vertx().eventBus().publish(Addresses.TELL_NOW, target);
      answer(request, new JsonObject().put("replayed", done.letters()).put("more", done.more()));
    }).onFailure(request::fail);
  }

  /** One page after the other, each with its entry in the audit trail, until none is left or the time is over. */
  private Future<Replayed> replayed(Audit.Entry entry, Supplier<Future<Replayed>> page, int before, long end) {
    return audit.around(entry, page, (known, done) -> known.to(done.resources())).compose(done -> {
      int letters = before + done.letters();
      if (done.more() && System.nanoTime() - end < 0) return replayed(entry, page, letters, end);
      return Future.succeededFuture(new Replayed(letters, List.of(), done.more()));
    });
  }

  private void retry(RoutingContext request) {
    String target = request.pathParam("target");
    Caller caller = Gate.caller(request);
    Audit.Entry entry = Audit.Entry.of(caller, Audit.Deed.REQUEST, null).asking("/tell/" + target + "/retry");
    audit.around(entry, () -> deliveries.now(caller, target)).onSuccess(due -> {
      request.vertx().eventBus().publish(Addresses.TELL_NOW, target);
      request.response().setStatusCode(204).end();
    }).onFailure(request::fail);
  }

  private static String text(Instant at) {
    return at == null ? null : at.toString();
  }

  private static void answer(RoutingContext request, JsonObject json) {
    request.response()
        .putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
        .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
        .end(json.toBuffer());
  }
}

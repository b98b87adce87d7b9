package io.caregrid.events;

import static io.caregrid.contract.Gate.needs;

import io.caregrid.cluster.Addresses;
import io.caregrid.cluster.TargetConfig;
import io.caregrid.cluster.TellConfig;
import io.caregrid.contract.Access;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Gate;
import io.caregrid.contract.Routes;
import io.caregrid.store.Deliveries;
import io.caregrid.store.Deliveries.Dead;
import io.caregrid.store.Deliveries.RuleState;
import io.caregrid.store.Deliveries.State;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.time.Instant;
import java.util.List;

/**
 * How telling is going ({@code GET /tell}), what was given up ({@code GET /tell/NAME/dead-letters}), and that it may be tried now ({@code POST
 * /tell/NAME/retry}). Any node answers for all. Addresses and secrets of targets are never shown, only their hosts.
 */
public final class TellRoutes implements Routes {
  private static final int DEAD = 100;
  private final Deliveries deliveries;
  private final TellConfig config;
  private final Audit audit;

  public TellRoutes(Deliveries deliveries, TellConfig config, Audit audit) {
    this.deliveries = deliveries;
    this.config = config;
    this.audit = audit;
  }

  @Override
  public void mount(Router router) {
    needs(Access.OPERATE, router.get("/tell")).handler(this::state);
    needs(Access.OPERATE, router.get("/tell/:target/dead-letters")).handler(this::dead);
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
    Audit.Entry entry = Audit.Entry.of(caller, Audit.Deed.DEAD_LETTERS, null).asking("/tell/" + target);
    audit.around(entry, () -> deliveries.dead(caller, target, DEAD)).onSuccess(dead -> {
      JsonArray all = new JsonArray();
      dead.forEach(one -> all.add(letter(one)));
      answer(request, new JsonObject().put("deadLetters", all));
    }).onFailure(request::fail);
  }

  private static JsonObject letter(Dead dead) {
    return new JsonObject().put("key", dead.key())
        .put("resource", dead.type() + "/" + dead.id())
        .put("version", dead.version())
        .put("op", dead.op())
        .put("changed", text(dead.at()))
        .put("tries", dead.tries())
        .put("error", dead.error())
        .put("givenUp", text(dead.died()));
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

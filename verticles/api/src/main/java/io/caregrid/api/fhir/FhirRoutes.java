package io.caregrid.api.fhir;

import static io.caregrid.api.fhir.TypeRoutes.answer;
import static io.caregrid.api.fhir.TypeRoutes.id;
import static io.caregrid.api.fhir.TypeRoutes.of;
import static io.caregrid.api.fhir.TypeRoutes.reading;
import static io.caregrid.api.fhir.TypeRoutes.type;
import static io.caregrid.contract.Access.FHIR_READ;
import static io.caregrid.contract.Gate.needs;
import static io.vertx.core.http.HttpMethod.GET;
import static io.vertx.core.http.HttpMethod.POST;

import io.caregrid.api.Allowed;
import io.caregrid.api.Form;
import io.caregrid.api.auth.Authority;
import io.caregrid.contract.Access;
import io.caregrid.contract.Failure;
import io.caregrid.contract.Gate;
import io.caregrid.contract.OperationOutcome;
import io.caregrid.contract.OperationOutcome.Issue;
import io.caregrid.contract.Routes;
import io.caregrid.store.FhirStore;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/** The table of the FHIR door's addresses; each handler takes the request apart, asks the store, and hands over to {@link FhirAnswer}. */
public final class FhirRoutes implements Routes {
  /** Of the system: other doors' matter, wherever these are mounted. They answer in forms of their own, and what none of them answers ends here. */
  private static final String OPERATION = "/fhir/\\$[^/]*";
  private static final String OPERATION_OF_TYPE = "/fhir/.+/\\$[^/]*";
  private static final String OTHER_ADDRESS = "/fhir/(?!(?:metadata|_search|\\.well-known|[A-Z][A-Za-z]*)(?:/|$)).+";
  private final FhirStore store;
  private final Future<ResourceRules> rules;
  private final Interactions interactions;
  private final WriteRoutes writing;
  private final ValidateOperation validation;
  private final MetaOperations meta;
  private final EverythingOperation everything;
  private final Capability capability;
  /** One of those of this node, which are all alike; what is mounted later is on it, too. */
  private volatile Router mounted;

  /**
   * @param rules   FHIR's definitions; writes wait for them
   * @param version of this house, for the capability statement
   * @param authority who gives the tokens that this node takes, for the same
   * @param metrics   where threads are counted that went on after their time ({@link ValidateOperation#LOST})
   */
  public FhirRoutes(FhirStore store, Future<ResourceRules> rules, String version, Supplier<Authority> authority,
      MeterRegistry metrics) {
    this.store = store;
    this.rules = rules;
    this.interactions = new Interactions(store);
    this.validation = new ValidateOperation(store, rules, metrics);
    this.meta = new MetaOperations(store, interactions, rules);
    this.everything = new EverythingOperation(store, rules);
    this.writing = new WriteRoutes(store, interactions,
        new EntryOperations(store, interactions, everything, meta, validation, this::statement), rules);
    this.capability = new Capability(store, version,
        Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(), authority);
  }

  @Override
  public void mount(Router router) {
    mounted = router;
    CommonAddresses common = new CommonAddresses();
    Gate.filter(router.route("/fhir*")).handler(Negotiation::checkOwn).handler(common);
    needs(Access.OPEN, reading(router.get("/fhir"))).handler(FhirRoutes::welcome);
    needs(Access.OPEN, reading(router.get("/fhir/metadata"))).handler(this::metadata);
    needs(Access.OPEN, reading(router.get("/fhir/$versions"))).handler(answer(FhirRoutes::versions));
    mountTypes(router, common);
    writing.mount(router, common);
    new SearchRoutes(store, interactions).mount(router);
    meta.mount(router);
    validation.mount(router);
    everything.mount(router);
    needs(Access.OPEN, router.routeWithRegex(OPERATION_OF_TYPE).setName("/fhir/*/$*").last()).handler(this::operation);
    needs(Access.OPEN, router.routeWithRegex(OPERATION).setName("/fhir/$*").last()).handler(this::operation);
    needs(Access.OPEN, router.routeWithRegex(OTHER_ADDRESS).setName("/fhir/*").last()).handler(FhirRoutes::unknown);
  }

  /** FHIR R4 capabilitystatement-operation-versions.html: which versions of FHIR this is. */
  private static Future<?> versions(RoutingContext request) {
    Negotiation.form(request, request.queryParams().get("_format"), request.queryParams().get("_pretty")).put(request);
    JsonArray versions = new JsonArray()
        .add(new JsonObject().put("name", "version").put("valueCode", "4.0"))
        .add(new JsonObject().put("name", "default").put("valueCode", "4.0"));
    return FhirAnswer.json(request, 200,
        new JsonObject().put("resourceType", "Parameters").put("parameter", versions).toBuffer());
  }

  /** Of which no route takes that verb. */
  private void operation(RoutingContext request) {
    String possible = Allowed.verbs(mounted, request.normalizedPath());
    if (!possible.isEmpty()) {
      request.response().putHeader(HttpHeaders.ALLOW, possible);
      request.fail(new Failure.NotSupported(
          request.request().method() + " is not possible here; possible: " + possible));
      return;
    }
    request.fail(new Failure.NotFound(
        "no such operation here, or not for this type: /fhir/metadata names those there are"));
  }

  private void mountTypes(Router router, CommonAddresses common) {
    common.serve(needs(FHIR_READ, reading(of(router, GET, "/fhir/TYPE"))),
        answer(request -> asked(request, type(request))));
    needs(FHIR_READ, of(router, POST, "/fhir/TYPE/_search")).handler(answer(this::searchForm));
    needs(FHIR_READ, reading(of(router, GET, "/fhir/TYPE/:id/_history/:version"))).handler(answer(
        request -> asked(request, type(request), id(request), "_history", request.pathParam("version"))));
    common.serve(needs(FHIR_READ, reading(of(router, GET, "/fhir/TYPE/:id"))),
        answer(request -> asked(request, type(request), id(request))));
  }

  private Future<?> asked(RoutingContext request, String... path) {
    return interactions.ask(store, Ask.of(request, path)).compose(reply -> FhirAnswer.send(request, reply));
  }

  private Future<?> searchForm(RoutingContext request) {
    String type = type(request);
    return Bodies.form(request)
        .compose(params -> interactions.search(store, Ask.of(request, type), type, null, params))
        .compose(reply -> FhirAnswer.send(request, reply));
  }

  private void metadata(RoutingContext request) {
    answer(asked -> {
      Selection part = Selection.of(asked);
      String base = FhirAnswer.base(asked);
      if (part.isAll() && Form.of(asked).plain())
        return asked.vertx()
            .executeBlocking(() -> capability.told(base, Gate.table(mounted)), false)
            .compose(told -> FhirAnswer.shared(asked, told.text(), told.zipped()));
      return asked.vertx()
          .executeBlocking(() -> part.apply(capability.told(base, Gate.table(mounted)).text()), false)
          .compose(statement -> FhirAnswer.json(asked, 200, statement, BundleRoom.OPEN));
    }).handle(request);
  }

  /** For an entry of a bundle. */
  private Future<Buffer> statement(Ask ask) {
    Selection part = Selection.of(ask.param("_elements"), ask.param("_summary"));
    return Vertx.currentContext()
        .executeBlocking(() -> part.apply(capability.told(ask.base(), Gate.table(mounted)).text()), false);
  }

  private static void welcome(RoutingContext request) {
    boolean searches = Query.parse(request.request().query())
        .stream()
        .anyMatch(param -> !Set.of("_format", "_pretty").contains(param.name()));
    if (searches) {
      request.reroute(request.request().method(), SearchRoutes.SYSTEM + "?" + request.request().query());
      return;
    }
    String base = FhirAnswer.base(request);
    FhirAnswer.json(request, 200, OperationOutcome.of(List.of(Issue.information("This is a FHIR R4 base. Ask " + base
        + "/metadata what it can do, or " + base + "/Observation?_count=10"))));
  }

  private static void unknown(RoutingContext request) {
    request
        .fail(new Failure.NotFound("no such resource type or operation here; see /fhir/metadata for those there are"));
  }
}

package io.caregrid.api.fhir;

import static io.caregrid.api.fhir.TypeRoutes.answer;
import static io.caregrid.api.fhir.TypeRoutes.id;
import static io.caregrid.api.fhir.TypeRoutes.of;
import static io.caregrid.api.fhir.TypeRoutes.reading;
import static io.caregrid.api.fhir.TypeRoutes.type;
import static io.caregrid.contract.Access.FHIR_READ;
import static io.caregrid.contract.Access.FHIR_WRITE;
import static io.caregrid.contract.Gate.needs;
import static io.vertx.core.http.HttpMethod.DELETE;
import static io.vertx.core.http.HttpMethod.GET;
import static io.vertx.core.http.HttpMethod.POST;
import static io.vertx.core.http.HttpMethod.PUT;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.api.Requests;
import io.caregrid.contract.Access;
import io.caregrid.contract.Failure;
import io.caregrid.contract.Gate;
import io.caregrid.contract.OperationOutcome;
import io.caregrid.contract.OperationOutcome.Issue;
import io.caregrid.contract.Routes;
import io.caregrid.store.FhirStore;
import io.caregrid.store.HistoryQuery;
import io.caregrid.store.SearchQuery.Param;
import io.vertx.core.Future;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The table of the FHIR door's addresses; each handler takes the request apart, asks the store, and hands over to {@link FhirAnswer}. */
public final class FhirRoutes implements Routes {
  private static final Pattern HANDLING = Pattern.compile("handling=([a-z]*)");
  /** Of the system: other doors' matter, wherever these are mounted. They answer in forms of their own, and what none of them answers ends here. */
  private static final String OPERATION = "/fhir/\\$[^/]*";
  private static final String OPERATION_OF_TYPE = "/fhir/.+/\\$[^/]*";
  private static final String OTHER_ADDRESS = "/fhir/(?!(?:metadata|_search|[A-Z][A-Za-z]*)(?:/|$)).+";
  private final FhirStore store;
  private final Future<ResourceRules> rules;
  private final Capability capability;
  /** One of those of this node, which are all alike; what is mounted later is on it, too. */
  private volatile Router mounted;

  /**
   * @param rules   FHIR's definitions; writes wait for them
   * @param version of this house, for the capability statement
   */
  public FhirRoutes(FhirStore store, Future<ResourceRules> rules, String version) {
    this.store = store;
    this.rules = rules;
    this.capability = new Capability(version, Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
  }

  @Override
  public void mount(Router router) {
    mounted = router;
    Gate.filter(router.routeWithRegex("(?!" + OPERATION + "$)/fhir.*")).handler(Negotiation::check);
    needs(Access.OPEN, reading(router.get("/fhir"))).handler(FhirRoutes::welcome);
    needs(Access.OPEN, reading(router.get("/fhir/metadata"))).handler(this::metadata);
    new MetaOperations(store, rules).mount(router);
    new ValidateOperation(store, rules).mount(router);
    needs(Access.OPEN, router.routeWithRegex(OPERATION_OF_TYPE).setName("/fhir/*/$*")).handler(FhirRoutes::operation);
    new SearchRoutes(store).mount(router);
    mountTypes(router);
    needs(Access.OPEN, router.routeWithRegex(OPERATION).setName("/fhir/$*").last()).handler(FhirRoutes::operation);
    needs(Access.OPEN, router.routeWithRegex(OTHER_ADDRESS).setName("/fhir/*").last()).handler(FhirRoutes::unknown);
  }

  private static void operation(RoutingContext request) {
    request.fail(new Failure.NotFound(
        "no such operation here: operations have names that begin with $, and this node has $viewdefinition-run where it has the role analytics"));
  }

  private void mountTypes(Router router) {
    needs(FHIR_READ, reading(of(router, GET, "/fhir/TYPE"))).handler(answer(this::search));
    needs(FHIR_WRITE, of(router, POST, "/fhir/TYPE")).handler(answer(this::create));
    needs(FHIR_READ, of(router, POST, "/fhir/TYPE/_search")).handler(answer(this::searchForm));
    needs(FHIR_READ, reading(of(router, GET, "/fhir/TYPE/:id/_history"))).handler(answer(this::history));
    needs(FHIR_READ, reading(of(router, GET, "/fhir/TYPE/:id/_history/:version"))).handler(answer(this::vread));
    needs(FHIR_READ, reading(of(router, GET, "/fhir/TYPE/:id"))).handler(answer(this::read));
    needs(FHIR_WRITE, of(router, PUT, "/fhir/TYPE/:id")).handler(answer(this::update));
    needs(FHIR_WRITE, of(router, DELETE, "/fhir/TYPE/:id")).handler(answer(this::delete));
  }

  private Future<?> create(RoutingContext request) {
    String type = type(request);
    if (request.request().getHeader("If-None-Exist") != null) {
      throw new Failure.PreconditionFailed("If-None-Exist is not supported yet: search first, then create");
    }
    return body(request, type)
        .compose(resource -> store.create(Requests.caller(request), type, resource))
        .compose(stored -> FhirAnswer.written(request, stored));
  }

  private Future<?> update(RoutingContext request) {
    String type = type(request);
    String id = id(request);
    OptionalInt ifMatch = ifMatch(request);
    return body(request, type)
        .map(resource -> withId(resource, id))
        .compose(resource -> store.update(Requests.caller(request), type, id, resource, ifMatch))
        .compose(stored -> FhirAnswer.written(request, stored));
  }

  private Future<?> read(RoutingContext request) {
    String type = type(request);
    return store.read(Requests.caller(request), type, id(request))
        .compose(stored -> FhirAnswer.resource(request, stored));
  }

  private Future<?> vread(RoutingContext request) {
    String type = type(request);
    String version = request.pathParam("version");
    if (!version.matches("\\d{1,9}")) throw new Failure.NotFound("no such version: versions are whole numbers from 1");
    return store.vread(Requests.caller(request), type, id(request), Integer.parseInt(version))
        .compose(stored -> FhirAnswer.resource(request, stored));
  }

  private Future<?> delete(RoutingContext request) {
    String type = type(request);
    return store.delete(Requests.caller(request), type, id(request), ifMatch(request))
        .compose(stored -> FhirAnswer.deleted(request, type, stored));
  }

  private Future<?> history(RoutingContext request) {
    String type = type(request);
    String id = id(request);
    List<Param> params = Query.parse(request.request().query());
    String token = SearchRequest.last(params, SearchRequest.PAGE);
    int count = Math.max(1, SearchRequest.count(SearchRequest.last(params, "_count")));
    HistoryQuery query = new HistoryQuery(count, since(SearchRequest.last(params, "_since")), token);
    List<Param> asked = params.stream().filter(param -> !param.name().equals(SearchRequest.PAGE)).toList();
    return store.history(Requests.caller(request), type, id, query)
        .compose(page -> FhirAnswer.json(request, 200,
            Bundles.history(FhirAnswer.base(request), type, id, asked, token, page)));
  }

  private Future<?> searchForm(RoutingContext request) {
    String type = type(request);
    if (!Bodies.mediaType(request.request()).equals("application/x-www-form-urlencoded")) {
      throw new Failure.UnsupportedMedia("_search reads Content-Type application/x-www-form-urlencoded");
    }
    List<Param> params = Query.parse(request.request().query());
    return Bodies.read(request).compose(form -> {
      params.addAll(Query.parse(form.toString(StandardCharsets.UTF_8)));
      Negotiation.form(request, SearchRequest.last(params, "_format"), SearchRequest.last(params, "_pretty"))
          .put(request);
      return search(request, type, params);
    });
  }

  private Future<?> search(RoutingContext request) {
    return search(request, type(request), Query.parse(request.request().query()));
  }

  private Future<?> search(RoutingContext request, String type, List<Param> params) {
    SearchRequest asked = SearchRequest.of(type, params);
    boolean strict = isStrict(request);
    if (strict) asked.requireKnown();
    return store.search(Requests.caller(request), asked.query())
        .compose(
            page -> FhirAnswer.json(request, 200, Bundles.searchset(FhirAnswer.base(request), asked, page)));
  }

  private static boolean isStrict(RoutingContext request) {
    Matcher handling = HANDLING.matcher(FhirAnswer.prefer(request));
    if (!handling.find()) return false;
    return switch (handling.group(1)) {
      case "strict" -> true;
      case "lenient" -> false;
      default -> throw new Failure.Invalid("Prefer: handling must be strict or lenient");
    };
  }

  private Future<ObjectNode> body(RoutingContext request, String type) {
    return Bodies.checked(request, rules, type);
  }

  private static ObjectNode withId(ObjectNode resource, String id) {
    if (!resource.path("id").asText().equals(id)) {
      throw new Failure.Invalid("the resource's id must be there and equal the id in the address", "id");
    }
    return resource;
  }

  private static OptionalInt ifMatch(RoutingContext request) {
    return Versions.ifMatch(request.request().getHeader(HttpHeaders.IF_MATCH));
  }

  private static Instant since(String text) {
    if (text == null) return null;
    try {
      return OffsetDateTime.parse(text.replace(' ', '+')).toInstant();
    } catch (DateTimeException unreadable) {
      throw new Failure.Invalid("_since must be an instant such as 2026-11-20T10:00:00Z");
    }
  }

  private void metadata(RoutingContext request) {
    answer(asked -> FhirAnswer.json(asked, 200,
        Selection.of(asked).apply(capability.statement(FhirAnswer.base(asked), Gate.table(mounted))))).handle(request);
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

package io.caregrid.api.fhir;

import static io.caregrid.contract.Access.FHIR_READ;
import static io.caregrid.contract.Gate.needs;

import io.caregrid.api.Requests;
import io.caregrid.contract.Failure;
import io.caregrid.store.FhirStore;
import io.caregrid.store.SearchQuery.Param;
import io.vertx.core.Future;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.Route;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The addresses of searches that are not over one type: over several, and within a compartment (FHIR R4 http.html#search). */
final class SearchRoutes {
  /** {@code GET /fhir?…} is sent on to here: the base itself is open to everybody, what it finds is not. */
  static final String SYSTEM = "/fhir/_search";
  private static final Pattern HANDLING = Pattern.compile("handling=([a-z]*)");
  private static final String COMPARTMENT = "/fhir/(?<of>[A-Z][A-Za-z]*)/(?<id>[A-Za-z0-9\\-.]{1,64})/(?<what>\\*|[A-Z][A-Za-z]*)";

  private final FhirStore store;

  SearchRoutes(FhirStore store) {
    this.store = store;
  }

  void mount(Router router) {
    needs(FHIR_READ, router.get(SYSTEM).method(HttpMethod.HEAD)).handler(request -> answer(request,
        asked -> search(asked, null, null, Query.parse(asked.request().query()))));
    needs(FHIR_READ, router.post(SYSTEM)).handler(request -> answer(request, asked -> form(asked, null, null)));
    needs(FHIR_READ, named(router.getWithRegex(COMPARTMENT + "/?").method(HttpMethod.HEAD), "")).handler(
        request -> answer(request, asked -> search(asked, type(asked), within(asked),
            Query.parse(asked.request().query()))));
    needs(FHIR_READ, named(router.postWithRegex(COMPARTMENT + "/_search"), "/_search")).handler(
        request -> answer(request, asked -> form(asked, type(asked), within(asked))));
  }

  private static Route named(Route route, String end) {
    return route.setName("/fhir/COMPARTMENT/:id/TYPE" + end);
  }

  private static void answer(RoutingContext request, Function<RoutingContext, Future<?>> handler) {
    Future.succeededFuture().compose(start -> handler.apply(request)).onFailure(request::fail);
  }

  private static String within(RoutingContext request) {
    return request.pathParam("of") + "/" + request.pathParam("id");
  }

  /** Null for all. */
  private static String type(RoutingContext request) {
    String what = request.pathParam("what");
    if (what.equals("*")) return null;
    if (!ResourceTypes.ALL.contains(what))
      throw new Failure.NotFound("this node keeps no resources of that type; see /fhir/metadata for those it keeps");
    return what;
  }

  private Future<?> form(RoutingContext request, String type, String within) {
    if (!Bodies.mediaType(request.request()).equals("application/x-www-form-urlencoded"))
      throw new Failure.UnsupportedMedia("_search reads Content-Type application/x-www-form-urlencoded");
    List<Param> params = Query.parse(request.request().query());
    return Bodies.read(request).compose(form -> {
      params.addAll(Query.parse(form.toString(StandardCharsets.UTF_8)));
      Negotiation.form(request, SearchRequest.last(params, "_format"), SearchRequest.last(params, "_pretty"))
          .put(request);
      return search(request, type, within, params);
    });
  }

  private Future<?> search(RoutingContext request, String type, String within, List<Param> params) {
    SearchRequest asked = SearchRequest.of(type, within,
        new OwnAddress(FhirAnswer.base(request)).relative(type, params));
    if (isStrict(request)) asked.requireKnown();
    return store.search(Requests.caller(request), asked.query())
        .compose(page -> Selection.cut(FhirAnswer.base(request), asked, page))
        .compose(bundle -> FhirAnswer.json(request, 200, bundle));
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
}

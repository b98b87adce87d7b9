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

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.api.fhir.r4.Trees;
import io.caregrid.contract.Failure;
import io.caregrid.contract.Routes;
import io.caregrid.store.FhirStore;
import io.caregrid.store.Page;
import io.caregrid.store.Reading;
import io.caregrid.store.SearchQuery;
import io.caregrid.store.SearchQuery.Param;
import io.caregrid.store.Stored;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * {@code $everything} of a Patient, of all Patients, or of an Encounter (FHIR R4 patient-operation-everything.html): its compartment, a page at a time, and what the page's resources
 * refer to that belongs to no patient, such as organisations and practitioners, so that nothing of another patient comes along. What is in the compartments
 * of Patients that hold more about the same person (seealso), or that it replaces, belongs to it; what they link to does not. Who asks for one that another has replaced is sent there, as by Microsoft's server. {@code start} and {@code end} leave out what is on the page: pages may be of different sizes.
 */
final class EverythingOperation implements Routes {
  /** What may come along though it is in nobody's compartment. */
  private static final Set<String> SUPPORTING = Set.of("Organization", "Practitioner", "PractitionerRole", "Location",
      "Medication", "Substance", "Device", "DeviceDefinition", "HealthcareService", "Endpoint", "PlanDefinition",
      "ActivityDefinition", "Questionnaire", "Measure", "Library", "InsurancePlan", "MedicationKnowledge");
  private static final Map<String, Set<String>> OF = Map.of("Patient", SUPPORTING, "Encounter",
      Stream.concat(SUPPORTING.stream(), Stream.of("Patient")).collect(Collectors.toSet()));
  private static final String NAME = "$everything";
  private static final Set<String> VALUES = Set.of("valueDate", "valueDateTime", "valueInstant", "valueCode",
      "valueString", "valueInteger");
  private static final Set<String> KNOWN = Set.of("start", "end", "_since", "_type", "_count", SearchRequest.PAGE,
      "_format", "_pretty", "_summary", "_elements");
  private static final int DEFAULT_COUNT = 100;
  private static final int MOST_LINKED = 10;
  /** Characters of an address's query. */
  private static final int LONGEST = 4_000;
  /** Names of unknown parameters that are told. */
  private static final int MOST_NAMED = 20;
  /** Characters of such a name. */
  private static final int LONGEST_NAME = 100;
  private static final Set<String> SAME = Set.of("seealso", "replaces");
  private static final Pattern PATIENT = Pattern.compile("Patient/[A-Za-z0-9\\-.]{1,64}");
  private final FhirStore store;
  private final Future<ResourceRules> rules;

  EverythingOperation(FhirStore store, Future<ResourceRules> rules) {
    this.store = store;
    this.rules = rules;
  }

  @Override
  public void mount(Router router) {
    mount(router, "/fhir/TYPE/$everything", request -> Ask.of(request, type(request), NAME));
    mount(router, "/fhir/TYPE/:id/$everything", request -> Ask.of(request, type(request), id(request), NAME));
  }

  private void mount(Router router, String address, Function<RoutingContext, Ask> ask) {
    needs(FHIR_READ, reading(of(router, GET, address)))
        .handler(answer(request -> answered(request, ask.apply(request), null)));
    needs(FHIR_READ, of(router, POST, address)).handler(answer(request -> posted(request, ask.apply(request))));
  }

  private Future<?> posted(RoutingContext request, Ask ask) {
    if (request.request().getHeader("Content-Type") == null) return answered(request, ask, null);
    return Bodies.checked(request, rules, "Parameters").compose(body -> answered(request, ask, body));
  }

  private Future<?> answered(RoutingContext request, Ask ask, ObjectNode given) {
    return pages(store, ask, params(ask, given)).compose(reply -> {
      if (reply.location() != null) moved(request, FhirAnswer.base(request) + "/" + reply.location());
      return FhirAnswer.json(request, reply.status(), reply.body());
    });
  }

  /** In both headers: Microsoft's server tells it in the second one. */
  private static void moved(RoutingContext request, String to) {
    request.response().putHeader(HttpHeaders.LOCATION, to).putHeader(HttpHeaders.CONTENT_LOCATION, to);
  }

  /** Those of its address, and of Parameters that came along. Invalid 400 for another resource. @param given null for none */
  static List<Param> params(Ask ask, ObjectNode given) {
    List<Param> params = new ArrayList<>(ask.query());
    if (given == null) return params;
    if (!given.path("resourceType").asText().equals("Parameters"))
      throw new Failure.Invalid("$everything takes Parameters");
    for (JsonNode parameter : given.path("parameter")) param(parameter, params);
    return params;
  }

  private static void param(JsonNode parameter, List<Param> params) {
    VALUES.stream()
        .filter(parameter::has)
        .forEach(value -> params.add(new Param(parameter.path("name").asText(), parameter.path(value).asText())));
  }

  /**
   * Of one, or of all Patients.
   *
   * @param reading the store, or a transaction's view of it
   * @param ask     with the address of the operation
   * @param params  {@link #params}
   */
  Future<Reply> pages(Reading reading, Ask ask, List<Param> params) {
    String type = ask.type();
    boolean ofAll = ask.path().size() == 2;
    if (!OF.containsKey(type) || ask.path().size() > 3 || ofAll && !type.equals("Patient"))
      throw new Failure.NotFound("$everything is for a Patient, for an Encounter, and for all Patients");
    List<Param> asked = params.stream().filter(param -> KNOWN.contains(param.name())).toList();
    List<String> ignored = unknown(params);
    if (!ignored.isEmpty() && Interactions.isStrict(ask))
      throw new Failure.Invalid("$everything has no parameters " + String.join(", ", ignored));
    CareDates dates = CareDates.of(SearchRequest.last(asked, "start"), SearchRequest.last(asked, "end"));
    Selection part = Selection.of(SearchRequest.last(asked, "_elements"), SearchRequest.last(asked, "_summary"));
    Shape shape = new Shape(types(asked), dates, part, ignored);
    if (ofAll) return page(reading, ask, List.of(SearchQuery.EVERY_PATIENT), asked, shape);
    return reading.read(ask.caller(), type, ask.id()).compose(stored -> {
      String instead = replacing(stored);
      return (instead == null ? Future.succeededFuture(false) : isMeant(reading, ask, instead))
          .compose(moved -> moved
              ? Future.succeededFuture(Reply.moved(instead + "/" + NAME + query(asked)))
              : page(reading, ask, linked(stored), asked, shape));
    });
  }

  /** Whether it is there, and does not send back to the one that was asked for. */
  private static Future<Boolean> isMeant(Reading reading, Ask ask, String instead) {
    return reading.read(ask.caller(), "Patient", instead.substring("Patient/".length()))
        .map(there -> !("Patient/" + ask.id()).equals(replacing(there)))
        .recover(cause -> cause instanceof Failure.NotFound || cause instanceof Failure.Gone
            ? Future.succeededFuture(false)
            : Future.failedFuture(cause));
  }

  /** The same question elsewhere, Parameters too: clients follow by GET. A page's token is this one's only. Invalid 400 for one that is longer than an address. */
  private static String query(List<Param> asked) {
    String query = Query.format(
        asked.stream().filter(param -> !param.name().equals(SearchRequest.PAGE)).toList());
    if (query.length() > LONGEST)
      throw new Failure.Invalid(
          "another Patient is to be used instead, and these Parameters are too long for its address");
    return query.isEmpty() ? "" : "?" + query;
  }

  /** As many of their names as somebody reads, and how many there are beside those. */
  private static List<String> unknown(List<Param> params) {
    List<String> names = params.stream().map(Param::name).filter(name -> !KNOWN.contains(name)).distinct().toList();
    List<String> told = new ArrayList<>();
    for (String name : names.subList(0, Math.min(MOST_NAMED, names.size())))
      told.add(name.length() > LONGEST_NAME ? name.substring(0, LONGEST_NAME) + "…" : name);
    if (names.size() > MOST_NAMED) told.add("and " + (names.size() - MOST_NAMED) + " more");
    return told;
  }

  /** What is given out of a page. @param ignored parameters that this operation does not have */
  private record Shape(Set<String> types, CareDates dates, Selection part, List<String> ignored) {}

  private static Future<Reply> page(Reading reading, Ask ask, List<String> all, List<Param> asked, Shape shape) {
    Set<String> supporting = OF.get(ask.type());
    return found(reading, ask, all, asked, query(asked, shape.types(), supporting))
        .compose(page -> BundleRoom.ANSWERS.making(2 * Selection.bytes(page), () -> aside(
            () -> Bundles.everything(ask.base(), String.join("/", ask.path()), asked,
                within(page, shape.dates(), supporting, shape.types()), shape.part(), shape.ignored()))))
        .map(Reply::bundle);
  }

  /** The Patient that is to be used instead (FHIR R4 valueset-link-type.html, replaced-by); null for none. */
  private static String replacing(Stored stored) {
    if (!stored.type().equals("Patient")) return null;
    for (JsonNode link : tree(stored).path("link")) {
      String other = link.path("other").path("reference").asText();
      boolean instead = link.path("type").asText().equals("replaced-by") && PATIENT.matcher(other).matches();
      if (instead && !other.equals("Patient/" + stored.id())) return other;
    }
    return null;
  }

  /** On a worker thread. */
  private static <T> Future<T> aside(Callable<T> work) {
    return Vertx.currentContext().executeBlocking(work, false);
  }

  /** Itself, and the Patients that hold more about the same person (FHIR R4 valueset-link-type.html, seealso), or that it replaces. */
  private static List<String> linked(Stored stored) {
    List<String> all = new ArrayList<>(List.of(stored.type() + "/" + stored.id()));
    if (!stored.type().equals("Patient")) return all;
    for (JsonNode link : tree(stored).path("link")) {
      String other = link.path("other").path("reference").asText();
      boolean more = SAME.contains(link.path("type").asText()) && PATIENT.matcher(other).matches();
      if (more && !all.contains(other) && all.size() < MOST_LINKED) all.add(other);
    }
    return all;
  }

  private static Future<Page> found(Reading reading, Ask ask, List<String> all, List<Param> asked,
      List<Param> params) {
    String count = SearchRequest.last(asked, "_count");
    int most = count == null ? DEFAULT_COUNT : Math.max(1, SearchRequest.count(count));
    String token = SearchRequest.last(asked, SearchRequest.PAGE);
    SearchQuery query = new SearchQuery(null, params, most, "none", token, SearchRequest.PAGE_BYTES, all);
    return reading.search(ask.caller(), query);
  }

  /** Where supporting types are asked for, all is looked at that may bring them along. */
  private static List<Param> query(List<Param> asked, Set<String> types, Set<String> supporting) {
    List<Param> params = new ArrayList<>(List.of(new Param("_include", "*")));
    boolean direct = types.stream().noneMatch(supporting::contains);
    if (direct && !types.isEmpty()) params.add(new Param("_type", String.join(",", types)));
    String since = SearchRequest.last(asked, "_since");
    if (since != null) params.add(new Param("_lastUpdated", "ge" + since.replace(' ', '+')));
    return params;
  }

  /** Those of {@code _type}; empty for all. */
  private static Set<String> types(List<Param> asked) {
    return asked.stream()
        .filter(param -> param.name().equals("_type"))
        .flatMap(param -> List.of(param.value().split(",")).stream())
        .collect(Collectors.toSet());
  }

  private static Page within(Page page, CareDates dates, Set<String> supporting, Set<String> types) {
    List<Stored> entries = page.entries()
        .stream()
        .filter(stored -> types.isEmpty() || types.contains(stored.type()))
        .filter(stored -> dates.isOpen() || dates.has(tree(stored)))
        .toList();
    List<Stored> included = page.included()
        .stream()
        .filter(stored -> supporting.contains(stored.type()) && (types.isEmpty() || types.contains(stored.type())))
        .toList();
    return new Page(entries, page.total(), page.next(), page.unreadable(), page.patients(), included, page.notes());
  }

  private static ObjectNode tree(Stored stored) {
    return Trees.own(stored.body().getBytes());
  }
}

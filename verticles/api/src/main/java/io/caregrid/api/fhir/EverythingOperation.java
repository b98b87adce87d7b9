package io.caregrid.api.fhir;

import static io.caregrid.api.fhir.TypeRoutes.answer;
import static io.caregrid.api.fhir.TypeRoutes.id;
import static io.caregrid.api.fhir.TypeRoutes.of;
import static io.caregrid.api.fhir.TypeRoutes.reading;
import static io.caregrid.contract.Access.FHIR_READ;
import static io.caregrid.contract.Gate.needs;
import static io.vertx.core.http.HttpMethod.GET;
import static io.vertx.core.http.HttpMethod.POST;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.api.Requests;
import io.caregrid.api.fhir.r4.Trees;
import io.caregrid.contract.Failure;
import io.caregrid.contract.Routes;
import io.caregrid.store.FhirStore;
import io.caregrid.store.Page;
import io.caregrid.store.SearchQuery;
import io.caregrid.store.SearchQuery.Param;
import io.caregrid.store.Stored;
import io.vertx.core.Future;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * {@code $everything} of a Patient or an Encounter (FHIR R4 patient-operation-everything.html): its compartment, a page at a time, and what the page's resources
 * refer to that belongs to no patient, such as organisations and practitioners, so that nothing of another patient comes along. What is in the compartments
 * of Patients that hold more about the same person (seealso) belongs to it; what they link to does not. {@code start} and {@code end} leave out what is on the page: pages may be of different sizes.
 */
final class EverythingOperation implements Routes {
  /** What may come along though it is in nobody's compartment. */
  private static final Set<String> SUPPORTING = Set.of("Organization", "Practitioner", "PractitionerRole", "Location",
      "Medication", "Substance", "Device", "DeviceDefinition", "HealthcareService", "Endpoint", "PlanDefinition",
      "ActivityDefinition", "Questionnaire", "Measure", "Library", "InsurancePlan", "MedicationKnowledge");
  private static final Map<String, Set<String>> OF = Map.of("Patient", SUPPORTING, "Encounter",
      Stream.concat(SUPPORTING.stream(), Stream.of("Patient")).collect(Collectors.toSet()));
  private static final Set<String> VALUES = Set.of("valueDate", "valueDateTime", "valueInstant", "valueCode",
      "valueString", "valueInteger");
  private static final Set<String> KNOWN = Set.of("start", "end", "_since", "_type", "_count", SearchRequest.PAGE,
      "_format", "_pretty", "_summary", "_elements");
  private static final int DEFAULT_COUNT = 100;
  private static final int MOST_LINKED = 10;
  private static final Pattern PATIENT = Pattern.compile("Patient/[A-Za-z0-9\\-.]{1,64}");
  private static final int DAY = "2026-11-20".length();
  private final FhirStore store;
  private final Future<ResourceRules> rules;

  EverythingOperation(FhirStore store, Future<ResourceRules> rules) {
    this.store = store;
    this.rules = rules;
  }

  @Override
  public void mount(Router router) {
    needs(FHIR_READ, reading(of(router, GET, "/fhir/TYPE/:id/$everything")))
        .handler(answer(request -> everything(request, Query.parse(request.request().query()))));
    needs(FHIR_READ, of(router, POST, "/fhir/TYPE/:id/$everything")).handler(answer(this::posted));
  }

  private Future<?> posted(RoutingContext request) {
    List<Param> params = Query.parse(request.request().query());
    String type = request.request().getHeader("Content-Type");
    if (type == null) return everything(request, params);
    return Bodies.checked(request, rules, "Parameters").compose(body -> {
      for (JsonNode parameter : body.path("parameter")) param(parameter, params);
      return everything(request, params);
    });
  }

  private static void param(JsonNode parameter, List<Param> params) {
    VALUES.stream()
        .filter(parameter::has)
        .forEach(value -> params.add(new Param(parameter.path("name").asText(), parameter.path(value).asText())));
  }

  private Future<?> everything(RoutingContext request, List<Param> params) {
    String type = TypeRoutes.type(request);
    if (!OF.containsKey(type)) throw new Failure.NotFound("$everything is for a Patient and for an Encounter");
    List<Param> asked = params.stream().filter(param -> KNOWN.contains(param.name())).toList();
    CareDates dates = new CareDates(day(asked, "start"), day(asked, "end"));
    Set<String> types = types(asked);
    String whole = type + "/" + id(request);
    String base = FhirAnswer.base(request);
    Selection part = Selection.of(request);
    return store.read(Requests.caller(request), type, id(request))
        .map(EverythingOperation::linked)
        .compose(all -> page(request, all, asked, query(asked, types, OF.get(type))))
        .compose(page -> BundleRoom.ANSWERS.making(2 * Selection.bytes(page), () -> request.vertx()
            .executeBlocking(() -> Bundles.everything(base, whole + "/$everything", asked,
                within(page, dates, OF.get(type), types), part), false)))
        .compose(bundle -> FhirAnswer.json(request, 200, bundle));
  }

  /** Itself, and the Patients that hold more about the same person (FHIR R4 valueset-link-type.html, seealso). */
  private static List<String> linked(Stored stored) {
    List<String> all = new ArrayList<>(List.of(stored.type() + "/" + stored.id()));
    if (!stored.type().equals("Patient")) return all;
    for (JsonNode link : tree(stored).path("link")) {
      String other = link.path("other").path("reference").asText();
      boolean more = link.path("type").asText().equals("seealso") && PATIENT.matcher(other).matches();
      if (more && !all.contains(other) && all.size() < MOST_LINKED) all.add(other);
    }
    return all;
  }

  private Future<Page> page(RoutingContext request, List<String> all, List<Param> asked, List<Param> params) {
    String count = SearchRequest.last(asked, "_count");
    int most = count == null ? DEFAULT_COUNT : Math.max(1, SearchRequest.count(count));
    String token = SearchRequest.last(asked, SearchRequest.PAGE);
    SearchQuery query = new SearchQuery(null, params, most, "none", token, SearchRequest.PAGE_BYTES, all);
    return store.search(Requests.caller(request), query);
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

  private static LocalDate day(List<Param> asked, String name) {
    String text = SearchRequest.last(asked, name);
    if (text == null) return null;
    try {
      return LocalDate.parse(text.length() > DAY ? text.substring(0, DAY) : text);
    } catch (DateTimeException unreadable) {
      throw new Failure.Invalid(name + " must be a date such as 2026-11-20");
    }
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

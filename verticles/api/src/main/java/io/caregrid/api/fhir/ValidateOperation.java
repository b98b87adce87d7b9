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
import io.caregrid.api.fhir.r4.Trees;
import io.caregrid.contract.Failure;
import io.caregrid.contract.OperationOutcome;
import io.caregrid.contract.OperationOutcome.Issue;
import io.caregrid.contract.Routes;
import io.caregrid.store.FhirStore;
import io.caregrid.store.SearchQuery.Param;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * {@code $validate} (FHIR R4 resource-operation-validate.html): what the house would say to a write of this resource, by the very rules of a write, and
 * where profiles are named, in the request or in the resource's meta, what HAPI's validator says to it. Always 200 with an OperationOutcome; nothing is kept.
 * Profiles, value sets and code systems come with the request (parameters named {@code profile} that are resources) or from the store.
 */
final class ValidateOperation implements Routes {
  /** Gauge: threads on which HAPI's validator works on after its time, each of which takes a processor. While it is 2, nothing is held against profiles here. */
  static final String LOST = "fhir.validation.lost";
  private static final String NAME = "$validate";
  private static final Set<String> MODES = Set.of("create", "update", "delete", "profile");
  private final FhirStore store;
  private final Future<ResourceRules> rules;
  private final Duration patience;
  private volatile ProfileValidator validator;

  ValidateOperation(FhirStore store, Future<ResourceRules> rules, MeterRegistry metrics) {
    this(store, rules, metrics, ProfileValidator.PATIENCE);
  }

  /** @param patience longest that a resource is held against profiles */
  ValidateOperation(FhirStore store, Future<ResourceRules> rules, MeterRegistry metrics, Duration patience) {
    this.store = store;
    this.rules = rules;
    this.patience = patience;
    Gauge.builder(LOST, this, ValidateOperation::lost).strongReference(true).baseUnit("threads").register(metrics);
  }

  private int lost() {
    ProfileValidator made = validator;
    return made == null ? 0 : made.lost();
  }

  /**
   * @param resource null where only a deletion is asked about
   * @param profiles canonical URLs
   * @param posted   definitions that came along
   */
  private record Asked(ObjectNode resource, String mode, List<String> profiles, List<ObjectNode> posted) {}

  @Override
  public void mount(Router router) {
    needs(FHIR_READ, of(router, POST, "/fhir/TYPE/$validate")).handler(answer(this::sent));
    needs(FHIR_READ, of(router, POST, "/fhir/TYPE/:id/$validate")).handler(answer(this::sent));
    needs(FHIR_READ, reading(of(router, GET, "/fhir/TYPE/:id/$validate"))).handler(answer(this::stored));
  }

  private Future<?> sent(RoutingContext request) {
    Ask ask = ask(request);
    return Bodies.resource(request)
        .compose(body -> request.vertx().executeBlocking(() -> ResourceReader.read(body.bytes(), body.format()), false))
        .compose(body -> told(request, ask, body));
  }

  private Future<?> stored(RoutingContext request) {
    return told(request, ask(request), null);
  }

  private static Ask ask(RoutingContext request) {
    String type = TypeRoutes.type(request);
    return request.pathParam("id") == null
        ? Ask.of(request, type, NAME)
        : Ask.of(request, type, id(request), NAME);
  }

  private Future<Void> told(RoutingContext request, Ask ask, ObjectNode given) {
    return outcome(ask, given).compose(outcome -> FhirAnswer.json(request, 200, outcome));
  }

  /**
   * The OperationOutcome about what is given, or what is stored under the address where nothing is.
   *
   * @param given a resource, or Parameters with one; null for none
   */
  Future<Buffer> outcome(Ask ask, ObjectNode given) {
    String type = ask.type();
    boolean ofOne = ask.path().size() == 3;
    if (ask.path().size() > 3 || given == null && !ofOne)
      throw new Failure.NotSupported("$validate needs a resource, or the address of one");
    boolean wrapped = given != null && given.path("resourceType").asText().equals("Parameters")
        && !type.equals("Parameters");
    Asked asked = wrapped
        ? ofParameters(ask, given)
        : new Asked(given, mode(ask, null), profiles(ask), List.of());
    return (asked.resource() == null && ofOne ? there(ask, asked) : Future.succeededFuture(asked))
        .compose(meant -> judged(ask, type, meant))
        .map(issues -> OperationOutcome
            .of(issues.isEmpty() ? List.of(Issue.information("nothing is wrong with it")) : issues));
  }

  private Future<Asked> there(Ask ask, Asked asked) {
    return store.read(ask.caller(), ask.type(), ask.id())
        .map(stored -> new Asked(Trees.own(stored.body().getBytes()), asked.mode(), asked.profiles(), asked.posted()));
  }

  private static Asked ofParameters(Ask ask, ObjectNode parameters) {
    ObjectNode resource = null;
    String mode = null;
    List<String> profiles = new ArrayList<>(profiles(ask));
    List<ObjectNode> posted = new ArrayList<>();
    for (JsonNode parameter : parameters.path("parameter")) {
      String name = parameter.path("name").asText();
      if (parameter.get("resource") instanceof ObjectNode given) {
        if (name.equals("resource")) resource = given;
        else posted.add(given);
        if (name.equals("profile")) profiles.add(given.path("url").asText());
      } else if (name.equals("mode")) {
        mode = text(parameter, "valueCode");
      } else if (name.equals("profile")) {
        profiles.add(text(parameter, "valueUri"));
      }
    }
    return new Asked(resource, mode(ask, mode), profiles, posted);
  }

  /** Also a canonical, or as a mere string, as .NET's clients send it. Invalid 400 for none. @param name of R4's own */
  private static String text(JsonNode parameter, String name) {
    for (String one : List.of(name, "valueCanonical", "valueString"))
      if (parameter.path(one).isTextual()) return parameter.get(one).textValue();
    throw new Failure.Invalid("the parameter " + parameter.path("name").asText() + " needs a " + name,
        "Parameters.parameter");
  }

  private static List<String> profiles(Ask ask) {
    return ask.query().stream().filter(param -> param.name().equals("profile")).map(Param::value).toList();
  }

  private static String mode(Ask ask, String given) {
    String mode = given != null ? given : ask.param("mode");
    if (mode != null && !MODES.contains(mode))
      throw new Failure.Invalid("mode must be create, update, delete or profile");
    return mode;
  }

  private Future<List<Issue>> judged(Ask ask, String type, Asked asked) {
    if (asked.resource() == null) {
      if (!"delete".equals(asked.mode()))
        throw new Failure.Invalid("the Parameters must have a parameter named resource, which is one",
            "Parameters.parameter");
      return Future.succeededFuture(List.of());
    }
    List<Issue> found = new ArrayList<>();
    if (!asked.resource().path("resourceType").asText().equals(type))
      found.add(Issue.error("invalid", "resourceType is not " + type + ", which this address takes", "resourceType"));
    Context here = Vertx.currentContext();
    return rules.compose(ready -> here.executeBlocking(() -> ready.check(asked.resource()), false))
        .compose(own -> {
          found.addAll(own);
          boolean profiled = !asked.profiles().isEmpty() || !asked.resource().path("meta").path("profile").isEmpty();
          if (!profiled || !found.isEmpty()) return Future.succeededFuture(found);
          KnownDefinitions known = new KnownDefinitions(store, ask.caller(), asked.posted());
          return validator(here.owner()).check(asked.resource(), asked.profiles(), known);
        });
  }

  synchronized ProfileValidator validator(Vertx vertx) {
    if (validator == null) validator = new ProfileValidator(vertx, patience);
    return validator;
  }
}

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
import io.caregrid.contract.OperationOutcome;
import io.caregrid.contract.OperationOutcome.Issue;
import io.caregrid.contract.Routes;
import io.caregrid.store.FhirStore;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
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
    String type = TypeRoutes.type(request);
    return Bodies.resource(request)
        .compose(body -> request.vertx().executeBlocking(() -> ResourceReader.read(body.bytes(), body.format()), false))
        .compose(body -> body.path("resourceType").asText().equals("Parameters") && !type.equals("Parameters")
            ? Future.succeededFuture(ofParameters(request, body))
            : Future.succeededFuture(new Asked(body, mode(request, null), profiles(request), List.of())))
        .compose(asked -> asked.resource() != null || request.pathParam("id") == null
            ? Future.succeededFuture(asked)
            : there(request, asked))
        .compose(asked -> judged(request, type, asked));
  }

  private Future<?> stored(RoutingContext request) {
    return there(request, new Asked(null, mode(request, null), profiles(request), List.of()))
        .compose(asked -> judged(request, TypeRoutes.type(request), asked));
  }

  private Future<Asked> there(RoutingContext request, Asked asked) {
    return store.read(Requests.caller(request), TypeRoutes.type(request), id(request))
        .map(stored -> new Asked(tree(stored.body().getBytes()), asked.mode(), asked.profiles(), asked.posted()));
  }

  private static ObjectNode tree(byte[] json) {
    return Trees.own(json);
  }

  private static Asked ofParameters(RoutingContext request, ObjectNode parameters) {
    ObjectNode resource = null;
    String mode = null;
    List<String> profiles = new ArrayList<>(profiles(request));
    List<ObjectNode> posted = new ArrayList<>();
    for (JsonNode parameter : parameters.path("parameter")) {
      String name = parameter.path("name").asText();
      if (parameter.get("resource") instanceof ObjectNode given) {
        if (name.equals("resource")) resource = given;
        else posted.add(given);
        if (name.equals("profile")) profiles.add(given.path("url").asText());
      } else if (name.equals("mode")) {
        mode = parameter.path("valueCode").asText();
      } else if (name.equals("profile")) {
        profiles.add(parameter.path("valueUri").asText(parameter.path("valueCanonical").asText()));
      }
    }
    return new Asked(resource, mode(request, mode), profiles, posted);
  }

  private static List<String> profiles(RoutingContext request) {
    return request.queryParams().getAll("profile");
  }

  private static String mode(RoutingContext request, String given) {
    String mode = given != null ? given : request.queryParams().get("mode");
    if (mode != null && !MODES.contains(mode))
      throw new Failure.Invalid("mode must be create, update, delete or profile");
    return mode;
  }

  private Future<Void> judged(RoutingContext request, String type, Asked asked) {
    if (asked.resource() == null) {
      if (!"delete".equals(asked.mode()))
        throw new Failure.Invalid("the Parameters must have a parameter named resource, which is one",
            "Parameters.parameter");
      return told(request, List.of());
    }
    List<Issue> found = new ArrayList<>();
    if (!asked.resource().path("resourceType").asText().equals(type))
      found.add(Issue.error("invalid", "resourceType is not " + type + ", which this address takes", "resourceType"));
    return rules.compose(ready -> request.vertx().executeBlocking(() -> ready.check(asked.resource()), false))
        .compose(own -> {
          found.addAll(own);
          boolean profiled = !asked.profiles().isEmpty() || !asked.resource().path("meta").path("profile").isEmpty();
          if (!profiled || !found.isEmpty()) return told(request, found);
          KnownDefinitions known = new KnownDefinitions(store, Requests.caller(request), asked.posted());
          return validator(request.vertx()).check(asked.resource(), asked.profiles(), known)
              .compose(more -> told(request, more));
        });
  }

  synchronized ProfileValidator validator(Vertx vertx) {
    if (validator == null) validator = new ProfileValidator(vertx, patience);
    return validator;
  }

  private static Future<Void> told(RoutingContext request, List<Issue> issues) {
    List<Issue> all = issues.isEmpty() ? List.of(Issue.information("nothing is wrong with it")) : issues;
    return FhirAnswer.json(request, 200, OperationOutcome.of(all));
  }
}

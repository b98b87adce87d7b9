package io.caregrid.api.fhir;

import static io.caregrid.api.fhir.TypeRoutes.answer;
import static io.caregrid.api.fhir.TypeRoutes.id;
import static io.caregrid.api.fhir.TypeRoutes.of;
import static io.caregrid.api.fhir.TypeRoutes.reading;
import static io.caregrid.api.fhir.TypeRoutes.type;
import static io.caregrid.contract.Access.FHIR_READ;
import static io.caregrid.contract.Access.FHIR_WRITE;
import static io.caregrid.contract.Gate.needs;
import static io.vertx.core.http.HttpMethod.GET;
import static io.vertx.core.http.HttpMethod.POST;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.api.Requests;
import io.caregrid.api.fhir.r4.Trees;
import io.caregrid.api.fhir.r4.Trees.Malformed;
import io.caregrid.contract.Failure;
import io.caregrid.contract.Routes;
import io.caregrid.store.FhirStore;
import io.caregrid.store.Stored;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.Iterator;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.BiConsumer;

/**
 * {@code $meta}, {@code $meta-add} and {@code $meta-delete} of one resource (FHIR R4 resource-operations.html): profiles, tags and security labels, added to or
 * taken from those that are there, whoever else writes at the same time. A change is a new version like any other.
 */
final class MetaOperations implements Routes {
  private static final List<String> LABELS = List.of("security", "tag");
  private static final int ATTEMPTS = 10;
  private final FhirStore store;
  private final Future<ResourceRules> rules;

  MetaOperations(FhirStore store, Future<ResourceRules> rules) {
    this.store = store;
    this.rules = rules;
  }

  @Override
  public void mount(Router router) {
    needs(FHIR_READ, reading(of(router, GET, "/fhir/TYPE/:id/$meta"))).handler(answer(this::meta));
    needs(FHIR_WRITE, of(router, POST, "/fhir/TYPE/:id/$meta-add")).handler(answer(changing(MetaOperations::add)));
    needs(FHIR_WRITE, of(router, POST, "/fhir/TYPE/:id/$meta-delete"))
        .handler(answer(changing(MetaOperations::remove)));
  }

  private Future<?> meta(RoutingContext request) {
    return store.read(Requests.caller(request), type(request), id(request)).compose(stored -> told(request, stored));
  }

  private java.util.function.Function<RoutingContext, Future<?>> changing(BiConsumer<ObjectNode, ObjectNode> change) {
    return request -> Bodies.checked(request, rules, "Parameters")
        .map(MetaOperations::given)
        .compose(given -> changed(request, given, change, ATTEMPTS))
        .compose(stored -> told(request, stored));
  }

  private static ObjectNode given(ObjectNode parameters) {
    for (JsonNode parameter : parameters.path("parameter")) {
      if (parameter.path("name").asText().equals("meta") && parameter.get("valueMeta") instanceof ObjectNode meta) {
        return meta;
      }
    }
    throw new Failure.Invalid("the Parameters must have one parameter, meta, with a valueMeta", "Parameters.parameter");
  }

  private Future<Stored> changed(RoutingContext request, ObjectNode given, BiConsumer<ObjectNode, ObjectNode> change,
      int attempts) {
    String type = type(request);
    String id = id(request);
    return store.read(Requests.caller(request), type, id).compose(stored -> {
      ObjectNode resource = tree(stored.body());
      ObjectNode meta = resource.get("meta") instanceof ObjectNode there ? there : resource.putObject("meta");
      change.accept(meta, given);
      return store.update(Requests.caller(request), type, id, resource, OptionalInt.of(stored.version()));
    })
        .recover(lost -> lost instanceof Failure.PreconditionFailed && attempts > 1
            ? changed(request, given, change, attempts - 1)
            : Future.failedFuture(lost));
  }

  private static void add(ObjectNode meta, ObjectNode given) {
    for (JsonNode profile : given.path("profile")) {
      if (indexOf(meta.path("profile"), profile) < 0) array(meta, "profile").add(profile);
    }
    for (String name : LABELS) {
      for (JsonNode label : given.path(name)) {
        if (indexOf(meta.path(name), label) < 0) array(meta, name).add(label);
      }
    }
  }

  private static void remove(ObjectNode meta, ObjectNode given) {
    for (String name : List.of("profile", "security", "tag")) {
      if (!(meta.get(name) instanceof ArrayNode there)) continue;
      for (Iterator<JsonNode> all = there.iterator(); all.hasNext();) {
        if (indexOf(given.path(name), all.next()) >= 0) all.remove();
      }
      if (there.isEmpty()) meta.remove(name);
    }
  }

  private static ArrayNode array(ObjectNode meta, String name) {
    return meta.get(name) instanceof ArrayNode there ? there : meta.putArray(name);
  }

  /** A label is its system and code; -1 when it is not there. */
  private static int indexOf(JsonNode all, JsonNode one) {
    for (int i = 0; i < all.size(); i++) {
      JsonNode other = all.get(i);
      boolean same = one.isObject()
          ? other.path("system").equals(one.path("system")) && other.path("code").equals(one.path("code"))
          : other.equals(one);
      if (same) return i;
    }
    return -1;
  }

  private static Future<Void> told(RoutingContext request, Stored stored) {
    ObjectNode resource = tree(stored.body());
    ObjectNode answer = resource.objectNode().put("resourceType", "Parameters");
    answer.putArray("parameter").addObject().put("name", "return").set("valueMeta", resource.path("meta"));
    return FhirAnswer.json(request, 200, Buffer.buffer(Trees.write(answer)));
  }

  private static ObjectNode tree(Buffer body) {
    try {
      return (ObjectNode) Trees.read(body.getBytes());
    } catch (Malformed broken) {
      throw new IllegalStateException("a stored resource is not JSON");
    }
  }
}

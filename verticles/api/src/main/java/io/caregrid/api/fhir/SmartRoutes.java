package io.caregrid.api.fhir;

import static io.caregrid.contract.Gate.needs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.api.auth.Authority;
import io.caregrid.contract.Access;
import io.caregrid.contract.Failure;
import io.caregrid.contract.Routes;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.function.Supplier;

/**
 * {@code GET /fhir/.well-known/smart-configuration} (SMART App Launch 2.0, conformance): where an app gets a token for this node, as the issuer itself says. Which
 * capabilities stand there is only what is true whoever the issuer is: how a client may prove who it is. What a token opens are the roles in it; launch contexts and
 * scopes of single resources are not looked at, so none of those is claimed.
 */
public final class SmartRoutes implements Routes {
  static final String ADDRESS = "/fhir/.well-known/smart-configuration";
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final List<String> TOLD = List.of("issuer", "jwks_uri", "authorization_endpoint", "token_endpoint",
      "token_endpoint_auth_methods_supported", "grant_types_supported", "registration_endpoint", "scopes_supported",
      "response_types_supported", "introspection_endpoint", "revocation_endpoint", "code_challenge_methods_supported");
  private static final List<String> SECRETS = List.of("client_secret_basic", "client_secret_post");
  private final Supplier<Authority> authority;

  public SmartRoutes(Supplier<Authority> authority) {
    this.authority = authority;
  }

  @Override
  public void mount(Router router) {
    needs(Access.OPEN, router.get(ADDRESS).method(HttpMethod.HEAD)).handler(this::answer);
  }

  private void answer(RoutingContext request) {
    Authority now = authority.get();
    if (now.issuer() == null) {
      request.fail(new Failure.NotFound("no issuer of tokens is configured here that apps could be sent to"));
    } else if (now.metadata() == null) {
      request.fail(new Failure.Busy("the issuer of tokens has not told its addresses yet; try again"));
    } else {
      request.response()
          .putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
          .putHeader("X-Content-Type-Options", "nosniff")
          .putHeader(HttpHeaders.CACHE_CONTROL, "no-cache")
          .end(told(now.metadata()).toString())
          .onFailure(request::fail);
    }
  }

  static ObjectNode told(JsonNode metadata) {
    ObjectNode told = JSON.createObjectNode();
    TOLD.stream().filter(metadata::hasNonNull).forEach(name -> told.set(name, metadata.get(name)));
    ArrayNode capabilities = told.putArray("capabilities");
    List<String> methods = methods(metadata);
    if (methods.contains("none")) capabilities.add("client-public");
    if (methods.stream().anyMatch(SECRETS::contains)) capabilities.add("client-confidential-symmetric");
    if (methods.contains("private_key_jwt")) capabilities.add("client-confidential-asymmetric");
    return told;
  }

  /** Without any, client_secret_basic is meant (OpenID Connect Discovery 1.0 section 3). */
  private static List<String> methods(JsonNode metadata) {
    JsonNode methods = metadata.path("token_endpoint_auth_methods_supported");
    if (!methods.isArray()) return List.of("client_secret_basic");
    return JSON.convertValue(methods, JSON.getTypeFactory().constructCollectionType(List.class, String.class));
  }
}

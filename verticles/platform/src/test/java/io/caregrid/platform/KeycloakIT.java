package io.caregrid.platform;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.ColorScheme;
import io.caregrid.api.pages.Browser;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalKafka;
import io.caregrid.engines.LocalPostgres;
import io.vertx.core.Vertx;
import io.vertx.ext.auth.oauth2.OAuth2FlowType;
import io.vertx.ext.auth.oauth2.OAuth2Options;
import io.vertx.ext.auth.oauth2.Oauth2Credentials;
import io.vertx.ext.auth.oauth2.providers.OpenIDConnectAuth;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A whole node beside a real Keycloak: machines by client credentials, people, keys that change, an issuer that goes. */
@Tag("full")
@ExtendWith(Engines.class)
class KeycloakIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  /** Not within 5 s of the last question; tokens that were refused before have asked one, too. */
  private static final Duration KEYS_ARE_ASKED_FOR_AGAIN = Duration.ofSeconds(30);
  private static final String READING = "{\"deviceId\":\"m-1\",\"time\":\"2026-03-01T10:00:07Z\",\"heartRate\":72}";
  @TempDir
  Path data;

  @Test
  void aRealKeycloakSaysWhoCalls(LocalPostgres postgres, LocalKafka kafka) throws Exception {
    try (Keycloak keycloak = Keycloak.start(data.resolve("keycloak.log"))) {
      Map<String, String> settings = TestNode.settings(postgres, kafka, data.resolve("node"));
      settings.put("security.issuers.hospital.url", keycloak.issuer());
      settings.put("security.issuers.hospital.rolesClaim", "realm_access.roles");
      settings.put("security.issuers.hospital.roles.doctor", "FHIR Data Reader,Analyst");
      settings.put("security.issuers.hospital.roles.device-gateway", "Telemetry Sender");
      settings.put("security.nodeTokens", "never");
      settings.put("security.signIn.issuer", "hospital");
      settings.put("security.signIn.clientId", "pages");
      try (Platform node = TestNode.start(settings)) {
        TestNode.eventually(KEYS_ARE_ASKED_FOR_AGAIN, "the node has asked for the keys",
            () -> post(node, byVertx(keycloak)) == 202 ? true : null);
        machinesAndPeopleGetWhatTheirRolesGive(node, keycloak);
        otherTokensOfKeycloaksAreRefused(node, keycloak);
        peopleSignInWithTheirBrowser(node, keycloak);
        aNewKeyIsTakenUp(node, keycloak);
        keycloak.close();
        assertEquals(200, get(node, "/fhir/Patient", last), "the keys that are known are good for a day");
        assertTrue(TestNode.get(node.http() + "/health/ready").body().contains("\"issuers\""));
      }
    }
  }

  private String last;

  private static void machinesAndPeopleGetWhatTheirRolesGive(Platform node, Keycloak keycloak) throws Exception {
    String machine = byVertx(keycloak);
    assertEquals(202, post(node, machine));
    assertEquals(403, get(node, "/fhir/Patient", machine));
    String person = keycloak.person("ada", "ada-password").path("access_token").asText();
    assertEquals(200, get(node, "/fhir/Patient", person));
    assertEquals(200, get(node, "/analytics/tables", person));
    assertEquals(403, post(node, person));
    assertEquals(401, get(node, "/fhir/Patient", null));
  }

  /** A machine's token as another program would get it: vertx-auth-oauth2, by discovery and client credentials. */
  private static String byVertx(Keycloak keycloak) {
    Vertx vertx = Vertx.vertx();
    try {
      OAuth2Options options = new OAuth2Options().setSite(keycloak.issuer())
          .setClientId("gateway")
          .setClientSecret("gateway-secret");
      return Await.ready(OpenIDConnectAuth.discover(vertx, options)
          .compose(issuer -> issuer.authenticate(new Oauth2Credentials().setFlow(OAuth2FlowType.CLIENT)))
          .map(machine -> machine.principal().getString("access_token")));
    } finally {
      Await.closed(vertx.close());
    }
  }

  private static void otherTokensOfKeycloaksAreRefused(Platform node, Keycloak keycloak) throws Exception {
    JsonNode person = keycloak.person("ada", "ada-password");
    assertEquals(401, get(node, "/fhir/Patient", person.path("id_token").asText()), "who signed in, not what they may");
    assertEquals(401, get(node, "/fhir/Patient", person.path("refresh_token").asText()));
    assertEquals(401, get(node, "/fhir/Patient", keycloak.admin()), "of another realm");
    assertEquals(401, get(node, "/fhir/Patient", keycloak.machine("stranger", "stranger-secret")), "no audience");
    String good = person.path("access_token").asText();
    assertEquals(401, get(node, "/fhir/Patient", good.substring(0, good.length() - 8) + "AAAAAAAA"));
  }

  private static void peopleSignInWithTheirBrowser(Platform node, Keycloak keycloak) {
    try (Browser browser = Browser.open()) {
      Page page = browser.page(node.http() + "/vitals/", 1280, 800, ColorScheme.LIGHT);
      page.waitForURL(url -> url.startsWith(keycloak.issuer()));
      page.fill("#username", "ada");
      page.fill("#password", "ada-password");
      page.click("#kc-login");

      assertThat(page).hasURL(node.http() + "/vitals/");
      assertThat(page.locator("#who")).containsText("ada");
      Browser.shoot(page, "signed-in");
      assertEquals(200, page.evaluate("async () => (await fetch('/fhir/Patient')).status"));
      assertEquals(403, page.evaluate("async () => (await fetch('/iomt/dead-letters')).status"));
      assertEquals("", page.evaluate("document.cookie"), "no script reads it");

      page.navigate(node.http() + "/dead-letters/");
      assertThat(page.locator("#session-notice")).containsText("OPERATE");
      Browser.shoot(page, "signed-in-without-right");

      page.click("#who button");
      assertThat(page).hasURL(node.http() + "/");
      assertThat(page.locator("#who")).hasText("Sign in");
      assertEquals(401, page.evaluate("async () => (await fetch('/fhir/Patient')).status"));
      page.navigate(node.http() + "/vitals/");
      assertThat(page.locator("#username")).isVisible();
    }
  }

  private void aNewKeyIsTakenUp(Platform node, Keycloak keycloak) throws Exception {
    String before = keycloak.person("ada", "ada-password").path("access_token").asText();
    keycloak.rotateKeys();
    last = keycloak.person("ada", "ada-password").path("access_token").asText();

    assertNotEquals(kid(before), kid(last));
    TestNode.eventually(KEYS_ARE_ASKED_FOR_AGAIN, "the new key is known",
        () -> get(node, "/fhir/Patient", last) == 200 ? true : null);
    assertEquals(200, get(node, "/fhir/Patient", before), "the key before is still published");
  }

  private static String kid(String token) throws Exception {
    return JSON.readTree(Base64.getUrlDecoder().decode(token.split("\\.")[0])).path("kid").asText();
  }

  private static int get(Platform node, String path, String token) throws Exception {
    return status(HttpRequest.newBuilder(URI.create(node.http() + path)), token);
  }

  private static int post(Platform node, String token) throws Exception {
    return status(HttpRequest.newBuilder(URI.create(node.http() + "/ingest"))
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(READING)), token);
  }

  private static int status(HttpRequest.Builder request, String token) throws Exception {
    if (token != null) request.header("Authorization", "Bearer " + token);
    return HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.discarding()).statusCode();
  }
}

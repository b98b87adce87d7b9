package io.caregrid.api;

import static io.caregrid.contract.Gate.needs;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.caregrid.cluster.HttpConfig;
import io.caregrid.cluster.TlsConfig;
import io.caregrid.contract.Access;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Doorman;
import io.caregrid.contract.Routes;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.client.HttpRequest;
import io.vertx.ext.web.client.WebClient;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** By which address a node calls itself behind a proxy. */
class ProxiesTest {
  private static final Routes SELF = router -> {
    needs(Access.OPEN, router.route("/self")).handler(request -> request.end(Requests.origin(request)));
    needs(Access.FHIR_READ, router.route("/who")).handler(request -> request.end(Requests.caller(request).address()));
  };
  private static final Vertx VERTX = Vertx.vertx();
  private static HttpVerticle behind;
  private static HttpVerticle standard;
  private static HttpVerticle alone;
  private static WebClient client;

  @BeforeAll
  static void open() {
    behind = open(List.of("10.0.0.0/8", "127.0.0.0/30"), HttpConfig.X_FORWARDED);
    standard = open(List.of("10.0.0.0/8", "127.0.0.0/30"), HttpConfig.FORWARDED);
    alone = open(List.of("10.0.0.0/8"), HttpConfig.X_FORWARDED);
    client = WebClient.create(VERTX);
  }

  private static HttpVerticle open(List<String> proxies, String forwarded) {
    HttpVerticle http = new HttpVerticle(
        new HttpConfig("127.0.0.1", 0, List.of("fhir.example"), List.of(), TlsConfig.NONE, proxies, forwarded),
        Doorman.OPEN,
        Audit.log(), List.of(SELF));
    Ward.get(VERTX.deployVerticle(http));
    return http;
  }

  @AfterAll
  static void close() {
    Ward.get(VERTX.close());
  }

  private static String self(HttpVerticle of, String verb, String headers) {
    return asked(of, verb, "/self", headers);
  }

  private static String asked(HttpVerticle of, String verb, String address, String headers) {
    HttpRequest<io.vertx.core.buffer.Buffer> request = client.request(HttpMethod.valueOf(verb), of.port(), "127.0.0.1",
        address);
    if (!headers.startsWith("Host->")) request.putHeader("Host", "localhost:1");
    for (String header : headers.split("&")) {
      String[] parts = header.split("->", 2);
      if (parts.length == 2) request.headers().add(parts[0], parts[1]);
    }
    var answer = Ward.get(request.send());
    return answer.statusCode() == 200 ? answer.bodyAsString() : String.valueOf(answer.statusCode());
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(delimiterString = " => ", value = {
    "none => http://localhost:1",
    "X-Forwarded-Proto->https => https://localhost:1",
    "X-Forwarded-Proto->https&X-Forwarded-Host->fhir.example => https://fhir.example",
    "X-Forwarded-Proto->https&X-Forwarded-Host->fhir.example:8443 => https://fhir.example:8443",
    "X-Forwarded-Host->evil.example, fhir.example => http://fhir.example",
    "X-Forwarded-Host->evil.example => 403",
    "X-Forwarded-Proto->javascript => http://localhost:1",
    "X-Forwarded-Host->a b => http://localhost:1",
    "Forwarded->proto=https;host=evil.example&X-Forwarded-Host->fhir.example => http://fhir.example"})
  void aProxyOfOursSaysWhatItsClientWrote(String headers, String expected) {
    assertEquals(expected, self(behind, "GET", headers));
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(delimiterString = " => ", value = {
    "Forwarded->for=1.2.3.4;proto=https;host=\"fhir.example:444\" => https://fhir.example:444",
    "Forwarded->proto=http;host=evil.example&Forwarded->PROTO=https; HOST=fhir.example => https://fhir.example",
    "Forwarded->proto=https&X-Forwarded-Host->evil.example => https://localhost:1",
    "X-Forwarded-Host->fhir.example => http://localhost:1"})
  void inTheFormThatItIsKnownToWriteAndNoOther(String headers, String expected) {
    assertEquals(expected, self(standard, "GET", headers));
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(delimiterString = " => ", value = {
    "Host->evil.example => 403",
    "Host->evil.example&X-Forwarded-Host->localhost => 403",
    "Host->localhost&X-Forwarded-Host->localhost => http://localhost"})
  void aPageUnderAForeignNameDoesNotPassByNamingUsItself(String headers, String expected) {
    assertEquals(expected, self(behind, "GET", headers));
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(delimiterString = " => ", value = {
    "none => 127.0.0.1",
    "X-Forwarded-For->192.0.2.7 => 192.0.2.7",
    "X-Forwarded-For->198.51.100.1, 192.0.2.7 => 192.0.2.7",
    "X-Forwarded-For->198.51.100.1, 192.0.2.7:4711, 10.1.2.3 => 192.0.2.7",
    "X-Forwarded-For->192.0.2.7, nobody => 127.0.0.1",
    "X-Forwarded-For->2001:db8::7 => 2001:db8::7",
    "Forwarded->for=192.0.2.7 => 127.0.0.1"})
  void theAddressOfTheCallerIsTheLastOneThatIsNoneOfOurProxies(String headers, String expected) {
    assertEquals(expected, asked(behind, "GET", "/who", headers));
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(delimiterString = " => ", value = {
    "Forwarded->for=\"[2001:db8::7]:4711\";proto=https => 2001:db8::7",
    "Forwarded->for=192.0.2.7, for=_hidden => 127.0.0.1",
    "X-Forwarded-For->192.0.2.7 => 127.0.0.1"})
  void soItIsInTheStandardsForm(String headers, String expected) {
    assertEquals(expected, asked(standard, "GET", "/who", headers));
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(delimiterString = " => ", value = {
    "X-Forwarded-Proto->https&X-Forwarded-Host->fhir.example => http://localhost:1",
    "Forwarded->proto=https;host=fhir.example => http://localhost:1"})
  void whatAnybodyElseSaysMeansNothing(String headers, String expected) {
    assertEquals(expected, self(alone, "GET", headers));
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(delimiterString = " => ", value = {
    "X-Forwarded-Proto->https&Origin->https://localhost:1 => https://localhost:1",
    "X-Forwarded-Proto->https&Origin->https://other.example => 403"})
  void aPageOfTheAddressThatTheProxyTellsIsNotForeign(String headers, String expected) {
    assertEquals(expected, self(behind, "POST", headers));
  }
}

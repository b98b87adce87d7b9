package io.caregrid.api.fhir;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.api.Ward;
import io.caregrid.api.fhir.r4.Trees;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.store.FhirStore;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.client.HttpResponse;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** {@code $validate} against profiles: R4's own, one that comes with the request, one in the store, one that nobody knows. HAPI's validator takes seconds to begin. */
@ExtendWith(Ward.Key.class)
@Tag("full")
class ProfilesIT {
  private Ward ward;

  @BeforeEach
  void open(Ward ward) {
    this.ward = ward;
  }

  @Test
  void aProfileOfR4IsKnown() {
    String vital = "{'resourceType':'Observation','status':'final','code':{'coding':[{'system':'http://loinc.org','code':'8867-4'}]}}";

    List<String> errors = errors("Observation/$validate?profile=http://hl7.org/fhir/StructureDefinition/heartrate",
        vital);

    assertTrue(errors.stream().anyMatch(text -> text.contains("subject")), errors.toString());
  }

  @Test
  void aProfileThatComesWithTheRequestIsUsed() {
    String url = "http://example.org/" + UUID.randomUUID();
    String asked = "{'resourceType':'Parameters','parameter':[{'name':'profile','resource':" + profile(url)
        + "},{'name':'resource','resource':{'resourceType':'Patient'}}]}";

    assertEquals(1, errors("Patient/$validate", asked).size());
    assertEquals(List.of(),
        errors("Patient/$validate", asked.replace("'Patient'}}", "'Patient','birthDate':'1970'}}")));
  }

  @Test
  void aProfileInTheStoreIsUsedAndAlsoByTheResourcesMeta() {
    String url = "http://example.org/" + UUID.randomUUID();
    assertEquals(201, send("StructureDefinition", profile(url)).statusCode());

    assertEquals(1, errors("Patient/$validate?profile=" + url, "{'resourceType':'Patient'}").size());
    assertEquals(1,
        errors("Patient/$validate", "{'resourceType':'Patient','meta':{'profile':['" + url + "']}}").size());
    assertEquals(List.of(),
        errors("Patient/$validate?profile=" + url, "{'resourceType':'Patient','birthDate':'1970'}"));
  }

  @Test
  void allEntriesOfABatchAreHeldAgainstTheirProfile() {
    String url = "http://example.org/" + UUID.randomUUID();
    assertEquals(201, send("StructureDefinition", profile(url)).statusCode());
    errors("Patient/$validate?profile=" + url, "{'resourceType':'Patient'}"); // R4's own definitions are read
    String entry = "{'resource':{'resourceType':'Patient','meta':{'profile':['" + url
        + "']}},'request':{'method':'POST','url':'Patient/$validate'}}";

    HttpResponse<Buffer> done = ward.send("POST", "/fhir", ("{'resourceType':'Bundle','type':'batch','entry':["
        + String.join(",", Collections.nCopies(20, entry)) + "]}").replace('\'', '"'));

    assertEquals(Collections.nCopies(20, "200 OK"), done.bodyAsJsonObject()
        .getJsonArray("entry")
        .stream()
        .map(one -> ((JsonObject) one).getJsonObject("response").getString("status"))
        .toList());
  }

  @Test
  void aProfileThatNobodyKnowsIsTold() {
    assertEquals(1, errors("Patient/$validate?profile=http://example.org/nosuch", "{'resourceType':'Patient'}").size());
  }

  @Test
  void noAddressIsFetched() throws Exception {
    try (ServerSocket outside = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      outside.setSoTimeout(500);
      String url = "http://127.0.0.1:" + outside.getLocalPort() + "/";
      String resource = "{'resourceType':'Patient','meta':{'profile':['" + url + "profile']},'extension':[{'url':'"
          + url
          + "extension','valueCode':'x'}],'maritalStatus':{'coding':[{'system':'" + url + "system','code':'x'}]}}";
      String bound = profile(url + "bound").replace("'min':1", "'min':0")
          .replace("]}}", ",{'id':'Patient.maritalStatus',"
              + "'path':'Patient.maritalStatus','binding':{'strength':'required','valueSet':'" + url
              + "valueset'}}]}}");

      errors("Patient/$validate?profile=" + url + "other",
          "{'resourceType':'Parameters','parameter':[{'name':'profile','resource':"
              + bound + "},{'name':'resource','resource':" + resource + "}]}");

      assertThrows(SocketTimeoutException.class, outside::accept);
    }
  }

  @Test
  void profilesThatGoRoundInACircleAreTold() {
    String a = "http://example.org/" + UUID.randomUUID();
    String b = "http://example.org/" + UUID.randomUUID();
    String asked = "{'resourceType':'Parameters','parameter':[{'name':'profile','resource':" + profile(a)
        + "},{'name':'other','resource':" + profile(b)
        + "},{'name':'resource','resource':{'resourceType':'Patient'}}]}";
    String circle = asked.replaceFirst("'baseDefinition':'[^']*'", "'baseDefinition':'" + b + "'");
    int last = circle.lastIndexOf("'baseDefinition':'");
    circle = circle.substring(0, last)
        + circle.substring(last).replaceFirst("'baseDefinition':'[^']*'", "'baseDefinition':'" + a + "'");

    assertFalse(errors("Patient/$validate", circle).isEmpty());
  }

  @Test
  void aRegularExpressionThatMayRunForEverIsLeftOutAndTold() {
    String url = "http://example.org/" + UUID.randomUUID();
    HttpResponse<Buffer> answer = send("Patient/$validate", constrained(url, "id.matches(´(a+)+b´)"));

    assertEquals(200, answer.statusCode(), answer.bodyAsString());
    assertTrue(answer.bodyAsString().contains("the rule x-1 of a profile is not looked at"), answer.bodyAsString());
    assertEquals(1, errors("Patient/$validate", constrained(url, "id.matches(´^b{3}$´)")).size());
  }

  @Test
  void anExpressionThatTakesYearsEndsWithItsTime() throws Exception {
    String url = "http://example.org/" + UUID.randomUUID();
    String years = "%resource.descendants()" + ".select(%resource.descendants())".repeat(8) + ".count() > 0";
    ObjectNode parameters = (ObjectNode) Trees
        .read(constrained(url, years).replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    ObjectNode profile = (ObjectNode) parameters.path("parameter").path(0).path("resource");
    ObjectNode patient = (ObjectNode) parameters.path("parameter").path(1).path("resource");
    for (int i = 0; i < 100; i++) patient.withArray("name").addObject().put("family", "f" + i);
    ProfileValidator impatient = new ProfileValidator(ward.vertx, Duration.ofSeconds(8));
    KnownDefinitions known = new KnownDefinitions(ward.store, Caller.system("test"), List.of(profile));
    Throwable first = new AssertionError("never asked");
    for (int i = 0; i < 5 && first != null; i++) first = ended(impatient.check(patient, List.of(), known));
    assertNull(first, "R4's own definitions are never read");

    Throwable over = ended(impatient.check(patient, List.of(url), known));

    assertInstanceOf(Failure.TooCostly.class, over);
    Throwable after = over;
    for (int i = 0; i < 5 && after != null; i++) after = ended(impatient.check(patient, List.of(), known));
    assertNull(after, "whoever asks for less is answered, once or again");
  }

  @Test
  void slicesTimesElementsAreRefusedBeforeTheyKeepOthersFromTheirTurn() throws Exception {
    String url = "urn:uuid:" + UUID.randomUUID();
    ObjectNode profile = sliced(url, 2_000);
    ObjectNode patient = (ObjectNode) Trees.read("{\"resourceType\":\"Patient\"}".getBytes(StandardCharsets.UTF_8));
    for (int i = 0; i < 1_000; i++)
      patient.withArray("identifier").addObject().put("system", "urn:none").put("value", "v" + i);
    ProfileValidator validator = new ProfileValidator(ward.vertx, Duration.ofSeconds(60));
    KnownDefinitions known = new KnownDefinitions(ward.store, Caller.system("test"), List.of(profile));

    List<Future<?>> hostile = List.of(validator.check(patient, List.of(url), known),
        validator.check(patient, List.of(url), known));
    List<Future<?>> trivial = IntStream.range(0, 4)
        .<Future<?>>mapToObj(i -> validator.check(
            (ObjectNode) Trees.own("{\"resourceType\":\"Patient\"}".getBytes(StandardCharsets.UTF_8)),
            List.of(), new KnownDefinitions(ward.store, Caller.system("test"), List.of())))
        .toList();

    for (Future<?> one : hostile) assertInstanceOf(Failure.TooCostly.class, ended(one));
    for (Future<?> one : trivial) assertNull(ended(one));
  }

  /** By the system of an identifier. */
  private static ObjectNode sliced(String url, int slices) throws Exception {
    ObjectNode profile = (ObjectNode) Trees.read(profile(url).replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    var elements = profile.withObject("/differential").withArray("element");
    elements.remove(1); // the birth date would come behind
    elements.addObject()
        .put("id", "Patient.identifier")
        .put("path", "Patient.identifier")
        .putObject("slicing")
        .put("rules", "open")
        .putArray("discriminator")
        .addObject()
        .put("type", "value")
        .put("path", "system");
    for (int i = 0; i < slices; i++) {
      String id = "Patient.identifier:s" + i;
      elements.addObject()
          .put("id", id)
          .put("path", "Patient.identifier")
          .put("sliceName", "s" + i)
          .put("min", 0)
          .put("max", "1");
      elements.addObject()
          .put("id", id + ".system")
          .put("path", "Patient.identifier.system")
          .put("min", 1)
          .put("fixedUri", "urn:system:" + i);
    }
    return profile;
  }

  @Test
  void aStoreThatIsBusyIsNoFindingAboutTheProfile() throws Exception {
    Audit closed = new Audit() {
      @Override
      public Future<Void> record(Entry entry) {
        return Future.succeededFuture();
      }

      @Override
      public boolean isKeeping() {
        return false;
      }
    };
    ObjectNode patient = (ObjectNode) Trees.read("{\"resourceType\":\"Patient\"}".getBytes(StandardCharsets.UTF_8));
    KnownDefinitions known = new KnownDefinitions(new FhirStore(ward.database, closed), Caller.system("test"),
        List.of());

    Throwable refused = ended(
        new ProfileValidator(ward.vertx, Duration.ofSeconds(60)).check(patient, List.of("urn:profile"), known));

    assertInstanceOf(Failure.Busy.class, refused);
  }

  /** With what it failed; null when it did not. */
  private static Throwable ended(Future<?> future) throws Exception {
    CountDownLatch done = new CountDownLatch(1);
    future.onComplete(ended -> done.countDown());
    assertTrue(done.await(180, TimeUnit.SECONDS));
    return future.cause();
  }

  private static String constrained(String url, String expression) {
    String rule = "{'id':'Patient','path':'Patient','constraint':[{'key':'x-1','severity':'error','human':'x','expression':\""
        + expression + "\"}]}";
    return ("{'resourceType':'Parameters','parameter':[{'name':'profile','resource':" + profile(url)
        + "},{'name':'resource','resource':{'resourceType':'Patient','id':'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','birthDate':'1970'}}]}")
        .replace("{'id':'Patient','path':'Patient'}", rule);
  }

  private static String profile(String url) {
    return "{'resourceType':'StructureDefinition','url':'" + url
        + "','name':'Born','status':'active','kind':'resource','abstract':false,"
        + "'type':'Patient','baseDefinition':'http://hl7.org/fhir/StructureDefinition/Patient','derivation':'constraint',"
        + "'differential':{'element':[{'id':'Patient','path':'Patient'},{'id':'Patient.birthDate','path':'Patient.birthDate','min':1}]}}";
  }

  private List<String> errors(String address, String json) {
    HttpResponse<Buffer> answer = send(address, json);
    assertEquals(200, answer.statusCode(), answer.bodyAsString());
    return answer.bodyAsJsonObject()
        .getJsonArray("issue")
        .stream()
        .map(JsonObject.class::cast)
        .filter(issue -> List.of("error", "fatal").contains(issue.getString("severity")))
        .map(issue -> issue.getString("diagnostics"))
        .toList();
  }

  /** FHIRPath's quotes are written as ´. */
  private HttpResponse<Buffer> send(String address, String json) {
    return ward.send("POST", "/fhir/" + address, json.replace('\'', '"').replace('´', '\''));
  }
}

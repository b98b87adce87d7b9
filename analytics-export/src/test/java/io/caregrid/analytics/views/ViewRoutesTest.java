package io.caregrid.analytics.views;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClosedException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetSocket;
import io.vertx.ext.web.client.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code $viewdefinition-run} over HTTP, over what is sent along and over a store on a real PostgreSQL. */
@ExtendWith(Engines.class)
class ViewRoutesTest {
  private static final String IDS = "{'resourceType':'ViewDefinition','resource':'Observation','select':[{'column':["
      + "{'name':'id','path':'getResourceKey()'},{'name':'patient','path':'subject.getReferenceKey(Patient)'}]}]}";
  private static final int OBSERVATIONS = 60;
  private static ViewHouse house;

  @BeforeAll
  static void open(LocalPostgres postgres) {
    house = new ViewHouse(ViewHouse.empty(postgres));
    for (String patient : List.of("p1", "p2")) house.create("{'resourceType':'Patient','id':'" + patient + "'}");
    for (int i = 0; i < OBSERVATIONS; i++) {
      house.create("{'resourceType':'Observation','id':'o" + i
          + "','status':'final','code':{'text':'x'},'subject':{'reference':'Patient/p"
          + (1 + i % 2) + "'}}");
    }
  }

  @AfterAll
  static void close() {
    house.close();
  }

  private static List<JsonObject> lines(HttpResponse<Buffer> answer) {
    assertEquals(200, answer.statusCode(), () -> answer.bodyAsString());
    return answer.body() == null ? List.of() : answer.bodyAsString().lines().map(JsonObject::new).toList();
  }

  @Test
  void everyResourceOfTheStoreIsARowOverManyPages() {
    HttpResponse<Buffer> answer = house.run(IDS, "");

    List<JsonObject> rows = lines(answer);
    assertEquals("application/x-ndjson", answer.getHeader("Content-Type"));
    assertEquals(OBSERVATIONS, rows.stream().map(row -> row.getString("id")).distinct().count());
    assertEquals(OBSERVATIONS, rows.size());
    assertTrue(house.audited.contains("VIEW $viewdefinition-run Observation"), house.audited::toString);
  }

  @Test
  void resourcesThatAreSentAlongAreUsedInsteadOfTheStore() {
    HttpResponse<Buffer> answer = house.run(IDS, ",{'name':'_format','valueCode':'json'},{'name':'resource','resource':"
        + "{'resourceType':'Observation','id':'sent','subject':{'reference':'Patient/q'}}},"
        + "{'name':'resource','resource':{'resourceType':'Patient','id':'other'}}");

    assertEquals("application/json", answer.getHeader("Content-Type"));
    assertEquals(new JsonArray().add(new JsonObject().put("id", "sent").put("patient", "q")), answer.bodyAsJsonArray());
  }

  @Test
  void csvHasAHeaderUnlessItIsNotWanted() {
    String sent = ",{'name':'resource','resource':{'resourceType':'Observation','id':'a,b'}}";

    assertEquals("id,patient\r\n\"a,b\",\r\n", house.run(IDS, sent, "Accept", "text/csv").bodyAsString());
    assertEquals("\"a,b\",\r\n",
        house.run(IDS, sent + ",{'name':'_format','valueCode':'csv'},{'name':'header','valueBoolean':false}")
            .bodyAsString());
  }

  @Test
  void aViewMayNameItsTypeAsTheUrlOfItsDefinition() {
    HttpResponse<Buffer> answer = house
        .run("{'resourceType':'https://sql-on-fhir.org/ig/StructureDefinition/ViewDefinition',"
            + "'resource':'Patient','status':'active','select':[{'column':[{'name':'id','path':'getResourceKey()'},"
            + "{'name':'family','path':'name.family.first()'}]}]}", ",{'name':'_format','valueCode':'csv'}");

    assertEquals("id,family\r\np2,\r\np1,\r\n", answer.bodyAsString());
  }

  @Test
  void limitPatientAndSinceSelect() {
    String later = Instant.now().plus(Duration.ofHours(1)).toString();

    assertEquals(7, lines(house.run(IDS, ",{'name':'_limit','valueInteger':7}")).size());
    assertEquals(0, lines(house.run(IDS, ",{'name':'_limit','valueInteger':0}")).size());
    List<JsonObject> one = lines(house.run(IDS, ",{'name':'patient','valueReference':{'reference':'Patient/p2'}}"));
    assertEquals(OBSERVATIONS / 2, one.size());
    assertTrue(one.stream().allMatch(row -> row.getString("patient").equals("p2")));
    assertEquals(0, lines(house.run(IDS, ",{'name':'_since','valueInstant':'" + later + "'}")).size());
    assertEquals(OBSERVATIONS,
        lines(house.run(IDS, ",{'name':'_since','valueInstant':'2020-01-01T00:00:00Z'}")).size());
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
      400 | Parameters.parameter    | {'resourceType':'Parameters'}
      400 | Parameters              | {'resourceType':'Patient'}
      400 | Parameters.parameter[0].name | {'resourceType':'Parameters','parameter':[{'name':'vieww'}]}
      400 | Parameters.parameter[0] | {'resourceType':'Parameters','parameter':[{'name':'viewReference','valueReference':{'reference':'ViewDefinition/1'}}]}
      422 | viewResource.resource   | {'resourceType':'Parameters','parameter':[{'name':'viewResource','resource':{'select':[{'column':[{'name':'a','path':'id'}]}]}}]}
      422 | viewResource.resource   | {'resourceType':'Parameters','parameter':[{'name':'viewResource','resource':{'resource':'Claims','select':[{'column':[{'name':'a','path':'id'}]}]}}]}
      422 | viewResource.select[0].column[0].path | {'resourceType':'Parameters','parameter':[{'name':'viewResource','resource':{'resource':'Patient','select':[{'column':[{'name':'a','path':'id.'}]}]}}]}
      400 | Parameters.parameter[1] | {'resourceType':'Parameters','parameter':[{'name':'viewResource','resource':{}},{'name':'_limit','valueInteger':-1}]}
      400 | Parameters.parameter[1] | {'resourceType':'Parameters','parameter':[{'name':'viewResource','resource':{}},{'name':'_since','valueInstant':'soon'}]}
      """)
  void whatIsWrongIsAnsweredWithAnOperationOutcomeThatNamesThePlace(int status, String place, String body) {
    HttpResponse<Buffer> answer = house.post(ViewHouse.ADDRESS, body.replace('\'', '"'));

    assertEquals(status, answer.statusCode(), answer.bodyAsString());
    JsonObject issue = answer.bodyAsJsonObject().getJsonArray("issue").getJsonObject(0);
    assertEquals(place, issue.getJsonArray("expression").getString(0));
  }

  @Test
  void otherBodiesAndFormsAreRefused() {
    assertEquals(415, house.post(ViewHouse.ADDRESS, "{}", "Content-Type", "text/plain").statusCode());
    assertEquals(415, house.post(ViewHouse.ADDRESS, "{}", "Content-Encoding", "gzip").statusCode());
    assertEquals(413, house.post(ViewHouse.ADDRESS, " ".repeat(17 << 20)).statusCode());
    assertEquals(400, house.post(ViewHouse.ADDRESS, "{\"a\":1,\"a\":2}").statusCode());
    assertEquals(400, house.post(ViewHouse.ADDRESS + "?_format=parquet", ViewHouse.parameters(IDS, "")).statusCode());
    assertEquals(406, house.run(IDS, "", "Accept", "text/html").statusCode());
    assertEquals(404, house.run(IDS, ",{'name':'patient','valueString':'nobody'}").statusCode());
  }

  @Test
  void anExpressionThatFailsOnTheFirstResourceIsStillAnOperationOutcome() {
    HttpResponse<Buffer> answer = house
        .run("{'resource':'Observation','select':[{'column':[{'name':'a','path':'status < 1'}]}]}", "");

    assertEquals(422, answer.statusCode());
    assertFalse(answer.bodyAsString().contains("final"), answer.bodyAsString());
  }

  @Test
  void anErrorBehindTheFirstRowsBreaksTheAnswerOff() {
    String component = "{'code':{'text':'" + "x".repeat(2_000) + "'}}";
    String many = "{'resourceType':'Observation','component':[" + component + ("," + component).repeat(99) + "]}";
    String wrong = "{'resourceType':'Observation','status':'final','component':[{'code':{'text':'a'},'valueInteger':1}]}";

    IllegalStateException broken = assertThrows(IllegalStateException.class, () -> house.run(
        "{'resource':'Observation','select':[{'forEach':'component','column':[{'name':'a','path':'code.text'},{'name':'b','path':'value.length()'}]}]}",
        ",{'name':'resource','resource':" + many + "},{'name':'resource','resource':" + wrong + "}"));

    assertTrue(broken.getCause() instanceof HttpClosedException, broken::toString);
  }

  /** Eight million rows for each of four clients that do not read: nobody else is served meanwhile, and all are when these hang up. */
  @Test
  void clientsThatDoNotReadHoldTheirPlaceUntilTheyHangUp() throws Exception {
    String explosion = "{'resource':'Observation','select':[{'forEach':'component','column':[{'name':'a','path':'code.text'}]},"
        + "{'forEach':'component','column':[{'name':'b','path':'code.text'}]}]}";
    String component = "{'code':{'text':'" + "x".repeat(40) + "'}}";
    String resource = ",{'name':'resource','resource':{'resourceType':'Observation','component':[" + component
        + ("," + component).repeat(2_999) + "]}}";
    String body = ViewHouse.parameters(explosion, resource);
    List<NetSocket> clients = new ArrayList<>();
    NetClient net = house.vertx.createNetClient();
    for (int i = 0; i < 4; i++) clients.add(silent(net, body));

    await(() -> house.run(IDS, "").statusCode() == 503);
    for (NetSocket client : clients) ViewHouse.get(client.close());

    await(() -> house.run(IDS, "").statusCode() == 200);
    ViewHouse.get(net.close());
  }

  /** A client that reads the head of its answer and then nothing. */
  private static NetSocket silent(NetClient net, String body) {
    NetSocket socket = ViewHouse.get(net.connect(house.port(), "127.0.0.1"));
    Promise<Void> answered = Promise.promise();
    socket.handler(head -> {
      socket.pause();
      answered.tryComplete();
    });
    socket.write("POST " + ViewHouse.ADDRESS
        + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
        + body.length() + "\r\n\r\n" + body);
    ViewHouse.get(answered.future());
    return socket;
  }

  private static void await(BooleanSupplier condition) throws InterruptedException {
    Instant end = Instant.now().plusSeconds(60);
    while (!condition.getAsBoolean()) {
      assertTrue(Instant.now().isBefore(end), "did not come to be within 60 s");
      Thread.sleep(20);
    }
  }
}

package io.caregrid.api.convert;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.api.House;
import io.caregrid.contract.Audit;
import io.caregrid.templates.bundle.Conversions;
import io.caregrid.templates.liquid.Limits;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.client.HttpResponse;
import io.vertx.junit5.Timeout;
import io.vertx.junit5.VertxExtension;
import io.vertx.junit5.VertxTestContext;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(VertxExtension.class)
@Timeout(value = 3, timeUnit = TimeUnit.MINUTES)
class ConvertRoutesTest {
  private static final int MAX_BYTES = 2 << 20;
  private static final String MESSAGE = "MSH|^~\\&|A|NORTH|C|D|20261103||ADT^A01|1|P|2.5\rPID|1||7^^^NORTH^MR||Brandt^\"Ida\"\r";
  private final List<Audit.Entry> entries = new CopyOnWriteArrayList<>();
  @TempDir
  Path temp;

  private static JsonObject parameters(String... namesAndValues) {
    JsonArray list = new JsonArray();
    for (int i = 0; i < namesAndValues.length; i += 2)
      list.add(new JsonObject().put("name", namesAndValues[i]).put("valueString", namesAndValues[i + 1]));
    return new JsonObject().put("resourceType", "Parameters").put("parameter", list);
  }

  private void answered(Vertx vertx, VertxTestContext test, Map<String, Path> templates, String path, JsonObject body,
      Consumer<HttpResponse<Buffer>> asserted) {
    Audit audit = entry -> {
      entries.add(entry);
      return Future.succeededFuture();
    };
    Conversions conversions = Conversions.load(templates, ZoneOffset.UTC, Clock.systemUTC());
    House.open(vertx, routes(vertx, audit, conversions))
        .compose(house -> house.request("POST", path)
            .putHeader("Content-Type", "application/json")
            .sendBuffer(body.toBuffer()))
        .onComplete(test.succeeding(answer -> test.verify(() -> {
          asserted.accept(answer);
          test.completeNow();
        })));
  }

  @Test
  void parametersAsFhirServerTakesThemGiveABundle(Vertx vertx, VertxTestContext test) {
    JsonObject body = parameters("inputData", MESSAGE, "inputDataType", "HL7v2", "templateCollectionReference",
        "microsofthealth/fhirconverter:default", "rootTemplate", "ADT_A01");

    answered(vertx, test, Map.of(), "/fhir/$convert-data", body, answer -> {
      assertEquals(200, answer.statusCode(), answer.bodyAsString());
      assertTrue(answer.getHeader("Content-Type").startsWith("application/fhir+json"));
      assertEquals("Bundle", answer.bodyAsJsonObject().getString("resourceType"));
      assertTrue(answer.bodyAsString().contains("[\"\\\"Ida\\\"\"]"), answer.bodyAsString());
      assertEquals(Audit.DONE, entries.get(0).status());
      assertEquals("$convert-data of what was sent", entries.get(0).query());
    });
  }

  @Test
  void whatCannotBeConvertedIsAnOutcomeWithItsCode(Vertx vertx, VertxTestContext test) {
    JsonObject body = parameters("inputData", "PID|1", "inputDataType", "Hl7v2", "rootTemplate", "ADT_A01");

    answered(vertx, test, Map.of(), "/fhir/$convert-data", body, answer -> {
      JsonObject issue = answer.bodyAsJsonObject().getJsonArray("issue").getJsonObject(0);
      assertEquals(400, answer.statusCode());
      assertEquals("1203", issue.getJsonObject("details").getJsonArray("coding").getJsonObject(0).getString("code"));
      assertEquals("1203 InvalidHl7v2Message: the message does not begin with MSH", issue.getString("diagnostics"));
      assertEquals(400, entries.get(0).status());
    });
  }

  @Test
  void aParameterThatIsMissingIsNamed(Vertx vertx, VertxTestContext test) {
    answered(vertx, test, Map.of(), "/fhir/$convert-data", parameters("inputDataType", "Hl7v2"), answer -> {
      assertEquals(400, answer.statusCode());
      assertTrue(answer.bodyAsString().contains("inputData is missing"), answer.bodyAsString());
    });
  }

  @Test
  void theContainersInterfaceGivesAResult(Vertx vertx, VertxTestContext test) {
    JsonObject body = new JsonObject().put("InputDataFormat", "Hl7v2")
        .put("RootTemplateName", "ADT_A01")
        .put("InputDataString", MESSAGE);

    answered(vertx, test, Map.of(), "/convertToFhir?api-version=2024-05-01-preview", body, answer -> {
      assertEquals(200, answer.statusCode(), answer.bodyAsString());
      assertEquals("Bundle", answer.bodyAsJsonObject().getJsonObject("result").getString("resourceType"));
      assertEquals("2024-05-01-preview", answer.getHeader("api-supported-versions"));
      assertNull(answer.getHeader("x-ms-error-code"));
    });
  }

  @Test
  void theContainersInterfaceTellsErrorsItsWay(Vertx vertx, VertxTestContext test) {
    JsonObject body = new JsonObject().put("InputDataFormat", "Hl7v2")
        .put("RootTemplateName", "ADT_Z99")
        .put("InputDataString", MESSAGE);

    answered(vertx, test, Map.of(), "/convertToFhir", body, answer -> {
      JsonObject error = answer.bodyAsJsonObject().getJsonObject("error");
      assertEquals(400, answer.statusCode());
      assertEquals("InvalidTemplate", answer.getHeader("x-ms-error-code"));
      assertEquals("InvalidTemplate", error.getString("code"));
      assertEquals("TemplateNotFound", error.getJsonObject("innerError").getString("code"));
    });
  }

  private static JsonObject container(String format, String root, String input) {
    return new JsonObject().put("InputDataFormat", format).put("RootTemplateName", root).put("InputDataString", input);
  }

  /** What the container's interface answered: its status, its code, the closer one, and whether the header says the same. */
  private static String told(HttpResponse<Buffer> answer) {
    JsonObject error = answer.bodyAsJsonObject().getJsonObject("error");
    assertEquals(error.getString("code"), answer.getHeader("x-ms-error-code"));
    assertEquals("2024-05-01-preview", answer.getHeader("api-supported-versions"));
    assertTrue(!error.getString("message").isBlank());
    return answer.statusCode() + " " + error.getString("code") + " "
        + error.getJsonObject("innerError").getString("code");
  }

  /** The codes of FHIR-Converter's docs/how-to-guides/troubleshoot.md. */
  @Test
  void theContainersInterfaceHasACodeForEachThingThatCanBeWrong(Vertx vertx, VertxTestContext test) throws Exception {
    Files.createDirectories(temp.resolve("Hl7v2"));
    Files.createDirectories(temp.resolve("FhirToHl7v2"));
    Files.writeString(temp.resolve("Hl7v2/Any.liquid"), "{\"a\": }");
    Files.writeString(temp.resolve("Hl7v2/Date.liquid"), "{\"a\":\"{{ '20019' | format_as_date_time }}\"}");
    Files.writeString(temp.resolve("Hl7v2/Filter.liquid"), "{\"a\":\"{{ 'x' | to_double }}\"}");
    Files.writeString(temp.resolve("Hl7v2/Merge.liquid"), "{\"entry\":[1]}");
    Files.writeString(temp.resolve("FhirToHl7v2/Any.liquid"), "{\"x\":1}");
    Conversions conversions = Conversions.load(Map.of(Conversions.HL7V2, temp, Conversions.FHIR, temp), ZoneOffset.UTC,
        Clock.systemUTC());
    String fhir = "/convertToFhir";
    String hl7 = "/convertToHl7v2";
    List<List<Object>> asked = List.of(
        List.of(fhir, container("Hl7v2", "Any", "PID|1"), "400 InvalidInputData InvalidInputDataContent"),
        List.of(fhir, container("Ccda", "CCD", "<a"), "400 InvalidInputData InputParsingError"),
        List.of(fhir, container("Hl7v2", "None", MESSAGE), "400 InvalidTemplate TemplateNotFound"),
        List.of(fhir, container("Hl7v2", "Date", MESSAGE), "400 InvalidTemplate InvalidFilter"),
        List.of(fhir, container("Hl7v2", "Filter", MESSAGE), "400 InvalidTemplate InvalidTemplateContent"),
        List.of(fhir, container("Hl7v2", "Any", MESSAGE), "400 IncompatibleDataError JsonParsingError"),
        List.of(fhir, container("Hl7v2", "Merge", MESSAGE), "400 IncompatibleDataError JsonMergingError"),
        List.of(fhir, container("Json", "Any", "{}"), "400 TemplateCollectionError DependencyResourceNotFound"),
        List.of(fhir, container("Hl7v2", "Any", " "), "400 InvalidRequestBody InvalidInputDataRequestValue"),
        List.of(fhir, container("Fhir", "Any", "{}"), "400 InvalidRequestBody InvalidInputDataFormat"),
        List.of(fhir, container("Hl7v2", "", MESSAGE), "400 InvalidRequestBody InvalidRootTemplate"),
        List.of(fhir, new JsonObject(), "400 InvalidRequestBody InvalidInputDataFormat"),
        List.of(fhir + "?api-version=1", container("Hl7v2", "Any", MESSAGE), "400 InvalidApiVersion null"),
        List.of(hl7, container("Hl7v2", "Any", MESSAGE), "400 InvalidRequestBody InvalidInputDataFormat"),
        List.of(hl7, container("Fhir", "Any", "MSH|"), "400 IncompatibleDataError JsonParsingError"),
        List.of(hl7, container("Fhir", "Any", "{}"), "400 InvalidTemplate InvalidTemplateContent"));

    List<String> told = new ArrayList<>();
    House.open(vertx, routes(vertx, Audit.log(), conversions))
        .compose(house -> {
          Future<?> last = Future.succeededFuture();
          for (List<Object> one : asked)
            last = last.compose(before -> posted(house, (String) one.get(0), ((JsonObject) one.get(1)).toBuffer()))
                .onSuccess(answer -> told.add(told(answer)));
          return last.compose(before -> posted(house, fhir, Buffer.buffer("{")))
              .onSuccess(broken -> told.add(told(broken)));
        })
        .onComplete(test.succeeding(done -> test.verify(() -> {
          List<String> expected = new ArrayList<>(asked.stream().map(one -> (String) one.get(2)).toList());
          expected.add("400 InvalidRequestBody InvalidRequestBody");
          assertEquals(expected, told);
          test.completeNow();
        })));
  }

  @Test
  void aBundleIsWrittenAsAMessage(Vertx vertx, VertxTestContext test) {
    JsonObject bundle = new JsonObject().put("resourceType", "Bundle")
        .put("entry", new JsonArray().add(new JsonObject().put("resource",
            new JsonObject().put("resourceType", "Patient").put("gender", "female")))
            .add(new JsonObject().put("resource", new JsonObject().put("resourceType", "Observation")
                .put("status", "final")
                .put("valueInteger", 7))));

    answered(vertx, test, Map.of(), "/convertToHl7v2?api-version=2024-05-01-preview",
        container("Fhir", "ObservationBundle", bundle.encode()), answer -> {
          assertEquals(200, answer.statusCode(), answer.bodyAsString());
          String message = answer.bodyAsJsonObject().getString("result");
          assertTrue(message.startsWith("MSH|^~\\&|CAREGRID|") && message.contains("\rPID|1|||||||F|\rOBR|1|"),
              message);
          assertEquals("2024-05-01-preview", answer.getHeader("api-supported-versions"));
        });
  }

  @Test
  void stu3GoesByTheOperationAndByTheContainersInterface(Vertx vertx, VertxTestContext test) throws Exception {
    Files.createDirectories(temp.resolve("Stu3ToR4"));
    Files.writeString(temp.resolve("Stu3ToR4/Patient.liquid"),
        "{% mergeDiff msg -%}{\"active\":false}{% endmergeDiff %}");
    Conversions conversions = Conversions.load(Map.of(Conversions.STU3, temp), ZoneOffset.UTC, Clock.systemUTC());
    String input = "{\"resourceType\":\"Patient\",\"gender\":\"other\"}";
    String result = "{\"resourceType\":\"Patient\",\"gender\":\"other\",\"active\":false}";

    House.open(vertx, routes(vertx, Audit.log(), conversions))
        .compose(house -> posted(house, "/fhir/$convert-data", parameters("inputData", input, "inputDataType", "Fhir",
            "templateCollectionReference", Conversions.STU3, "rootTemplate", "Patient").toBuffer())
            .compose(first -> posted(house, "/convertToFhir", container("Fhir_STU3", "Patient", input).toBuffer())
                .map(second -> List.of(first.bodyAsString(), second.bodyAsString()))))
        .onComplete(test.succeeding(answers -> test.verify(() -> {
          assertEquals(List.of(result, "{\"result\":" + result + "}"), answers);
          test.completeNow();
        })));
  }

  @Test
  void theContainersHealthAndDescriptionAreThere(Vertx vertx, VertxTestContext test) {
    House.open(vertx, routes(vertx, Audit.log(), Conversions.load(Map.of(), ZoneOffset.UTC,
        Clock.systemUTC())))
        .compose(house -> house.request("GET", "/health/check")
            .send()
            .compose(health -> house.request("GET", "/2024-05-01-preview/swagger.yaml")
                .send()
                .map(described -> List.of(health, described))))
        .onComplete(test.succeeding(answers -> test.verify(() -> {
          JsonObject health = answers.get(0).bodyAsJsonObject();
          assertEquals("Healthy", health.getString("overallStatus"));
          assertEquals(Set.of("name", "status", "description", "data"),
              health.getJsonArray("details").getJsonObject(0).fieldNames());
          assertEquals(200, answers.get(1).statusCode());
          for (String address : List.of("/convertToFhir:", "/convertToHl7v2:", "/health/check:"))
            assertTrue(answers.get(1).bodyAsString().contains("\n  " + address), address);
          test.completeNow();
        })));
  }

  @Test
  void aSetOfOnesOwnIsCalledByItsName(Vertx vertx, VertxTestContext test) throws Exception {
    Files.writeString(temp.resolve("ADT_A01.liquid"),
        "{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"id\":\"{{ hl7v2Data.Data.first.10.Value }}\"}");
    JsonObject body = parameters("inputData", MESSAGE, "inputDataType", "Hl7v2", "templateCollectionReference",
        "Hospital", "rootTemplate", "ADT_A01");

    answered(vertx, test, Map.of("hospital", temp), "/fhir/$convert-data", body, answer -> {
      assertEquals(200, answer.statusCode(), answer.bodyAsString());
      assertEquals("1", answer.bodyAsJsonObject().getString("id"));
    });
  }

  @Test
  void whatTakesTooLongIs408InBothInterfaces(Vertx vertx, VertxTestContext test) throws Exception {
    Files.writeString(temp.resolve("ADT_A01.liquid"),
        "{% for a in (1..90000) %}{% for b in (1..90000) %}{% endfor %}{% endfor %}{}");
    Limits brief = new Limits(100_000, Duration.ofMillis(200), 1 << 20, 100);
    Conversions conversions = Conversions.load(Map.of("slow", temp, Conversions.HL7V2, temp), Set.of(), brief,
        ZoneOffset.UTC, Clock.systemUTC());
    JsonObject parameters = parameters("inputData", MESSAGE, "inputDataType", "Hl7v2", "templateCollectionReference",
        "slow", "rootTemplate", "ADT_A01");
    JsonObject container = new JsonObject().put("InputDataFormat", "Hl7v2")
        .put("RootTemplateName", "ADT_A01")
        .put("InputDataString", MESSAGE);

    House.open(vertx, routes(vertx, Audit.log(), conversions))
        .compose(house -> posted(house, "/fhir/$convert-data", parameters.toBuffer())
            .compose(first -> posted(house, "/convertToFhir", container.toBuffer())
                .map(second -> List.of(first, second))))
        .onComplete(test.succeeding(answers -> test.verify(() -> {
          assertEquals(408, answers.get(0).statusCode(), answers.get(0).bodyAsString());
          assertTrue(answers.get(0).bodyAsString().contains("1306"), answers.get(0).bodyAsString());
          assertEquals(408, answers.get(1).statusCode(), answers.get(1).bodyAsString());
          assertTrue(answers.get(1).bodyAsString().contains("TimeoutError"), answers.get(1).bodyAsString());
          test.completeNow();
        })));
  }

  private static Future<HttpResponse<Buffer>> posted(House house, String path, Buffer body) {
    return house.request("POST", path).putHeader("Content-Type", "application/json").sendBuffer(body);
  }

  private static ConvertRoutes routes(Vertx vertx, Audit audit, Conversions conversions) {
    return new ConvertRoutes(vertx, audit, conversions, MAX_BYTES);
  }

  @Test
  void aBodyThatIsTooLargeIs413(Vertx vertx, VertxTestContext test) {
    Buffer body = parameters("inputData", "x".repeat(MAX_BYTES), "inputDataType", "Hl7v2").toBuffer();

    House.open(vertx, routes(vertx, Audit.log(), Conversions.load(Map.of(), ZoneOffset.UTC,
        Clock.systemUTC())))
        .compose(house -> posted(house, "/fhir/$convert-data", body))
        .onComplete(test.succeeding(answer -> test.verify(() -> {
          assertEquals(413, answer.statusCode(), answer.bodyAsString());
          assertTrue(answer.bodyAsString().contains("OperationOutcome"), answer.bodyAsString());
          assertTrue(answer.bodyAsString().contains("fhir.convert.maxBodyBytes, " + MAX_BYTES), answer.bodyAsString());
          test.completeNow();
        })));
  }

  /** Eight of them have begun to send, and go on when the ninth has been told to come back. */
  @Test
  void moreThanEightAtOnceAre503AndTheEightAreConverted(Vertx vertx, VertxTestContext test) {
    Buffer body = parameters("inputData", MESSAGE, "inputDataType", "Hl7v2").toBuffer();
    HttpClient client = vertx.createHttpClient(new HttpClientOptions(), new PoolOptions().setHttp1MaxSize(20));
    House.open(vertx, routes(vertx, Audit.log(), Conversions.load(Map.of(), ZoneOffset.UTC,
        Clock.systemUTC())))
        .compose(house -> {
          List<Future<HttpClientRequest>> begun = new ArrayList<>();
          for (int n = 0; n < 8; n++) begun.add(begun(client, house, body));
          return Future.all(begun)
              .compose(eight -> refused(house, body, 100))
              .compose(refused -> Future.all(begun.stream().map(one -> ended(one.result(), body)).toList())
                  .map(eight -> {
                    assertEquals(503, refused.statusCode(), refused.bodyAsString());
                    assertTrue(refused.getHeader("Retry-After") != null, "no Retry-After");
                    return eight.<Integer>list();
                  }));
        })
        .eventually(client::close)
        .onComplete(test.succeeding(statuses -> test.verify(() -> {
          assertEquals(Collections.nCopies(8, 200), statuses);
          test.completeNow();
        })));
  }

  private static Future<HttpClientRequest> begun(HttpClient client, House house, Buffer body) {
    return client.request(new RequestOptions().setMethod(HttpMethod.POST)
        .setAbsoluteURI(house.base() + "/fhir/$convert-data")
        .putHeader("Content-Type", "application/json")
        .putHeader("Content-Length", Integer.toString(body.length())))
        .compose(request -> request.write(body.getBuffer(0, 10)).map(request));
  }

  /** The eight are there when the next one is refused; until then one more is converted. */
  private static Future<HttpResponse<Buffer>> refused(House house, Buffer body, int tries) {
    return posted(house, "/fhir/$convert-data", body)
        .compose(answer -> answer.statusCode() == 503 || tries == 0
            ? Future.succeededFuture(answer)
            : refused(house, body, tries - 1));
  }

  private static Future<Integer> ended(HttpClientRequest request, Buffer body) {
    request.end(body.getBuffer(10, body.length()));
    return request.response().compose(answer -> answer.body().map(read -> answer.statusCode()));
  }
}

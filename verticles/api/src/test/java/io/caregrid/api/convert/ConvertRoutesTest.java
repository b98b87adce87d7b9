package io.caregrid.api.convert;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.api.House;
import io.caregrid.contract.Audit;
import io.caregrid.templates.bundle.Conversions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.client.HttpResponse;
import io.vertx.junit5.VertxExtension;
import io.vertx.junit5.VertxTestContext;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(VertxExtension.class)
class ConvertRoutesTest {
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
    House.open(vertx, new ConvertRoutes(vertx, audit, conversions))
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
}

package io.caregrid.api.deidentify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.api.House;
import io.caregrid.cluster.DeidentifyConfig;
import io.caregrid.contract.Audit;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.ext.web.client.HttpResponse;
import io.vertx.junit5.Timeout;
import io.vertx.junit5.VertxExtension;
import io.vertx.junit5.VertxTestContext;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(VertxExtension.class)
@Timeout(value = 3, timeUnit = TimeUnit.MINUTES)
class DeidentifyRoutesTest {
  private static final DeidentifyConfig KEYS = new DeidentifyConfig("shift", "0123456789abcdef0123456789abcdef", "");
  private static final String PATIENT = "{\"resourceType\":\"Patient\",\"id\":\"a\",\"birthDate\":\"1980-04-01\","
      + "\"name\":[{\"family\":\"Curie\"}],\"multipleBirthInteger\":2}";
  private final List<Audit.Entry> entries = new CopyOnWriteArrayList<>();

  private void answered(Vertx vertx, VertxTestContext test, DeidentifyConfig keys, String query, String body,
      Consumer<HttpResponse<Buffer>> asserted) {
    Audit audit = entry -> {
      entries.add(entry);
      return Future.succeededFuture();
    };
    House.open(vertx, new DeidentifyRoutes(vertx, audit, keys))
        .compose(house -> house.request("POST", "/fhir/$de-identify" + query)
            .putHeader("Content-Type", "application/json")
            .sendBuffer(Buffer.buffer(body)))
        .onComplete(test.succeeding(answer -> test.verify(() -> {
          asserted.accept(answer);
          test.completeNow();
        })));
  }

  @Test
  void withoutAConfigurationItIsSafeHarborsWithTheNodesKeys(Vertx vertx, VertxTestContext test) {
    answered(vertx, test, KEYS, "", "{\"resource\":" + PATIENT + "}", answer -> {
      assertEquals(200, answer.statusCode(), answer.bodyAsString());
      assertEquals("1980", answer.bodyAsJsonObject().getString("birthDate"));
      assertEquals("aa2187723645a252148bbf3aad0e20d4c3a2861235bb65a264967af9d46faec2",
          answer.bodyAsJsonObject().getString("id"));
      assertFalse(answer.bodyAsString().contains("Curie"));
      assertEquals(List.of(), entries.get(0).what());
      assertEquals(List.of(), entries.get(0).patients());
      assertEquals("$de-identify of what was sent as Patient/a", entries.get(0).query());
      assertEquals(Audit.DONE, entries.get(0).status());
    });
  }

  @Test
  void withoutKeysThatAreNeededItIsRefusedAndSaysWhichSetting(Vertx vertx, VertxTestContext test) {
    answered(vertx, test, DeidentifyConfig.DEFAULT, "", "{\"resource\":" + PATIENT + "}", answer -> {
      assertEquals(422, answer.statusCode());
      assertTrue(answer.bodyAsString().contains("fhir.deidentify.cryptoHashKey"), answer.bodyAsString());
      assertEquals(422, entries.get(0).status());
    });
  }

  /** As Microsoft's tool takes its own sample, whose keys are empty. */
  @Test
  void keysThatACallersConfigurationLacksAreMadeUpAndThatIsSaid(Vertx vertx, VertxTestContext test) {
    String config = "{\"fhirPathRules\":[{\"path\":\"Patient.id\",\"method\":\"cryptoHash\"},"
        + "{\"path\":\"Patient.birthDate\",\"method\":\"dateShift\"}],\"parameters\":{\"cryptoHashKey\":\"\",\"dateShiftKey\":\"\"}}";
    answered(vertx, test, DeidentifyConfig.DEFAULT, "?report=true",
        "{\"config\":" + config + ",\"resource\":" + PATIENT + "}", answer -> {
          assertEquals(200, answer.statusCode(), answer.bodyAsString());
          assertTrue(answer.bodyAsJsonObject().getJsonObject("resource").getString("id").matches("[0-9a-f]{64}"));
          assertEquals(List.of("cryptoHashKey", "dateShiftKey"),
              answer.bodyAsJsonObject().getJsonArray("madeUpKeys").getList());
          assertEquals("199 caregrid \"made up, for want of one: cryptoHashKey, dateShiftKey\"",
              answer.getHeader("Warning"));
        });
  }

  @Test
  void aConfigurationOfOnesOwnAndAReport(Vertx vertx, VertxTestContext test) {
    answered(vertx, test, DeidentifyConfig.DEFAULT, "?report=true",
        "{\"config\":{\"fhirPathRules\":[{\"path\":\"Patient.name\",\"method\":\"redact\"}]},\"resource\":" + PATIENT
            + "}",
        answer -> {
          assertEquals(200, answer.statusCode(), answer.bodyAsString());
          assertEquals("1980-04-01", answer.bodyAsJsonObject().getJsonObject("resource").getString("birthDate"));
          assertNull(answer.getHeader("Warning"), "no rule needs a key");
          assertEquals("Patient.name.family",
              answer.bodyAsJsonObject().getJsonArray("report").getJsonObject(0).getString("place"));
        });
  }

  @Test
  void aWrongConfigurationIsToldWhole(Vertx vertx, VertxTestContext test) {
    answered(vertx, test, KEYS, "",
        "{\"config\":{\"fhirPathRules\":[{\"path\":\"foo(\",\"method\":\"shred\"}]},\"resource\":" + PATIENT + "}",
        answer -> {
          assertEquals(400, answer.statusCode());
          assertTrue(answer.bodyAsString().contains("shred") && answer.bodyAsString().contains("foo("),
              answer.bodyAsString());
        });
  }

  @Test
  void whatIsNoResourceIsRefusedWithoutItsValues(Vertx vertx, VertxTestContext test) {
    answered(vertx, test, KEYS, "", "{\"resource\":{\"resourceType\":\"Patient\",\"name\":\"Curie\"}}", answer -> {
      assertEquals(400, answer.statusCode());
      assertTrue(answer.bodyAsString().contains("Patient.name") && !answer.bodyAsString().contains("Curie"),
          answer.bodyAsString());
    });
  }

  @Test
  void tooMuchIsRefused(Vertx vertx, VertxTestContext test) {
    answered(vertx, test, KEYS, "", " ".repeat((16 << 20) + 1), answer -> assertEquals(413, answer.statusCode()));
  }
}

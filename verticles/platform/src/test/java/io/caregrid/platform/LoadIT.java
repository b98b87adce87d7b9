package io.caregrid.platform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalKafka;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.engines.Pem;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Files go into a whole node that speaks TLS by the command line and by the drop folder, and come out of it by the export: the same resources each time. */
@ExtendWith(Engines.class)
class LoadIT {
  @TempDir
  Path folder;
  private HttpClient http;

  @Test
  void whatIsLoadedComesOutAgain(LocalPostgres postgres, LocalKafka kafka) throws Exception {
    Map<String, String> settings = TestNode.settings(postgres, kafka, folder.resolve("data"));
    settings.put("security.nodeTokens", "always");
    Pem pem = Pem.make(folder, "node");
    settings.put("http.tls.cert", pem.cert().toString());
    settings.put("http.tls.key", pem.key().toString());
    http = HttpClient.newBuilder()
        .version(HttpClient.Version.HTTP_1_1)
        .sslContext(Trust.of(pem.cert(), null))
        .build();
    settings.put("load.folder", folder.resolve("drop").toString());
    try (Platform node = Platform.start(TestNode.config(settings), false, step -> {})) {
      String token = node.token("loader", "FHIR Data Contributor", Duration.ofMinutes(10));
      Path patients = Files.writeString(folder.resolve("Patient.ndjson"), """
          {"resourceType":"Patient","id":"a","gender":"male"}
          {"resourceType":"Patient","id":"b","gender":"unheard of"}
          """);

      int code = Main.execute("load", "--to", node.http(), "--ca", pem.cert().toString(), "--token", token,
          patients.toString());

      assertEquals(1, code, "a line was rejected");
      assertTrue(Files.readString(folder.resolve("Patient.ndjson.rejected")).contains("\"line\":2"));

      Path part = Files.writeString(folder.resolve("c.json"), """
          {"resourceType":"Bundle","type":"transaction","entry":[
            {"fullUrl":"urn:uuid:6f9a1c8e-58e4-4d0c-8a13-2f5e8d1c0a11","resource":{"resourceType":"Patient","gender":"female"},
              "request":{"method":"POST","url":"Patient"}},
            {"resource":{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},
              "subject":{"reference":"urn:uuid:6f9a1c8e-58e4-4d0c-8a13-2f5e8d1c0a11"}},"request":{"method":"PUT","url":"Observation/o"}}]}
          """);
      Files.move(part, folder.resolve("drop/c.json"));
      Files.writeString(folder.resolve("drop/no.zip"), "no zip");
      TestNode.eventually(Duration.ofSeconds(40), "c.json is done",
          () -> Files.exists(folder.resolve("drop/done/c.json")) ? true : null);
      assertTrue(Files.notExists(folder.resolve("drop/done/c.json.rejected")));
      TestNode.eventually(Duration.ofSeconds(40), "no.zip is refused with a reason",
          () -> Files.exists(folder.resolve("drop/failed/no.zip.reason")) ? true : null);
      assertTrue(Files.exists(folder.resolve("drop/failed/no.zip")));

      JsonNode manifest = export(node, token);
      long resources = 0;
      for (JsonNode file : manifest.path("output")) resources += file.path("count").asLong();
      assertEquals(3, resources, manifest.toString());
      assertTrue(manifest.path("requiresAccessToken").asBoolean());

      String observation = get(manifest.path("output").path(1).path("url").asText(), token).body();
      assertTrue(observation.contains("\"subject\":{\"reference\":\"Patient/"), observation);
    }
  }

  private JsonNode export(Platform node, String token) throws Exception {
    HttpResponse<String> begun = http
        .send(request(node.http() + "/fhir/Patient/$export?_type=Patient,Observation", token)
            .header("Accept", "application/fhir+json")
            .header("Prefer", "respond-async")
            .build(), HttpResponse.BodyHandlers.ofString());
    assertEquals(202, begun.statusCode(), begun.body());
    String job = begun.headers().firstValue("Content-Location").orElseThrow();
    HttpResponse<String> ended = TestNode.eventually(Duration.ofSeconds(30), "the export is done", () -> {
      HttpResponse<String> status = get(job, token);
      return status.statusCode() == 202 ? null : status;
    });
    assertEquals(200, ended.statusCode(), ended.body());
    return new com.fasterxml.jackson.databind.ObjectMapper().readTree(ended.body());
  }

  private HttpResponse<String> get(String address, String token) throws Exception {
    return http.send(request(address, token).build(), HttpResponse.BodyHandlers.ofString());
  }

  private static HttpRequest.Builder request(String address, String token) {
    return HttpRequest.newBuilder(URI.create(address))
        .timeout(Duration.ofSeconds(120))
        .header("Authorization", "Bearer " + token);
  }
}

package io.caregrid.analytics.export;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** A client of FHIR Bulk Data Access 2.0, written from its text: it does what that says, and holds the server to what that demands of it. */
final class BulkClient {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration PATIENCE = Duration.ofSeconds(180);
  private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final String base;
  private final String subject;

  /** @param subject who it is, for a door that believes it */
  BulkClient(String base, String subject) {
    this.base = base;
    this.subject = subject;
  }

  HttpResponse<String> send(HttpRequest.Builder request) {
    return send(request, HttpResponse.BodyHandlers.ofString());
  }

  <T> HttpResponse<T> send(HttpRequest.Builder request, HttpResponse.BodyHandler<T> body) {
    try {
      return http.send(request.header("X-Subject", subject).timeout(PATIENCE).build(), body);
    } catch (IOException | InterruptedException failed) {
      throw new IllegalStateException(failed);
    }
  }

  HttpRequest.Builder request(String address) {
    return HttpRequest.newBuilder(URI.create(address.startsWith("http") ? address : base + address));
  }

  /** "Bulk Data Kick-off Request" */
  HttpResponse<String> ask(String address, String... prefer) {
    HttpRequest.Builder request = request(address).header("Accept", "application/fhir+json")
        .header("Prefer", "respond-async");
    for (String one : prefer) request.header("Prefer", one);
    return send(request);
  }

  HttpResponse<String> post(String address, String parameters) {
    return send(request(address).header("Accept", "application/fhir+json")
        .header("Prefer", "respond-async")
        .header("Content-Type", "application/fhir+json")
        .POST(HttpRequest.BodyPublishers.ofString(parameters)));
  }

  /** "Response - Success": 202 and the address of the status. */
  static String job(HttpResponse<String> kickOff) {
    assertEquals(202, kickOff.statusCode(), kickOff.body());
    return kickOff.headers().firstValue("Content-Location").orElseThrow();
  }

  /** "Bulk Data Status Request", until the export has ended. */
  HttpResponse<String> ended(String job) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      HttpResponse<String> status = send(request(job).header("Accept", "application/json"));
      if (status.statusCode() != 202) return status;
      assertTrue(Integer.parseInt(status.headers().firstValue("Retry-After").orElseThrow()) > 0);
      assertTrue(status.headers().firstValue("X-Progress").orElseThrow().length() <= 100);
      if (System.nanoTime() > deadline) throw new AssertionError("not within " + PATIENCE);
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
    }
  }

  /** "Response - Complete Status": the manifest has what it must have. */
  JsonNode manifest(String job) {
    HttpResponse<String> status = ended(job);
    assertEquals(200, status.statusCode(), status.body());
    assertEquals("application/json", status.headers().firstValue("Content-Type").orElseThrow());
    assertTrue(status.headers().firstValue("Expires").isPresent());
    JsonNode manifest = json(status.body());
    for (String field : List.of("transactionTime", "request", "requiresAccessToken", "output", "error"))
      assertTrue(manifest.has(field), field);
    return manifest;
  }

  JsonNode export(String address) {
    return manifest(job(ask(address)));
  }

  /** "Bulk Data Output File Request": all resources of a list, the files' types and counts held against what is in them. */
  List<JsonNode> resources(JsonNode manifest, String list) {
    List<JsonNode> all = new ArrayList<>();
    for (JsonNode file : manifest.path(list)) {
      HttpResponse<String> answer = send(
          request(file.path("url").asText()).header("Accept", "application/fhir+ndjson"));
      assertEquals(200, answer.statusCode(), answer.body());
      assertEquals("application/fhir+ndjson", answer.headers().firstValue("Content-Type").orElseThrow());
      List<JsonNode> lines = answer.body().lines().map(BulkClient::json).toList();
      assertEquals(file.path("count").asInt(), lines.size());
      for (JsonNode line : lines) assertEquals(file.path("type").asText(), line.path("resourceType").asText());
      all.addAll(lines);
    }
    return all;
  }

  /** {@code Type/id} of what was exported, sorted. */
  List<String> names(JsonNode manifest) {
    return resources(manifest, "output").stream()
        .map(one -> one.path("resourceType").asText() + "/" + one.path("id").asText())
        .sorted()
        .toList();
  }

  static JsonNode json(String text) {
    try {
      return JSON.readTree(text);
    } catch (IOException broken) {
      throw new IllegalStateException(text, broken);
    }
  }
}

package io.caregrid.ingest.load;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;

/** Who we are to a target. One thread. */
@FunctionalInterface
public interface Credentials {
  Credentials NONE = fresh -> null;

  /**
   * A bearer token.
   *
   * @param fresh the last one was not taken
   * @return null: none is sent
   */
  String token(boolean fresh) throws IOException, InterruptedException, Away;

  static Credentials of(String token) {
    return fresh -> token;
  }

  /** OAuth 2.0's client credentials (RFC 6749 section 4.4), the client named by HTTP Basic (2.3.1). A token is used until shortly before it runs out. */
  static Credentials client(HttpClient http, URI tokens, String client, String secret, String scope) {
    return new Credentials() {
      private String token;
      private long until;

      @Override
      public String token(boolean fresh) throws IOException, InterruptedException, Away {
        if (token != null && !fresh && System.nanoTime() - until < 0) return token;
        String form = "grant_type=client_credentials" + (scope == null ? "" : "&scope=" + encoded(scope));
        String basic = Base64.getEncoder()
            .encodeToString((encoded(client) + ":" + encoded(secret)).getBytes(StandardCharsets.UTF_8));
        HttpResponse<String> answer = http.send(HttpRequest.newBuilder(tokens)
            .timeout(Duration.ofSeconds(30))
            .header("Authorization", "Basic " + basic)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .header("Accept", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(form))
            .build(), HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() != 200)
          throw new Away(
              tokens + " gives no token, it answers " + answer.statusCode() + ": are client id and secret right?");
        JsonNode told = new ObjectMapper().readTree(answer.body());
        token = told.path("access_token").asText(null);
        if (token == null) throw new Away(tokens + " answers without an access_token");
        until = System.nanoTime() + Duration.ofSeconds(Math.max(1, told.path("expires_in").asLong(300) - 30)).toNanos();
        return token;
      }
    };
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }
}

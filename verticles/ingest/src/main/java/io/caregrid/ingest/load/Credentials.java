package io.caregrid.ingest.load;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.caregrid.cluster.LoadConfig;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.regex.Pattern;

/** Who we are to a target. One thread. */
@FunctionalInterface
public interface Credentials {
  Credentials NONE = fresh -> null;
  /** What a header can hold. */
  Pattern TOKEN = Pattern.compile("[!-~]{1,16384}");
  long LONGEST_SECONDS = 86_400;

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

  /** What a server that is not this node is given for the drop folder: what its own token endpoint says, or nothing. */
  static Credentials of(LoadConfig config, HttpClient http) {
    return config.asksForTokens()
        ? client(http, URI.create(config.tokenEndpoint()), config.clientId(), config.secret(),
            String.join(" ", config.scopes()), config.audience())
        : NONE;
  }

  /**
   * OAuth 2.0's client credentials (RFC 6749 section 4.4), the client named by HTTP Basic (2.3.1). A token is used until shortly before it runs out.
   *
   * @param http     follows no redirects: the secret goes nowhere else
   * @param scope    null or empty: not sent
   * @param audience sent as parameter {@code resource} (RFC 8707); null or empty: not sent
   */
  static Credentials client(HttpClient http, URI tokens, String client, String secret, String scope,
      String audience) {
    return new Credentials() {
      private String token;
      private long until;

      @Override
      public String token(boolean fresh) throws IOException, InterruptedException, Away {
        if (token != null && !fresh && System.nanoTime() - until < 0) return token;
        String form = "grant_type=client_credentials" + parameter("scope", scope) + parameter("resource", audience);
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
        token = told.path("access_token").asText("");
        if (!TOKEN.matcher(token).matches()) {
          token = null;
          throw new Away(tokens + " answers without an access_token");
        }
        long seconds = Math.min(LONGEST_SECONDS, told.path("expires_in").asLong(300));
        until = System.nanoTime() + Duration.ofSeconds(Math.max(1, seconds - 30)).toNanos();
        return token;
      }
    };
  }

  private static String parameter(String name, String value) {
    return value == null || value.isEmpty() ? "" : "&" + name + "=" + encoded(value);
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }
}

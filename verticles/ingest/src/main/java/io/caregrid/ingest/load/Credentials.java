package io.caregrid.ingest.load;

import com.fasterxml.jackson.databind.JsonNode;
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
  /** Of what a token endpoint answers, bytes. */
  int LONGEST_ANSWER = 64 << 10;
  /** For what a token endpoint answers, to its last byte. */
  Duration LONGEST_WAIT = Duration.ofSeconds(30);

  /**
   * A bearer token.
   *
   * @param fresh the last one was not taken
   * @return null: none is sent
   */
  String token(boolean fresh) throws IOException, InterruptedException, Away;

  /** The token endpoint is too busy just now, which passes by itself. */
  final class Busy extends IOException {
    private static final long serialVersionUID = 1;
    /** Milliseconds that it asks for; 0: none. */
    final long pause;

    Busy(String why, long pause) {
      super(why);
      this.pause = pause;
    }
  }

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
    return client(http, tokens, client, secret, scope, audience, LONGEST_WAIT);
  }

  /** @param patience for a whole answer */
  static Credentials client(HttpClient http, URI tokens, String client, String secret, String scope,
      String audience, Duration patience) {
    return new Credentials() {
      private String token;
      private long until;

      @Override
      public String token(boolean fresh) throws IOException, InterruptedException, Away {
        if (token != null && !fresh && System.nanoTime() - until < 0) return token;
        String form = "grant_type=client_credentials" + parameter("scope", scope) + parameter("resource", audience);
        String basic = Base64.getEncoder()
            .encodeToString((encoded(client) + ":" + encoded(secret)).getBytes(StandardCharsets.UTF_8));
        JsonNode told = said(sent(HttpRequest.newBuilder(tokens)
            .header("Authorization", "Basic " + basic)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .header("Accept", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(form))
            .build()));
        token = told.path("access_token").asText("");
        if (!TOKEN.matcher(token).matches()) {
          token = null;
          throw Away.tokenless(shown(tokens) + " answers without an access_token", 0);
        }
        long seconds = Math.min(LONGEST_SECONDS, told.path("expires_in").asLong(300));
        until = System.nanoTime() + Duration.ofSeconds(Math.max(1, seconds - 30)).toNanos();
        return token;
      }

      /** Who is not there is the token endpoint, not the target. */
      private HttpResponse<byte[]> sent(HttpRequest request) throws Busy, InterruptedException {
        try {
          return FirstBytes.of(http, request, status -> status == 200 ? LONGEST_ANSWER + 1 : 0, patience);
        } catch (FirstBytes.Late late) {
          throw unasked(late.getMessage());
        } catch (IOException broken) {
          throw unasked(broken.getClass().getSimpleName());
        }
      }

      private Busy unasked(String why) {
        return new Busy("the token endpoint " + shown(tokens) + " cannot be asked: " + why, 0);
      }

      private JsonNode said(HttpResponse<byte[]> answer) throws IOException, Away {
        int status = answer.statusCode();
        if (Target.BUSY.contains(status))
          throw new Busy("the token endpoint " + shown(tokens) + " answers " + status, Target.pause(answer));
        if (status != 200)
          throw Away.tokenless(shown(tokens) + " gives no token, it answers " + status
              + ": are client id and secret right?", Target.pause(answer));
        byte[] text = answer.body();
        if (text.length > LONGEST_ANSWER)
          throw Away.tokenless(shown(tokens) + " answers more than " + LONGEST_ANSWER + " bytes: gives it tokens?", 0);
        return FileLoad.tree(text);
      }
    };
  }

  /** Without a query, which may hold a key. */
  private static String shown(URI tokens) {
    return tokens.getScheme() + "://" + tokens.getRawAuthority() + tokens.getRawPath();
  }

  private static String parameter(String name, String value) {
    return value == null || value.isEmpty() ? "" : "&" + name + "=" + encoded(value);
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }
}

package io.caregrid.ingest.load;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Set;
import javax.net.ssl.SSLHandshakeException;

/**
 * A FHIR server that takes bundles. It is asked again, after what it says in Retry-After or else after a pause that doubles, as long as it is too busy
 * (429, 502, 503, 504) or its answer is not over in time; after {@link #PATIENCE} of that it is {@link Away}. No redirect is followed: a token goes to nobody else.
 * One thread.
 *
 * <p>An answer is bounded, whoever gives it: {@link #ANSWER} from sending the bundle to the last byte, and of a success as many bytes as there may be to say of the
 * bundle, {@link #LEAST} and {@link #EACH} for each byte that was sent. What is longer is none, and it is Away. Of a refusal the first {@link #REASON} bytes are
 * read, and nothing of what the status says all about.
 */
public final class Target {
  static final Set<Integer> BUSY = Set.of(408, 429, 502, 503, 504);
  /** Said by somebody in between, who may have passed it on. */
  private static final Set<Integer> UNSURE = Set.of(408, 502, 504);
  private static final Duration PATIENCE = Duration.ofMinutes(10);
  /** A transaction of ten thousand entries takes some servers minutes. Half of {@link #PATIENCE}: what was lost on its way is sent a second time. */
  private static final Duration ANSWER = Duration.ofMinutes(5);
  private static final int LEAST = 16 << 20;
  /** A server may give back what it was sent, and say something of it. */
  private static final int EACH = 4;
  private static final int REASON = 1 << 20;
  /** Said of the address, or of one bundle. */
  private static final Set<Integer> REFUSALS = Set.of(403, 404, 405);
  private static final byte[] NOTHING = "{\"resourceType\":\"Bundle\",\"type\":\"batch\"}"
      .getBytes(StandardCharsets.US_ASCII);
  private static final long FIRST_PAUSE = 250;
  private static final long LONGEST_PAUSE = 30_000;
  private static final Duration LONGEST_ASKED = Duration.ofHours(1);

  private final URI base;
  private final HttpClient http;
  private final Credentials credentials;
  private final Duration patience;
  private final Duration answer;
  private final int least;

  /** @param base of FHIR, e.g. {@code https://fhir.example/r4} */
  public Target(URI base, HttpClient http, Credentials credentials) {
    this(base, http, credentials, PATIENCE);
  }

  Target(URI base, HttpClient http, Credentials credentials, Duration patience) {
    this(base, http, credentials, patience, ANSWER, LEAST);
  }

  /**
   * @param answer longest that a whole answer takes
   * @param least  bytes that a success may have, whatever was sent
   */
  Target(URI base, HttpClient http, Credentials credentials, Duration patience, Duration answer, int least) {
    this.base = URI.create(base.toString().replaceAll("/+$", ""));
    this.http = http;
    this.credentials = credentials;
    this.patience = patience;
    this.answer = answer;
    this.least = least;
  }

  /** @param said an empty object when it is not to be understood */
  record Answer(int status, JsonNode said) {
    boolean isBundle() {
      return "Bundle".equals(said.path("resourceType").asText());
    }
  }

  String name() {
    return base.toString();
  }

  /** Sends it until there is an answer that says something. */
  Answer send(byte[] bundle) throws Away, InterruptedException {
    return send(bundle, true);
  }

  /** As {@link #send(byte[])}, but what may have arrived is not sent twice: then it is Away, though it may have been taken. */
  Answer sendOnce(byte[] bundle) throws Away, InterruptedException {
    return send(bundle, false);
  }

  /** Whether it takes an empty batch: then it is there, and whatever it does not take is not taken for its own sake. Asked once. */
  boolean isThere() throws InterruptedException {
    try {
      Answer answer = read(asked(request(NOTHING, false), NOTHING), NOTHING, false);
      return answer.status() < 300 && answer.isBundle() || answer.status() == 400 || answer.status() == 422;
    } catch (IOException | Away no) {
      return false;
    }
  }

  private Answer send(byte[] bundle, boolean repeatable) throws Away, InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    boolean fresh = false;
    for (int n = 0;; n++) {
      long pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE << Math.min(n, 20));
      String why;
      boolean mayArrive = false;
      boolean tokenless = false;
      long asked = 0;
      try {
        HttpRequest request = request(bundle, fresh);
        mayArrive = true;
        HttpResponse<byte[]> answer = asked(request, bundle);
        int status = answer.statusCode();
        if (status == 401 && !fresh) {
          fresh = true;
          continue;
        }
        allowed(status);
        if (!BUSY.contains(status)) return read(answer, bundle, !repeatable);
        if (!repeatable && UNSURE.contains(status)) throw doubtful("answers " + status);
        why = "it answers " + status;
        asked = pause(answer);
      } catch (java.net.ConnectException nobody) {
        why = "nobody listens there";
      } catch (HttpConnectTimeoutException | SSLHandshakeException unreached) {
        why = "it cannot be reached: " + unreached.getClass().getSimpleName();
      } catch (HttpTimeoutException silent) {
        if (!repeatable && mayArrive) throw doubtful("does not answer to its end");
        why = silent.getMessage();
      } catch (Credentials.Busy busy) {
        tokenless = true;
        why = busy.getMessage();
        asked = busy.pause;
      } catch (IOException broken) {
        if (!repeatable && mayArrive) throw doubtful("broke off");
        why = "it broke off: " + broken.getClass().getSimpleName();
      }
      pause = Math.max(pause, asked);
      if (System.nanoTime() + Duration.ofMillis(pause).toNanos() - deadline > 0)
        throw new Away(base + " takes nothing: " + why + ". Start the load again when it does, it goes on from here",
            false, tokenless, asked);
      Thread.sleep(pause);
    }
  }

  private HttpResponse<byte[]> asked(HttpRequest request, byte[] bundle) throws IOException, InterruptedException {
    return FirstBytes.of(http, request, status -> wanted(status, bundle), answer);
  }

  /** Bytes of an answer with that status. */
  private int wanted(int status, byte[] bundle) {
    if (status < 300) return most(bundle) + 1;
    return status < 400 || status == 401 || BUSY.contains(status) ? 0 : REASON;
  }

  private int most(byte[] bundle) {
    return least + EACH * bundle.length;
  }

  private Answer read(HttpResponse<byte[]> answer, byte[] bundle, boolean doubtful) throws Away {
    int status = answer.statusCode();
    if (status < 300 && answer.body().length > most(bundle))
      throw new Away(base + " answers with more than " + most(bundle) + " bytes to " + bundle.length
          + ": is that the base address of a FHIR server?", doubtful);
    return new Answer(status, FileLoad.tree(answer.body()));
  }

  private Away doubtful(String what) {
    return new Away(base + " " + what + ", and may have taken the bundle that was under way", true);
  }

  /** What it says of the bundle alone is an answer as others are. */
  private void allowed(int status) throws Away, InterruptedException {
    if (REFUSALS.contains(status) && isThere()) return;
    if (status == 401 || status == 403)
      throw new Away(base + " does not let us, it answers " + status + ": a token is needed that may write");
    if (status == 404 || status == 405 || status >= 300 && status < 400)
      throw new Away(base + " takes no bundles, it answers " + status + ": is that the base address of a FHIR server?");
  }

  private HttpRequest request(byte[] bundle, boolean fresh) throws IOException, InterruptedException, Away {
    HttpRequest.Builder request = HttpRequest.newBuilder(base)
        .header("Content-Type", "application/fhir+json")
        .header("Accept", "application/fhir+json")
        .POST(HttpRequest.BodyPublishers.ofByteArray(bundle));
    String token = credentials.token(fresh);
    return (token == null ? request : request.header("Authorization", "Bearer " + token)).build();
  }

  /** RFC 9110 section 10.2.3: seconds or a date; milliseconds, an hour at most. */
  static long pause(HttpResponse<?> answer) {
    String after = answer.headers().firstValue("Retry-After").orElse("0").strip();
    try {
      Duration asked = after.matches("\\d{1,9}")
          ? Duration.ofSeconds(Long.parseLong(after))
          : Duration.between(Instant.now(), ZonedDateTime.parse(after, DateTimeFormatter.RFC_1123_DATE_TIME));
      return Math.max(0, Math.min(LONGEST_ASKED.toMillis(), asked.toMillis()));
    } catch (DateTimeParseException unreadable) {
      return 0;
    }
  }
}

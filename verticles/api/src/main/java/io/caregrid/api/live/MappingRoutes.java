package io.caregrid.api.live;

import static io.caregrid.contract.Gate.needs;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.caregrid.contract.Access;
import io.caregrid.contract.Failure;
import io.caregrid.contract.JsonBody;
import io.caregrid.contract.Routes;
import io.caregrid.templates.preview.Evaluation;
import io.caregrid.templates.preview.Preview;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;

/**
 * {@code POST /iomt/$preview} and {@code /iomt/$evaluate}: what mappings would do, without doing it. Shapes: {@link Preview}, {@link Evaluation}. Nothing of it
 * is kept. At most {@link #AT_ONCE} of them are worked on at a time; others wait, as long as all together take no more than {@link #MOST_WAITING}
 * and none of them longer than {@link #PATIENCE}: else they are told to come again. A preview begins no message after {@link #LONGEST}.
 */
public final class MappingRoutes implements Routes {
  private static final int MOST_BYTES = 8 << 20;
  private static final int AT_ONCE = 2;
  /** Bytes of bodies, those being worked on included. One counts as {@link #LEAST} at least: so about a hundred small ones, or four of the largest. */
  private static final int MOST_WAITING = 32 << 20;
  private static final int LEAST = 1 << 18;
  private static final Duration PATIENCE = Duration.ofSeconds(15);
  private static final Duration LONGEST = Duration.ofSeconds(10);
  /** Numbers are read as a running feed reads them. */
  private static final ObjectMapper JSON = JsonMapper.builder()
      .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
      .build();
  private final AtomicLong waiting = new AtomicLong();
  private final WorkerExecutor workers;

  public MappingRoutes(Vertx vertx) {
    workers = vertx.createSharedWorkerExecutor("mapping-previews", AT_ONCE);
  }

  @Override
  public void mount(Router router) {
    needs(Access.MAPPING_PREVIEW, router.post("/iomt/$preview")).handler(
        request -> answer(request, asked -> Preview.answer(asked, Instant.now(), LONGEST)));
    needs(Access.MAPPING_PREVIEW, router.post("/iomt/$evaluate"))
        .handler(request -> answer(request, Evaluation::answer));
  }

  private void answer(RoutingContext request, Function<JsonNode, JsonNode> answer) {
    body(request.request())
        .compose(body -> worked(body, answer))
        .compose(said -> request.response()
            .putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
            .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
            .putHeader("X-Content-Type-Options", "nosniff")
            .end(said))
        .onFailure(request::fail);
  }

  private Future<Buffer> worked(Buffer body, Function<JsonNode, JsonNode> answer) {
    long taken = Math.max(LEAST, body.length());
    if (waiting.addAndGet(taken) > MOST_WAITING) {
      waiting.addAndGet(-taken);
      return Future.failedFuture(busy());
    }
    long asked = System.nanoTime();
    return workers.executeBlocking(() -> {
      if (System.nanoTime() - asked > PATIENCE.toNanos()) throw busy();
      return Buffer.buffer(JSON.writeValueAsBytes(said(body, answer)));
    }, false).onComplete(over -> waiting.addAndGet(-taken));
  }

  private static Failure busy() {
    return new Failure.Busy("other previews are being worked on; try again");
  }

  private static JsonNode said(Buffer body, Function<JsonNode, JsonNode> answer) throws IOException {
    JsonNode asked;
    try {
      asked = JSON.readTree(body.getBytes());
    } catch (JsonProcessingException broken) {
      throw JsonBody.unreadable(broken);
    }
    try {
      return answer.apply(asked);
    } catch (IllegalArgumentException wrong) {
      throw new Failure.Invalid(wrong.getMessage());
    }
  }

  private static Future<Buffer> body(HttpServerRequest request) {
    String type = request.getHeader(HttpHeaders.CONTENT_TYPE);
    if (type == null || !type.split(";", 2)[0].trim().toLowerCase(Locale.ROOT).equals("application/json")) {
      return Future.failedFuture(new Failure.UnsupportedMedia("this address reads Content-Type application/json"));
    }
    Promise<Buffer> whole = Promise.promise();
    Buffer body = Buffer.buffer();
    request.handler(part -> {
      if (body.length() + part.length() <= MOST_BYTES) body.appendBuffer(part);
      else
        whole.tryFail(
            new Failure.TooLarge("the body is larger than " + (MOST_BYTES >> 20) + " MB, the most this address reads"));
    });
    request.exceptionHandler(gone -> whole.tryFail(new Failure.Invalid("the connection ended before the body did")));
    request.endHandler(end -> whole.tryComplete(body));
    request.resume();
    return whole.future();
  }
}

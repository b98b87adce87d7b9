package io.caregrid.ingest;

import static io.caregrid.contract.Gate.needs;

import io.caregrid.contract.Access;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.contract.Gate;
import io.caregrid.contract.JsonBody;
import io.caregrid.contract.Routes;
import io.caregrid.store.DeadLetters;
import io.caregrid.store.LetterQuery;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * {@code POST /iomt/dead-letters/$replay}: sends dead letters again once what was wrong is mended. {@code {"source": …}} for one; else those not sent again
 * yet that {@code {"reason", "device", "from", "until"}} narrow down, {@code {}} for all, {@value Replay#MOST} at most. Answers
 * {@code {"replayed": n, "left": n, "more": bool, "next": "…"}}; {@code after}: the {@code next} of the call before. On nodes with role ingest, one call at a time.
 */
final class ReplayRoutes implements Routes {
  private static final int MAX_BYTES = 64 << 10;
  private static final Set<String> MEMBERS = Set.of("source", "reason", "device", "from", "until", "after");
  private final Replay replay;
  private final Audit audit;
  private final AtomicBoolean running = new AtomicBoolean();

  ReplayRoutes(Replay replay, Audit audit) {
    this.replay = replay;
    this.audit = audit;
  }

  @Override
  public void mount(Router router) {
    needs(Access.OPERATE, router.post("/iomt/dead-letters/$replay")).handler(this::replay);
  }

  private void replay(RoutingContext request) {
    if (!running.compareAndSet(false, true)) {
      request.fail(new Failure.Busy("dead letters are being sent again already; ask again when that is done"));
      return;
    }
    Caller caller = Gate.caller(request);
    JsonBody.read(request.request(), List.of("application/json"), MAX_BYTES)
        .compose(body -> asked(caller, body))
        .compose(report -> request.response()
            .putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
            .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
            .end(json(report)))
        .onComplete(done -> running.set(false))
        .onFailure(request::fail);
  }

  private static Buffer json(Replay.Report report) {
    JsonObject json = new JsonObject().put("replayed", report.replayed())
        .put("left", report.left())
        .put("more", report.more());
    return (report.next() == null ? json : json.put("next", report.next().toString())).toBuffer();
  }

  private Future<Replay.Report> asked(Caller caller, Buffer body) {
    JsonObject asked;
    try {
      asked = new JsonObject(body);
    } catch (DecodeException | ClassCastException wrong) {
      throw new Failure.Invalid("the body must be a JSON object; {} for all dead letters");
    }
    for (String member : asked.fieldNames())
      if (!MEMBERS.contains(member)) throw new Failure.Invalid("the body may have " + MEMBERS + ", each a text");
    String source = text(asked, "source");
    if (source != null && asked.size() > 1)
      throw new Failure.Invalid("source names one dead letter: nothing else goes with it", "source");
    if (source != null) return replay.one(caller, audit, source);
    LetterQuery query = new LetterQuery(text(asked, "reason"), text(asked, "device"), time(asked, "from"),
        time(asked, "until"), false);
    String after = text(asked, "after");
    return replay.all(caller, audit, query, after == null ? null : DeadLetters.source(after),
        "$replay " + asked.encode());
  }

  private static String text(JsonObject asked, String member) {
    Object value = asked.getValue(member);
    if (value == null || value instanceof String) return (String) value;
    throw new Failure.Invalid(member + " must be a text", member);
  }

  private static Instant time(JsonObject asked, String member) {
    String text = text(asked, member);
    try {
      return text == null ? null : Instant.parse(text);
    } catch (DateTimeParseException wrong) {
      throw new Failure.Invalid(member + " must be a time such as 2026-11-20T10:00:00Z", member);
    }
  }
}

package io.caregrid.ingest;

import static io.caregrid.contract.Gate.needs;

import io.caregrid.contract.Access;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.contract.Gate;
import io.caregrid.contract.Routes;
import io.caregrid.templates.sets.MappingSet;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * {@code GET /iomt/messages}: the newest messages of devices as they lie in the log, for whoever works on a mapping. {@code mapping}: only those for this one;
 * {@code limit}: at most so many, {@value #FEW} unless said, {@value LogTail#MOST} at the most. Answers {@code [{topic, partition, offset, mapping, at,
 * payload, headers}]}, newest first. Of a payload that is no UTF-8 {@code payload} is the text mended, {@code utf8} false and {@code base64} what came. They
 * are patient data: each look is audited. On nodes with role ingest, one look at a time.
 */
final class TailRoutes implements Routes {
  private static final int FEW = 10;

  /** @param names of the messages, for the audit trail */
  private record Answer(List<String> names, Buffer body) {}

  private final LogTail tail;
  private final Audit audit;
  private final AtomicBoolean looking = new AtomicBoolean();

  TailRoutes(LogTail tail, Audit audit) {
    this.tail = tail;
    this.audit = audit;
  }

  @Override
  public void mount(Router router) {
    needs(Access.OPERATE, router.get("/iomt/messages")).handler(this::newest);
  }

  private void newest(RoutingContext request) {
    Caller caller = Gate.caller(request);
    String mapping = mapping(request.queryParams().get("mapping"));
    int limit = limit(request.queryParams().get("limit"));
    if (!looking.compareAndSet(false, true)) {
      request.fail(new Failure.Busy("somebody else is looking at the log; ask again in a moment"));
      return;
    }
    audit.around(Audit.Entry.of(caller, Audit.Deed.MESSAGES_SEEN, null).asking(request.request().query()),
        () -> request.vertx().executeBlocking(() -> answer(tail.newest(mapping, limit)), false),
        (known, answer) -> known.to(answer.names()))
        .onComplete(done -> looking.set(false))
        .compose(answer -> request.response()
            .putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
            .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
            .putHeader("X-Content-Type-Options", "nosniff")
            .end(answer.body()))
        .onFailure(request::fail);
  }

  private static String name(LogTail.Seen one) {
    return "urn:caregrid:message:" + one.topic() + ":" + one.partition() + ":" + one.offset();
  }

  private static Answer answer(List<LogTail.Seen> seen) {
    JsonArray list = new JsonArray();
    for (LogTail.Seen one : seen) {
      String text = new String(one.payload(), StandardCharsets.UTF_8);
      JsonObject told = new JsonObject().put("topic", one.topic())
          .put("partition", one.partition())
          .put("offset", one.offset())
          .put("mapping", one.mapping())
          .put("at", one.at().toString())
          .put("payload", text)
          .put("headers", new JsonObject(new TreeMap<>(one.headers())));
      if (!Arrays.equals(text.getBytes(StandardCharsets.UTF_8), one.payload()))
        told.put("utf8", false).put("base64", Base64.getEncoder().encodeToString(one.payload()));
      list.add(told);
    }
    return new Answer(seen.stream().map(TailRoutes::name).toList(), list.toBuffer());
  }

  private static String mapping(String asked) {
    if (asked != null && !MappingSet.isName(asked)) throw new Failure.Invalid("mapping must be a mapping's name");
    return asked;
  }

  private static int limit(String asked) {
    if (asked == null) return FEW;
    if (!asked.matches("\\d{1,3}") || Integer.parseInt(asked) < 1 || Integer.parseInt(asked) > LogTail.MOST)
      throw new Failure.Invalid("limit must be a whole number, 1.." + LogTail.MOST);
    return Integer.parseInt(asked);
  }
}

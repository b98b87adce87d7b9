package io.caregrid.api.live;

import static io.caregrid.contract.Gate.needs;

import io.caregrid.api.Requests;
import io.caregrid.cluster.Source;
import io.caregrid.contract.Access;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.contract.Routes;
import io.caregrid.store.DeadLetter;
import io.caregrid.store.DeadLetters;
import io.caregrid.store.LetterQuery;
import io.netty.handler.codec.http.QueryStringEncoder;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.TreeMap;

/**
 * {@code /iomt/dead-letters}: what could not be used, newest first, with why; narrowed by {@code reason}, {@code device}, {@code from}, {@code until} (times),
 * {@code state} ({@code open}: not sent again yet, {@code replayed}, or {@code all}, when nothing is said), or the one of {@code source}. At most {@code _count} at once; header {@code Link}
 * with {@code rel="next"} is the page behind it. {@code /iomt/dead-letters/$count}: how many, by reason.
 */
public final class DeadLetterRoutes implements Routes {
  private static final int DEFAULT_COUNT = 100;
  private static final int MAX_COUNT = 1000;
  /** Payloads of a page, beside the first one. */
  private static final long PAGE_BYTES = 8 << 20;
  private final DeadLetters letters;
  private final Audit audit;

  /** @param audit told of every look: letters hold what devices sent */
  public DeadLetterRoutes(DeadLetters letters, Audit audit) {
    this.letters = letters;
    this.audit = audit;
  }

  @Override
  public void mount(Router router) {
    needs(Access.OPERATE, router.get("/iomt/dead-letters")).handler(this::list);
    needs(Access.OPERATE, router.get("/iomt/dead-letters/$count")).handler(this::count);
  }

  private void list(RoutingContext request) {
    Caller caller = Requests.caller(request);
    MultiMap asked = request.queryParams();
    if (asked.get("source") != null) {
      one(request, caller, asked.get("source"));
      return;
    }
    int count = count(asked.get("_count"));
    LetterQuery query = new LetterQuery(asked.get("reason"), asked.get("device"), time(asked, "from"),
        time(asked, "until"), replayed(asked.get("state")));
    Source after = asked.get("after") == null ? null : DeadLetters.source(asked.get("after"));
    audit.around(Audit.Entry.of(caller, Audit.Deed.DEAD_LETTERS, null).asking(request.request().query()),
        () -> letters.newest(caller, query, new LetterQuery.Page(count, after), PAGE_BYTES))
        .compose(found -> {
          JsonArray list = new JsonArray();
          found.letters().forEach(letter -> list.add(json(letter)));
          if (found.more()) request.response().putHeader("Link", next(asked, found.letters()));
          return answer(request, list.toBuffer());
        })
        .onFailure(request::fail);
  }

  /** A list of one, so that whoever reads lists reads it too. */
  private void one(RoutingContext request, Caller caller, String source) {
    audit.around(Audit.Entry.of(caller, Audit.Deed.DEAD_LETTERS, "urn:caregrid:dead-letter:" + source),
        () -> letters.one(caller, source))
        .compose(letter -> answer(request, new JsonArray().add(json(letter)).toBuffer()))
        .onFailure(request::fail);
  }

  private void count(RoutingContext request) {
    Caller caller = Requests.caller(request);
    letters.byReason(caller).compose(tallies -> {
      JsonArray list = new JsonArray();
      for (DeadLetters.Tally one : tallies)
        list.add(new JsonObject().put("reason", one.reason())
            .put("open", one.open())
            .put("replayed", one.replayed())
            .put("newest", one.newest().toString()));
      return answer(request, list.toBuffer());
    }).onFailure(request::fail);
  }

  private static Future<Void> answer(RoutingContext request, Buffer said) {
    return request.response()
        .putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
        .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
        .end(said);
  }

  /** The same question, behind the last of these. */
  private static String next(MultiMap asked, List<DeadLetter> page) {
    QueryStringEncoder address = new QueryStringEncoder("/iomt/dead-letters");
    asked.forEach(one -> {
      if (!one.getKey().equals("after")) address.addParam(one.getKey(), one.getValue());
    });
    address.addParam("after", page.get(page.size() - 1).source().toString());
    return "<" + address + ">; rel=\"next\"";
  }

  private static Boolean replayed(String state) {
    if (state == null || state.equals("all")) return null;
    if (state.equals("open") || state.equals("replayed")) return state.equals("replayed");
    throw new Failure.Invalid("state must be open, replayed or all");
  }

  private static Instant time(MultiMap asked, String name) {
    try {
      return asked.get(name) == null ? null : Instant.parse(asked.get(name));
    } catch (DateTimeParseException wrong) {
      throw new Failure.Invalid(name + " must be a time such as 2026-11-20T10:00:00Z");
    }
  }

  private static int count(String asked) {
    if (asked == null) return DEFAULT_COUNT;
    if (!asked.matches("\\d{1,6}") || Integer.parseInt(asked) < 1) {
      throw new Failure.Invalid("_count must be a whole number, 1.." + MAX_COUNT);
    }
    return Math.min(Integer.parseInt(asked), MAX_COUNT);
  }

  private static JsonObject json(DeadLetter letter) {
    JsonObject json = new JsonObject()
        .put("source", letter.source().toString())
        .put("reason", letter.reason())
        .put("detail", letter.detail())
        .put("device", letter.device())
        .put("at", letter.at().toString())
        .put("payload", letter.payload().toString(StandardCharsets.UTF_8));
    if (!letter.headers().isEmpty()) json.put("headers", new JsonObject(new TreeMap<>(letter.headers())));
    return letter.replayed() == null ? json : json.put("replayed", letter.replayed().toString());
  }
}

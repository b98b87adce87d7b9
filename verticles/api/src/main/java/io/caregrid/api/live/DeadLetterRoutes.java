package io.caregrid.api.live;

import static io.caregrid.contract.Gate.needs;

import io.caregrid.api.Requests;
import io.caregrid.contract.Access;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.contract.Routes;
import io.caregrid.store.DeadLetter;
import io.caregrid.store.DeadLetters;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.nio.charset.StandardCharsets;

/** {@code /iomt/dead-letters}: what could not be used, newest first, with why. */
public final class DeadLetterRoutes implements Routes {
  private static final int DEFAULT_COUNT = 100;
  private static final int MAX_COUNT = 1000;
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
  }

  private void list(RoutingContext request) {
    Caller caller = Requests.caller(request);
    int count = count(request.queryParams().get("_count"));
    audit.around(Audit.Entry.of(caller, Audit.Deed.DEAD_LETTERS, null), () -> letters.newest(caller, count))
        .compose(found -> {
          JsonArray list = new JsonArray();
          found.forEach(letter -> list.add(json(letter)));
          return request.response()
              .putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
              .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
              .end(list.toBuffer());
        })
        .onFailure(request::fail);
  }

  private static int count(String asked) {
    if (asked == null) return DEFAULT_COUNT;
    if (!asked.matches("\\d{1,6}") || Integer.parseInt(asked) < 1) {
      throw new Failure.Invalid("_count must be a whole number, 1.." + MAX_COUNT);
    }
    return Math.min(Integer.parseInt(asked), MAX_COUNT);
  }

  private static JsonObject json(DeadLetter letter) {
    return new JsonObject()
        .put("source", letter.source().toString())
        .put("reason", letter.reason())
        .put("detail", letter.detail())
        .put("device", letter.device())
        .put("at", letter.at().toString())
        .put("payload", letter.payload().toString(StandardCharsets.UTF_8));
  }
}

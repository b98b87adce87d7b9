package io.caregrid.api.live;

import static io.caregrid.contract.Gate.needs;

import io.caregrid.api.Requests;
import io.caregrid.cluster.Addresses;
import io.caregrid.cluster.Shards;
import io.caregrid.contract.Access;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.contract.Gate;
import io.caregrid.contract.Live;
import io.caregrid.contract.Routes;
import io.caregrid.store.FhirStore;
import io.caregrid.store.Page;
import io.caregrid.store.SearchQuery;
import io.caregrid.store.SearchQuery.Param;
import io.caregrid.store.Stored;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.json.Json;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** {@code /iomt/live}: a stream of readings for a browser. {@code /iomt/devices/{id}/latest}: the latest of one device. */
public final class LiveRoutes implements Routes {
  private static final long ASK_MILLIS = 1_000;
  private static final int STORED_OBSERVATIONS = 20;
  /** Streams at a time on this node, and of one caller: each makes every shard send it what it has. */
  static final int MOST = 1_000;
  static final int MOST_OF_ONE = 100;
  private static final String ANYBODY = "";
  private final Vertx vertx;
  private final FhirStore store;
  private final Audit audit;
  private final int shards;
  private final Map<String, Integer> streamsOf = new HashMap<>();
  private int streams;

  /**
   * @param audit  told of every stream when it begins, and of every look
   * @param shards of the house, {@code cluster.shards}
   */
  public LiveRoutes(Vertx vertx, FhirStore store, Audit audit, int shards) {
    this.vertx = vertx;
    this.store = store;
    this.audit = audit;
    this.shards = shards;
  }

  @Override
  public void mount(Router router) {
    needs(Access.FHIR_READ, router.get("/iomt/live")).handler(this::stream);
    needs(Access.FHIR_READ, router.get("/iomt/devices/:id/latest")).handler(this::latest);
  }

  private void stream(RoutingContext request) {
    String device = request.queryParams().get("device");
    audit.record(watching(request, device))
        .onSuccess(kept -> open(request, device))
        .onFailure(request::fail);
  }

  /** @return false when there are too many */
  private synchronized boolean comes(String caller) {
    int own = streamsOf.getOrDefault(caller, 0);
    if (streams >= MOST || own >= MOST_OF_ONE && !caller.equals(ANYBODY)) return false;
    streams++;
    streamsOf.put(caller, own + 1);
    return true;
  }

  private synchronized void goes(String caller) {
    streams--;
    streamsOf.computeIfPresent(caller, (same, own) -> own == 1 ? null : own - 1);
  }

  /** Subjects are an issuer's own. */
  private static String name(Caller caller) {
    return caller.issuer() == null ? ANYBODY : caller.issuer() + " " + caller.subject();
  }

  private static Audit.Entry watching(RoutingContext request, String device) {
    boolean all = device == null || device.isEmpty();
    return Audit.Entry.of(Requests.caller(request), Audit.Deed.LIVE_FEED, all ? null : "urn:caregrid:device:" + device)
        .asking(all ? "all devices" : "device " + device);
  }

  private void open(RoutingContext request, String device) {
    if (request.response().closed()) return;
    Caller caller = Requests.caller(request);
    String who = name(caller);
    if (!comes(who)) {
      request.fail(new Failure.Busy("more live feeds are open than this node keeps, or than one caller may have ("
          + MOST_OF_ONE + "): close some"));
      return;
    }
    request.response()
        .setChunked(true)
        .putHeader(HttpHeaders.CONTENT_TYPE, "text/event-stream;charset=utf-8")
        .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
        .putHeader(HttpHeaders.CONTENT_ENCODING, HttpHeaders.IDENTITY)
        .putHeader("X-Content-Type-Options", "nosniff");
    new LiveStream(vertx, request.response(), device, caller.until(), Gate.stay(request), () -> goes(who)).open();
  }

  private void latest(RoutingContext request) {
    String device = request.pathParam("id");
    audit.around(watching(request, device), () -> latest(request, device))
        .onSuccess(body -> request.response()
            .putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
            .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
            .end(body))
        .onFailure(request::fail);
  }

  private Future<Buffer> latest(RoutingContext request, String device) {
    return vertx.eventBus().<Live
        .Vitals>request(Addresses.shard(Shards.of(device, shards)), new Live.Latest(device),
            new DeliveryOptions().setSendTimeout(ASK_MILLIS))
        .map(answer -> Buffer.buffer(Json.encode(answer.body())))
        .recover(notHeld -> fromStore(request, device));
  }

  /** The shard is moving, or holds nothing of this device: what the store last kept of it, as FHIR. */
  private Future<Buffer> fromStore(RoutingContext request, String device) {
    SearchQuery devices = new SearchQuery("Device", List.of(new Param("identifier", device)), 1, "none", null);
    return store.search(Requests.caller(request), devices).compose(found -> {
      requireReadable(found);
      if (found.entries().isEmpty()) throw new Failure.NotFound("no device with this identifier has sent anything");
      Param of = new Param("device", "Device/" + found.entries().get(0).id());
      return store.search(Requests.caller(request),
          new SearchQuery("Observation", List.of(of), STORED_OBSERVATIONS, "none", null));
    })
        .map(LiveRoutes::requireReadable)
        .map(page -> Buffer.buffer("{\"device\":" + Json.encode(device) + ",\"observations\":["
            + page.entries().stream().map(stored -> stored.body().toString()).collect(Collectors.joining(",")) + "]}"));
  }

  private static Page requireReadable(Page page) {
    if (page.unreadable().isEmpty()) return page;
    Stored one = page.unreadable().get(0);
    throw new Failure.Unreadable(
        one.type() + "/" + one.id() + " is kept but cannot be read any more: bring its row back from "
            + "a backup, or put the resource anew");
  }
}

package io.caregrid.api;

import static io.caregrid.contract.Gate.needs;

import io.caregrid.cluster.Addresses;
import io.caregrid.cluster.Member;
import io.caregrid.contract.Access;
import io.caregrid.contract.NodeReport;
import io.caregrid.contract.Routes;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.eventbus.Message;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;

/**
 * How the cluster is doing ({@code GET /cluster}): its members as Hazelcast sees them, what each says of itself, and every shard with its owner. A member
 * that does not answer in time is shown all the same, without what only it knows.
 */
public final class ClusterRoutes implements Routes {
  private static final long PATIENCE_MILLIS = 2_000;
  private final Vertx vertx;
  private final String cluster;
  private final int shards;
  private final Supplier<List<Member>> members;

  /**
   * @param cluster setting {@code cluster.name}
   * @param shards  setting {@code cluster.shards}
   * @param members who is there now; may block for a moment
   */
  public ClusterRoutes(Vertx vertx, String cluster, int shards, Supplier<List<Member>> members) {
    this.vertx = vertx;
    this.cluster = cluster;
    this.shards = shards;
    this.members = members;
  }

  @Override
  public void mount(Router router) {
    needs(Access.OPERATE, router.get("/cluster")).handler(this::tell);
  }

  private void tell(RoutingContext request) {
    vertx.executeBlocking(members::get, false)
        .compose(there -> reports(there).map(said -> report(there, said)))
        .onSuccess(report -> request.response()
            .putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
            .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
            .end(report.toBuffer()))
        .onFailure(request::fail);
  }

  /** One for each member, in their order; null where none came. */
  private Future<List<NodeReport>> reports(List<Member> there) {
    DeliveryOptions patience = new DeliveryOptions().setSendTimeout(PATIENCE_MILLIS);
    List<Future<NodeReport>> asked = there.stream()
        .map(member -> vertx.eventBus()
            .<NodeReport>request(Addresses.node(member.id()), new NodeReport.Question(), patience)
            .map(Message::body)
            .otherwise((NodeReport) null))
        .toList();
    return Future.all(asked).map(all -> asked.stream().map(Future::result).toList());
  }

  private JsonObject report(List<Member> there, List<NodeReport> said) {
    JsonArray nodes = new JsonArray();
    List<JsonObject> all = new ArrayList<>();
    Set<Integer> ownerless = new TreeSet<>();
    for (int shard = 0; shard < shards; shard++) ownerless.add(shard);
    for (int i = 0; i < there.size(); i++) {
      nodes.add(member(there.get(i), said.get(i)));
      for (int shard : there.get(i).shards()) {
        if (ownerless.remove(shard)) all.add(shard(shard, there.get(i), said.get(i)));
      }
    }
    ownerless.forEach(shard -> all.add(new JsonObject().put("shard", shard).put("state", "unowned")));
    all.sort((one, other) -> one.getInteger("shard") - other.getInteger("shard"));
    return new JsonObject().put("cluster", cluster).put("members", nodes).put("shards", new JsonArray(all));
  }

  private static JsonObject member(Member member, NodeReport said) {
    JsonObject json = new JsonObject().put("name", member.name())
        .put("address", member.address())
        .put("http", member.http())
        .put("roles", new JsonArray(member.roles()))
        .put("answers", said != null)
        .put("shards", member.shards().size());
    if (said == null) return json;
    JsonObject verticles = new JsonObject();
    said.verticles()
        .entrySet()
        .stream()
        .sorted(java.util.Map.Entry.comparingByKey())
        .forEach(
            one -> verticles.put(one.getKey(), one.getValue()));
    return json.put("version", said.version())
        .put("started", Instant.ofEpochMilli(said.started()).toString())
        .put("verticles", verticles);
  }

  /** What the owner by the partition table says of it; while a shard moves that may be nothing yet. */
  private static JsonObject shard(int shard, Member owner, NodeReport said) {
    JsonObject json = new JsonObject().put("shard", shard).put("owner", owner.name());
    if (said == null) return json.put("state", "unknown");
    for (NodeReport.Shard one : said.shards()) {
      if (one.shard() != shard) continue;
      json.put("state", one.state());
      if (one.position() >= 0) json.put("position", one.position());
      if (one.lag() >= 0) json.put("lag", one.lag());
      return json.put("backlog", one.backlog()).put("error", one.error());
    }
    return json.put("state", "moving");
  }
}

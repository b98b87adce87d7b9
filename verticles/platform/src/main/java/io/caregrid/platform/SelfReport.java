package io.caregrid.platform;

import io.caregrid.cluster.Addresses;
import io.caregrid.contract.NodeReport;
import io.vertx.core.Deployable;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.MessageConsumer;
import io.vertx.core.internal.VertxInternal;
import io.vertx.core.internal.deployment.DeploymentContext;
import io.vertx.core.internal.deployment.DeploymentManager;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/** Answers who asks how this node is doing. */
final class SelfReport {
  private final String member;
  private final String name;
  private final long started = System.currentTimeMillis();
  private final Vertx vertx;
  private final Supplier<List<NodeReport.Shard>> shards;

  private SelfReport(Vertx vertx, String member, String name, Supplier<List<NodeReport.Shard>> shards) {
    this.vertx = vertx;
    this.member = member;
    this.name = name;
    this.shards = shards;
  }

  /** @return closing it ends the answering */
  static AutoCloseable answering(Vertx vertx, String member, String name, Supplier<List<NodeReport.Shard>> shards) {
    SelfReport self = new SelfReport(vertx, member, name, shards);
    MessageConsumer<NodeReport.Question> door = vertx.eventBus()
        .consumer(Addresses.node(member), asked -> asked.reply(self.now()));
    Await.ready(door.completion());
    return () -> Await.closed(door.unregister());
  }

  private NodeReport now() {
    return new NodeReport(member, name, Main.Version.text(), started, verticles(), shards.get());
  }

  private Map<String, Integer> verticles() {
    Map<String, Integer> deployed = new TreeMap<>();
    DeploymentManager all = ((VertxInternal) vertx).deploymentManager();
    for (DeploymentContext one : all.deployments())
      for (Deployable verticle : one.deployment().instances())
        deployed.merge(verticle.getClass().getSimpleName(), 1, Integer::sum);
    return deployed;
  }
}

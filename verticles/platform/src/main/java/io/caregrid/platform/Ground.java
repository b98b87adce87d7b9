package io.caregrid.platform;

import io.caregrid.api.HealthRoutes.Check;
import io.caregrid.cluster.NodeConfig;
import io.caregrid.contract.Roles;
import io.caregrid.contract.Routes;
import io.caregrid.store.audit.Trail;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.Deployable;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.function.Supplier;

/**
 * What every room of a node stands on, and where it leaves what it opened, what it shows and how it is asked after. Only the thread that starts the
 * node builds on it.
 *
 * @param config in effect, embedded engines included
 * @param roles  what callers may do; not those of the node
 * @param opened closed with the node, last opened first
 * @param doors  what the HTTP port shows, in the order in which they are mounted
 * @param checks what {@code /health/ready} asks, in the order in which it answers
 */
record Ground(NodeConfig config, Roles roles, Vertx vertx, Trail trail, PrometheusMeterRegistry metrics, Opened opened,
    List<Routes> doors, List<Check> checks) {
  /** Whether the node has this role, e.g. {@code ingest}. */
  boolean has(String role) {
    return config.roles().contains(role);
  }

  /** Closed with the node, before what was kept earlier. */
  <T extends AutoCloseable> T keep(T thing) {
    return opened.keep(thing);
  }

  /** At the HTTP port, as soon as it opens. */
  void show(Routes door) {
    doors.add(door);
  }

  void deploy(Deployable verticle) {
    deploy(vertx.deployVerticle(verticle));
  }

  /** Blocks until it is deployed; it is undeployed with the node. */
  void deploy(Future<String> deployment) {
    String id = Await.ready(deployment);
    keep(() -> Await.closed(vertx.undeploy(id)));
  }

  /** Of what listens there: when the port is not free, that is what is said. */
  void deploy(DoorPort port, Future<String> deployment) {
    try {
      deploy(deployment);
    } catch (IllegalStateException failed) {
      throw port.explain(failed);
    }
  }

  /** The node is not ready while it does not pass. */
  void check(String name, Supplier<Future<Boolean>> passes) {
    checks.add(new Check(name, passes, true));
  }

  /** The node is ready all the same, and says so when it does not pass. */
  void warn(String name, Supplier<Future<Boolean>> passes) {
    checks.add(new Check(name, passes, false));
  }
}

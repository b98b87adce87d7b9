package io.caregrid.platform;

import io.caregrid.cluster.NodeConfig;
import io.caregrid.cluster.TellConfig;
import io.caregrid.contract.Caller;
import io.caregrid.events.TellRoutes;
import io.caregrid.events.TellerVerticle;
import io.caregrid.store.Cause;
import io.caregrid.store.Deliveries;
import io.caregrid.store.Undelivered;
import java.time.Duration;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where others are told what has changed. */
final class EventsRoom {
  private static final Logger log = LoggerFactory.getLogger(EventsRoom.class);

  private EventsRoom() {}

  /** Whether this node tells anybody. */
  static boolean tells(NodeConfig config) {
    return config.roles().contains("api") && config.tell().isOn();
  }

  /** Of a node with the role api: how the telling goes, whoever does it. */
  static void open(Ground ground, StoreRoom store) {
    TellConfig tell = ground.config().tell();
    Deliveries deliveries = new Deliveries(store.database());
    Set<String> targets = tell.targets().keySet();
    ground.show(new TellRoutes(deliveries, new Undelivered(store.database()), tell, ground.trail()));
    if (!targets.isEmpty()) ground.warn("tell", () -> deliveries.areWell(targets));
    if (tells(ground.config())) return;
    leave(deliveries, tell);
    ground.vertx().setPeriodic(Duration.ofHours(1).toMillis(), fired -> leave(deliveries, tell));
  }

  /** Nobody is told here: when that has been so for long on all nodes, nothing is kept for those who were. */
  private static void leave(Deliveries deliveries, TellConfig tell) {
    deliveries.leave(Caller.system("tell"), tell.giveUpAfter())
        .onFailure(cause -> log.warn("the feed may wait for somebody who is not told any more cause={}",
            Cause.withoutValues(cause)));
  }

  /**
   * Last, since its news lead to addresses that must be open.
   *
   * @param http the base of the node's HTTP addresses
   */
  static void openTeller(Ground ground, StoreRoom store, String http) {
    TellConfig tell = ground.config().tell();
    String base = tell.address().isEmpty() ? http + "/fhir" : tell.address();
    ground.deploy(new TellerVerticle(store.database(), store.fhir(), ground.trail(), tell, ground.roles(),
        ground.config().kafka(), base, ground.metrics()));
  }
}

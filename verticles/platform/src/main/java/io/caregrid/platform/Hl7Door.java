package io.caregrid.platform;

import io.caregrid.api.fhir.r4.Rules;
import io.caregrid.cluster.Hl7Config;
import io.caregrid.cluster.Hosts;
import io.caregrid.cluster.NodeConfig;
import io.caregrid.cluster.Topics;
import io.caregrid.contract.Routes;
import io.caregrid.ingest.hl7.Hl7Verticle;
import io.caregrid.store.Hl7Messages;
import io.caregrid.templates.bundle.Conversions;
import io.vertx.core.Future;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where HL7 v2 messages come in, by HTTP and by MLLP. */
final class Hl7Door {
  private static final Logger log = LoggerFactory.getLogger(Hl7Door.class);
  private final Hl7Config config;
  private final Hl7Verticle hl7;

  private Hl7Door(Hl7Config config, Hl7Verticle hl7) {
    this.config = config;
    this.hl7 = hl7;
  }

  /** Whether this node has it. */
  static boolean isOn(NodeConfig config) {
    return config.roles().contains("ingest") && config.hl7().isOn();
  }

  /** @throws StartException when its port or its files can be seen to be wrong */
  static void check(NodeConfig config) {
    port(config.hl7()).check();
    new DoorFiles("hl7", config.hl7().tls()).check();
  }

  private static DoorPort port(Hl7Config config) {
    return new DoorPort("hl7.port", config.host(), config.port());
  }

  /** What a node without it shows in its place. */
  static Routes closed(NodeConfig config) {
    return Hl7Verticle.closed(config.roles().contains("ingest")
        ? "HL7 v2 is off on this node: set hl7.http to true to take messages here, or hl7.port to take them by MLLP, too"
        : "this node has not the role ingest, so it takes no HL7 v2: send the message to one that has");
  }

  static Hl7Door open(Ground ground, StoreRoom store, Conversions conversions, Progress progress) {
    NodeConfig all = ground.config();
    Hl7Config config = all.hl7();
    progress.waiting(() -> Topics.ensureHl7(all.kafka(), all.cluster(), config, Await.PATIENCE));
    Hl7Verticle hl7 = verticle(ground, store, conversions);
    ground.deploy(port(config), ground.vertx().deployVerticle(hl7));
    ground.show(hl7);
    ground.check("hl7", () -> Future.succeededFuture(hl7.ready()));
    Hl7Door door = new Hl7Door(config, hl7);
    if (door.address() != null && !Hosts.isLoopback(config.host()) && config.tls().clientCa() == null)
      log.warn("Open: whoever reaches {} may write into the store by MLLP{}, as hl7.mode says", door.address(),
          config.tls().isOn() ? "" : ", in the clear");
    return door;
  }

  private static Hl7Verticle verticle(Ground ground, StoreRoom store, Conversions conversions) {
    NodeConfig config = ground.config();
    try {
      return new Hl7Verticle(ground.vertx(), config.hl7(), config.kafka(), config.ingest(),
          ground.roles().grants(config.hl7().roles()),
          Hl7Verticle.Meaning.of(conversions::hl7v2, resource -> Rules.check(resource, true)), store.fhir(),
          new Hl7Messages(store.database()), ground.trail(), ground.metrics());
    } catch (IllegalArgumentException refused) {
      throw new StartException(refused.getMessage(), refused);
    }
  }

  /** E.g. {@code mllp://127.0.0.1:2575}, with the port it really got; null when it takes messages by HTTP only. */
  String address() {
    return config.hasPort() ? "mllp://" + config.host() + ":" + hl7.port() : null;
  }
}

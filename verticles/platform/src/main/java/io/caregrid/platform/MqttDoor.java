package io.caregrid.platform;

import io.caregrid.api.auth.Authentication;
import io.caregrid.cluster.Hosts;
import io.caregrid.cluster.MqttConfig;
import io.caregrid.cluster.NodeConfig;
import io.caregrid.ingest.mqtt.MqttVerticle;
import io.vertx.core.Future;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where devices send by MQTT. */
final class MqttDoor {
  private static final Logger log = LoggerFactory.getLogger(MqttDoor.class);
  private final MqttConfig config;
  private final MqttVerticle mqtt;

  private MqttDoor(MqttConfig config, MqttVerticle mqtt) {
    this.config = config;
    this.mqtt = mqtt;
  }

  /** Whether this node has it. */
  static boolean isOn(NodeConfig config) {
    return config.roles().contains("ingest") && config.mqtt().isOn();
  }

  /** @throws StartException when its port or its files can be seen to be wrong */
  static void check(NodeConfig config) {
    port(config.mqtt()).check();
    new DoorFiles("mqtt", config.mqtt().tls()).check();
  }

  private static DoorPort port(MqttConfig config) {
    return new DoorPort("mqtt.port", config.host(), config.port());
  }

  static MqttDoor open(Ground ground, Authentication authentication) {
    MqttConfig config = ground.config().mqtt();
    boolean asks = !ground.config().isOpen() && !config.isOpenByWish();
    MqttVerticle mqtt = verticle(ground, asks, authentication);
    ground.deploy(port(config), ground.vertx().deployVerticle(mqtt));
    ground.check("mqtt", () -> Future.succeededFuture(mqtt.ready()));
    MqttDoor door = new MqttDoor(config, mqtt);
    if (!Hosts.isLoopback(config.host())) door.sayHowOpen(asks);
    return door;
  }

  private static MqttVerticle verticle(Ground ground, boolean asks, Authentication authentication) {
    NodeConfig config = ground.config();
    try {
      return new MqttVerticle(ground.vertx(), config.mqtt(), config.kafka(), config.ingest(), asks,
          ground.roles().grants(config.mqtt().roles()), authentication::caller, ground.trail(), ground.metrics());
    } catch (IllegalArgumentException refused) {
      throw new StartException(refused.getMessage(), refused);
    }
  }

  private void sayHowOpen(boolean asks) {
    if (!asks && config.tls().clientCa() == null)
      log.warn("Open: whoever reaches {} may send readings, as mqtt.mode or security.mode says", address());
    if (!config.tls().isOn())
      log.warn(
          "In the clear: readings, and the tokens that devices show, go to {} as they are, for everybody on the way"
              + " to read. Set mqtt.tls.cert and mqtt.tls.key",
          address());
  }

  /** E.g. {@code mqtt://127.0.0.1:1883}, with the port it really got. */
  String address() {
    return (config.tls().isOn() ? "mqtts://" : "mqtt://") + config.host() + ":" + mqtt.port();
  }
}

package io.caregrid.ingest.mqtt;

import io.caregrid.cluster.MqttConfig;
import io.caregrid.ingest.mqtt.Packet.Connect;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;

/**
 * On what terms a client is let in: what of its CONNECT (section 3.1) counts for as long as it is here. Pure.
 *
 * @param asked  seconds that its session shall be kept, as it said
 * @param stays  how long it is kept
 * @param longer its keep alive is longer than a connection may be silent
 */
record Terms(int level, boolean clean, int keepAlive, long asked, Duration stays, boolean longer, MqttConfig config) {

  static final int LONGEST_TOPIC = 4_096;
  private static final int LONGEST_CLIENT = 256;

  static Terms of(Connect told, MqttConfig config) {
    long asked = told.properties().number(Properties.SESSION_EXPIRY, 0);
    boolean longer = told.keepAlive() == 0 || told.keepAlive() > config.idle().toSeconds();
    return new Terms(told.level(), told.clean(), told.keepAlive(), asked,
        stays(told.level(), told.clean(), asked, config),
        longer, config);
  }

  private static Duration stays(int level, boolean clean, long asked, MqttConfig config) {
    Duration most = config.session();
    if (level < Packet.MQTT_5) return clean ? Duration.ZERO : most;
    return asked > most.toSeconds() ? most : Duration.ofSeconds(asked);
  }

  /**
   * Section 3.14.2.2.2.
   *
   * @param now seconds, said in DISCONNECT
   */
  Duration stays(long now) throws Malformed {
    if (now > 0 && asked == 0)
      throw new Malformed(Reason.PROTOCOL_ERROR, "a session that ends with its connection cannot be kept at its end");
    return stays(level, clean, now, config);
  }

  /** One and a half keep alives. */
  long silenceNanos() {
    return Duration.ofMillis(1500 * (longer ? config.idle().toSeconds() : keepAlive)).toNanos();
  }

  /**
   * Of CONNACK (section 3.2.2.3).
   *
   * @param assigned client id; null when it has its own
   */
  Buffer properties(String assigned) {
    Buffer properties = Answers.two(Properties.RECEIVE_MAXIMUM, config.inFlight())
        .appendBuffer(Answers.four(Properties.MAXIMUM_PACKET, config.maxPacket()))
        .appendBuffer(Answers.two(Properties.TOPIC_ALIAS_MAXIMUM, Aliases.MOST))
        .appendBuffer(Answers.one(Properties.WILDCARDS_AVAILABLE, 0))
        .appendBuffer(Answers.one(Properties.SUBSCRIPTION_IDS_AVAILABLE, 0))
        .appendBuffer(Answers.one(Properties.SHARED_AVAILABLE, 0));
    if (stays.toSeconds() != asked)
      properties.appendBuffer(Answers.four(Properties.SESSION_EXPIRY, stays.toSeconds()));
    if (longer) properties.appendBuffer(Answers.two(Properties.SERVER_KEEP_ALIVE, (int) config.idle().toSeconds()));
    if (assigned != null) properties.appendBuffer(Answers.property(Properties.ASSIGNED_CLIENT_ID, assigned));
    return properties;
  }

  /** Why nobody may connect like that; null when he may. */
  static Reason unacceptable(Connect told) {
    String client = told.clientId();
    boolean unnamed = client.isEmpty() && !told.clean() && told.level() < Packet.MQTT_5;
    if (unnamed || client.length() > LONGEST_CLIENT || hasControls(client)) return Reason.CLIENT_ID_INVALID;
    if (told.properties().has(Properties.AUTHENTICATION_METHOD)) return Reason.BAD_METHOD;
    if (told.will() == null) return null;
    if (Content.isPacked(told.will().payload())) return Reason.PAYLOAD_INVALID;
    return isTopic(told.will().topic()) ? null : Reason.TOPIC_INVALID;
  }

  private static boolean hasControls(String text) {
    return text.chars().anyMatch(Character::isISOControl);
  }

  static boolean isTopic(String topic) {
    return !topic.isEmpty() && topic.length() <= LONGEST_TOPIC && topic.indexOf('+') < 0 && topic.indexOf('#') < 0
        && !hasControls(topic);
  }
}

package io.caregrid.cluster;

import static io.caregrid.cluster.ConfigException.require;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Readings by MQTT 3.1.1 and 5, at a port of their own on every node with role {@code ingest}.
 *
 * @param host        address to bind: loopback, or another one when somebody says who calls: {@code security.issuers}, or {@code tls.clientCa}
 * @param port        0..65535; 0 takes a free one; -1: MQTT is off
 * @param mode        {@code protected}: as soon as other doors ask who calls, this one does; {@code open-i-know-what-i-do}: nobody is asked here
 * @param roles       what who shows a certificate signed by {@code tls.clientCa}, and no token, may; they have to let readings be sent
 * @param maxPacket   largest packet, 1 kB..64 MB, bytes, and no more than {@code kafka.maxMessageBytes}; a larger one ends its connection
 * @param connections most at a time on this node, 1..100000
 * @param inFlight    messages of one connection that wait for Kafka; beyond it no more is read, 1..65535
 * @param bufferBytes memory of this node for messages on their way to Kafka; beyond it no more is read. Four times {@code maxPacket}..1 GB
 * @param idle        longest silence of a connection, whatever keep alive it asks for, 10 s..18 h
 * @param frame       longest that one packet may take to come, and answers to be read, 1 s..1 h
 * @param session     longest that it is known, after a connection ended, which messages of QoS 2 were taken, 0..7 d
 * @param topics      pattern of topics ({@code ward/+/ventilator}, {@code icu/#}) → name of the mapping for what is sent there; others: {@code default}
 */
public record MqttConfig(String host, int port, String mode, List<String> roles, int maxPacket, int connections,
    int inFlight, int bufferBytes, Duration idle, Duration frame, Duration session, Map<String, List<String>> topics,
    TlsConfig tls) {

  public static final MqttConfig DEFAULT = new MqttConfig("127.0.0.1", -1, SecurityConfig.PROTECTED,
      List.of("Telemetry Sender"), 1 << 20, 10_000, 100, 32 << 20, Duration.ofHours(1), Duration.ofSeconds(30),
      Duration.ofHours(1), Map.of(), TlsConfig.NONE);
  private static final int LONGEST_FILTER = 1_024;

  public MqttConfig {
    tls.check("mqtt");
    roles = List.copyOf(roles);
    topics = Map.copyOf(topics);
    require(port >= -1 && port <= 65535, "mqtt.port must be 0..65535, or -1 for none, not " + port);
    require(mode.equals(SecurityConfig.PROTECTED) || mode.equals(SecurityConfig.OPEN),
        "mqtt.mode must be " + SecurityConfig.PROTECTED + " or " + SecurityConfig.OPEN + ", not " + mode);
    require(maxPacket >= 1024 && maxPacket <= 64 << 20, "mqtt.maxPacket must be 1024..67108864, not " + maxPacket);
    require(connections >= 1 && connections <= 100_000, "mqtt.connections must be 1..100000, not " + connections);
    require(inFlight >= 1 && inFlight <= 65_535, "mqtt.inFlight must be 1..65535, not " + inFlight);
    require(bufferBytes >= 4L * maxPacket && bufferBytes <= 1 << 30,
        "mqtt.bufferBytes must be at least four times mqtt.maxPacket, at most 1073741824, not " + bufferBytes);
    require(idle.toSeconds() >= 10 && idle.toHours() <= 18, "mqtt.idle must be PT10S..PT18H, not " + idle);
    require(frame.toMillis() >= 1000 && frame.toHours() <= 1, "mqtt.frame must be PT1S..PT1H, not " + frame);
    require(!session.isNegative() && session.toDays() <= 7, "mqtt.session must be PT0S..P7D, not " + session);
    topics.forEach((filter, mapping) -> {
      require(isFilter(filter), "mqtt.topics." + filter
          + " must be a pattern of MQTT: '+' stands for one level, '#' at the end for all that follow");
      require(mapping.size() == 1 && mapping.get(0).matches("[A-Za-z0-9][A-Za-z0-9._-]{0,63}"),
          "mqtt.topics." + filter + " must name one mapping");
    });
  }

  /** MQTT 5 section 4.7.1. */
  private static boolean isFilter(String filter) {
    if (filter.isEmpty() || filter.length() > LONGEST_FILTER || filter.chars().anyMatch(Character::isISOControl))
      return false;
    String[] levels = filter.split("/", -1);
    for (int n = 0; n < levels.length; n++) {
      boolean isWild = levels[n].contains("+") || levels[n].contains("#");
      boolean isWhole = levels[n].equals("+") || levels[n].equals("#") && n == levels.length - 1;
      if (isWild && !isWhole) return false;
    }
    return true;
  }

  public boolean isOn() {
    return port >= 0;
  }

  /** Nobody is asked who he is. */
  public boolean isOpenByWish() {
    return mode.equals(SecurityConfig.OPEN);
  }

  /** The mappings that {@link #topics} name. */
  public Set<String> namedMappings() {
    return topics.values().stream().map(named -> named.get(0)).collect(Collectors.toSet());
  }
}

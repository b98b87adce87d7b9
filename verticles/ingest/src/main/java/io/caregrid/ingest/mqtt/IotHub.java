package io.caregrid.ingest.mqtt;

import io.caregrid.ingest.mqtt.Properties.Pair;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A topic as devices of Azure IoT Hub use it, {@code devices/ID/messages/events/BAG} or {@code devices/ID/modules/ID/messages/events/BAG}: what they say there is
 * said as IoT Hub would say it, so that mappings written for it fit. BAG is URL-encoded, {@code name=value&name=value}; names that begin with {@code $.} are IoT Hub's
 * own. Pure.
 *
 * @param module     null when it is the device itself
 * @param properties of the bag, IoT Hub's own under the names that they have behind it
 */
record IotHub(String device, String module, List<Pair> properties) {

  private static final Pattern TOPIC = Pattern
      .compile("devices/([^/]+)(?:/modules/([^/]+))?/messages/events(?:/(.*))?", Pattern.DOTALL);
  /** As Microsoft's device SDKs write them → as IoT Hub hands them on. */
  private static final Map<String, String> OWN = Map.of("$.mid", "message-id", "$.cid", "correlation-id", "$.uid",
      "user-id", "$.ct", "content-type", "$.ce", "content-encoding", "$.ctime", "iothub-creation-time-utc", "$.on",
      "iothub-outputname", "$.sub", "dt-subject");

  /** Null when the topic is none of these. */
  static IotHub of(String topic) {
    Matcher parts = TOPIC.matcher(topic);
    if (!parts.matches()) return null;
    return new IotHub(parts.group(1), parts.group(2), bag(parts.group(3)));
  }

  private static List<Pair> bag(String text) {
    List<Pair> pairs = new ArrayList<>();
    String bag = text == null ? "" : text.startsWith("?") ? text.substring(1) : text;
    for (String one : bag.split("&")) {
      if (one.isEmpty() || one.equals("/")) continue;
      int equals = one.indexOf('=');
      String name = decoded(equals < 0 ? one : one.substring(0, equals));
      String value = equals < 0 ? "" : decoded(one.substring(equals + 1));
      if (!name.isEmpty()) pairs.add(new Pair(OWN.getOrDefault(name, name), value));
    }
    return List.copyOf(pairs);
  }

  /** What is no percent-encoding stands for itself. A plus sign is one. */
  private static String decoded(String text) {
    try {
      return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8).replace('\0', '\uFFFD');
    } catch (IllegalArgumentException literal) {
      return text;
    }
  }
}

package io.caregrid.ingest.mqtt;

import java.util.List;
import java.util.Map;

/**
 * Properties of a packet of MQTT 5 (section 2.2.2); of 3.1.1 there are none.
 *
 * @param single identifier → Integer, Long, String or byte[], as the identifier's type is
 * @param user   user properties in the order of the packet; names may repeat
 */
record Properties(Map<Integer, Object> single, List<Pair> user) {
  /** Heap of a text beside its characters. */
  private static final int OVERHEAD = 64;
  static final int PAYLOAD_FORMAT = 1;
  static final int CONTENT_TYPE = 3;
  static final int SUBSCRIPTION_ID = 11;
  static final int SESSION_EXPIRY = 17;
  static final int ASSIGNED_CLIENT_ID = 18;
  static final int SERVER_KEEP_ALIVE = 19;
  static final int AUTHENTICATION_METHOD = 21;
  static final int AUTHENTICATION_DATA = 22;
  static final int REQUEST_PROBLEM_INFORMATION = 23;
  static final int WILL_DELAY = 24;
  static final int REQUEST_RESPONSE_INFORMATION = 25;
  static final int REASON = 31;
  static final int RECEIVE_MAXIMUM = 33;
  static final int TOPIC_ALIAS_MAXIMUM = 34;
  static final int TOPIC_ALIAS = 35;
  static final int USER = 38;
  static final int MAXIMUM_PACKET = 39;
  static final int WILDCARDS_AVAILABLE = 40;
  static final int SUBSCRIPTION_IDS_AVAILABLE = 41;
  static final int SHARED_AVAILABLE = 42;

  static final Properties NONE = new Properties(Map.of(), List.of());

  record Pair(String name, String value) {}

  Properties {
    single = Map.copyOf(single);
    user = List.copyOf(user);
  }

  /** Heap of its texts, about. */
  long bytes() {
    long bytes = 0;
    for (Object value : single.values()) {
      bytes += OVERHEAD;
      if (value instanceof String text) bytes += 2L * text.length();
      if (value instanceof byte[] data) bytes += data.length;
    }
    for (Pair pair : user) bytes += 2L * OVERHEAD + 2L * (pair.name().length() + pair.value().length());
    return bytes;
  }

  /** Null when it is not there. */
  String text(int identifier) {
    return (String) single.get(identifier);
  }

  long number(int identifier, long unless) {
    return single.get(identifier) instanceof Number there ? there.longValue() : unless;
  }

  boolean has(int identifier) {
    return single.containsKey(identifier);
  }
}

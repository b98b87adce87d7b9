package io.caregrid.ingest.mqtt;

import java.util.Set;

/** What a client may send to a server. MQTT 3.1.1 and 5; clauses are those of MQTT 5. */
sealed interface Packet {
  int CONNECT = 1;
  int PUBLISH = 3;
  int PUBREL = 6;
  int SUBSCRIBE = 8;
  int UNSUBSCRIBE = 10;
  int PINGREQ = 12;
  int DISCONNECT = 14;
  int MQTT_5 = 5;
  /** Topic filters of one packet. */
  int MOST_FILTERS = 1_000;

  /**
   * Section 3.1.
   *
   * @param level     of the protocol: 4 (3.1.1) or 5
   * @param keepAlive seconds, 0 for none
   * @param will      null for none
   * @param user      null for none
   * @param password  null for none
   */
  record Connect(int level, boolean clean, int keepAlive, Properties properties, String clientId, Will will,
      String user, byte[] password) implements Packet {}

  /** Section 3.1.2.5. Its QoS and whether it is to be retained make no difference here. */
  record Will(String topic, byte[] payload, Properties properties) {}

  /** Section 3.3. @param id 0 for QoS 0 */
  record Publish(boolean again, int qos, boolean retain, String topic, int id, Properties properties, byte[] payload)
      implements
        Packet {}

  /** Section 3.6. */
  record Release(int id) implements Packet {}

  /** Section 3.8. @param filters how many */
  record Subscribe(int id, int filters) implements Packet {}

  /** Section 3.10. @param filters how many */
  record Unsubscribe(int id, int filters) implements Packet {}

  /** Section 3.12. */
  record Ping() implements Packet {}

  /** Section 3.14. */
  record Disconnect(int reason, Properties properties) implements Packet {}

  Set<Integer> OF_CONNECT = Set.of(17, 21, 22, 23, 25, 33, 34, 38, 39);
  Set<Integer> OF_WILL = Set.of(1, 2, 3, 8, 9, 24, 38);
  /** A client sends no subscription identifier with it (section 3.3.4). */
  Set<Integer> OF_PUBLISH = Set.of(1, 2, 3, 8, 9, 35, 38);
  Set<Integer> OF_ANSWER = Set.of(31, 38);
  Set<Integer> OF_SUBSCRIBE = Set.of(11, 38);
  Set<Integer> OF_UNSUBSCRIBE = Set.of(38);
  Set<Integer> OF_DISCONNECT = Set.of(17, 28, 31, 38);

  /**
   * @param first byte of the fixed header
   * @param body  what follows it
   * @param level of the connection; 0 before CONNECT, which then is all that may come
   */
  static Packet read(int first, byte[] body, int level) throws Malformed {
    int type = first >> 4;
    if (level == 0 != (type == CONNECT))
      throw new Malformed(Reason.PROTOCOL_ERROR, level == 0 ? "CONNECT has to come first" : "a second CONNECT");
    int flags = first & 0x0F;
    boolean two = type == PUBREL || type == SUBSCRIBE || type == UNSUBSCRIBE;
    if (type != PUBLISH && flags != (two ? 2 : 0)) throw new Malformed(Reason.MALFORMED, "wrong flags");
    PacketReader in = new PacketReader(body);
    Packet packet = switch (type) {
      case CONNECT -> connect(in);
      case PUBLISH -> publish(flags, in, level);
      case PUBREL -> release(in, level);
      case SUBSCRIBE -> new Subscribe(id(in, level, OF_SUBSCRIBE), filters(in, level, true));
      case UNSUBSCRIBE -> new Unsubscribe(id(in, level, OF_UNSUBSCRIBE), filters(in, level, false));
      case PINGREQ -> new Ping();
      case DISCONNECT -> disconnect(in, level);
      default -> throw new Malformed(Reason.PROTOCOL_ERROR, "a client sends no packet of type " + type + " here");
    };
    if (!in.isAtEnd()) throw new Malformed(Reason.MALFORMED, "more bytes than the packet has fields");
    return packet;
  }

  private static Connect connect(PacketReader in) throws Malformed {
    String name = in.text();
    int level = in.one();
    if (!name.equals("MQTT") || level != 4 && level != MQTT_5)
      throw new Malformed(Reason.UNSUPPORTED_VERSION, "neither MQTT 3.1.1 nor 5");
    int flags = in.one();
    boolean hasWill = (flags & 0x04) != 0;
    boolean odd = (flags & 0x01) != 0 || (flags & 0x18) == 0x18 || !hasWill && (flags & 0x38) != 0
        || level < MQTT_5 && (flags & 0xC0) == 0x40;
    if (odd) throw new Malformed(Reason.MALFORMED, "wrong flags in CONNECT");
    int keepAlive = in.two();
    Properties properties = level == MQTT_5 ? in.properties(OF_CONNECT) : Properties.NONE;
    if (properties.number(Properties.RECEIVE_MAXIMUM, 1) == 0 || properties.number(Properties.MAXIMUM_PACKET, 1) == 0)
      throw new Malformed(Reason.PROTOCOL_ERROR, "a maximum of 0 in CONNECT");
    if (properties.has(Properties.AUTHENTICATION_DATA) && !properties.has(Properties.AUTHENTICATION_METHOD))
      throw new Malformed(Reason.PROTOCOL_ERROR, "authentication data without a method");
    String client = in.text();
    Will will = hasWill ? will(in, level) : null;
    String user = (flags & 0x80) == 0 ? null : in.text();
    byte[] password = (flags & 0x40) == 0 ? null : in.binary();
    return new Connect(level, (flags & 0x02) != 0, keepAlive, properties, client, will, user, password);
  }

  private static Will will(PacketReader in, int level) throws Malformed {
    Properties properties = level == MQTT_5 ? in.properties(OF_WILL) : Properties.NONE;
    String topic = in.text();
    return new Will(topic, in.binary(), properties);
  }

  private static Publish publish(int flags, PacketReader in, int level) throws Malformed {
    int qos = flags >> 1 & 3;
    boolean again = (flags & 8) != 0;
    if (qos == 3 || qos == 0 && again) throw new Malformed(Reason.MALFORMED, "wrong flags in PUBLISH");
    String topic = in.text();
    int id = qos == 0 ? 0 : nonzero(in);
    Properties properties = level == MQTT_5 ? in.properties(OF_PUBLISH) : Properties.NONE;
    return new Publish(again, qos, (flags & 1) != 0, topic, id, properties, in.rest());
  }

  private static Release release(PacketReader in, int level) throws Malformed {
    int id = nonzero(in);
    if (level == MQTT_5 && !in.isAtEnd()) {
      in.one();
      if (!in.isAtEnd()) in.properties(OF_ANSWER);
    }
    return new Release(id);
  }

  private static int id(PacketReader in, int level, Set<Integer> allowed) throws Malformed {
    int id = nonzero(in);
    if (level == MQTT_5) in.properties(allowed);
    return id;
  }

  private static int nonzero(PacketReader in) throws Malformed {
    int id = in.two();
    if (id == 0) throw new Malformed(Reason.PROTOCOL_ERROR, "packet identifier 0");
    return id;
  }

  private static int filters(PacketReader in, int level, boolean withOptions) throws Malformed {
    int count = 0;
    while (!in.isAtEnd()) {
      if (in.text().isEmpty()) throw new Malformed(Reason.PROTOCOL_ERROR, "an empty topic filter");
      if (withOptions && !areOptions(in.one(), level)) throw new Malformed(Reason.PROTOCOL_ERROR, "wrong options");
      if (++count > MOST_FILTERS)
        throw new Malformed(Reason.TOO_LARGE, "more topic filters than " + MOST_FILTERS + " in one packet");
    }
    if (count == 0) throw new Malformed(Reason.PROTOCOL_ERROR, "no topic filter");
    return count;
  }

  /** Section 3.8.3.1; before MQTT 5 a QoS and nothing else. */
  private static boolean areOptions(int options, int level) {
    if (level < MQTT_5) return options <= 2;
    return (options & 0xC0) == 0 && (options & 3) != 3 && (options >> 4 & 3) != 3;
  }

  private static Disconnect disconnect(PacketReader in, int level) throws Malformed {
    if (level < MQTT_5 || in.isAtEnd()) return new Disconnect(0, Properties.NONE);
    int reason = in.one();
    return new Disconnect(reason, in.isAtEnd() ? Properties.NONE : in.properties(OF_DISCONNECT));
  }
}

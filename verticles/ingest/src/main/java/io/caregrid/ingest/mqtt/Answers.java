package io.caregrid.ingest.mqtt;

import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * What a server says, in the form of the connection's protocol level. Pure.
 *
 * @param level  4 (3.1.1) or 5
 * @param talked false: the client wants no reason strings (MQTT 5 section 3.1.2.11.7)
 * @param most   bytes of a packet that the client takes (section 3.1.2.11.4): what would be longer has no reason string, and is not sent when it is longer without one
 */
record Answers(int level, boolean talked, long most) {

  private static final int LONGEST_WHY = 500;
  /** Fixed header, packet identifier, reason code and the length of the properties, at their longest. */
  private static final int AROUND = 12;
  private static final Buffer PONG = Buffer.buffer(new byte[] {(byte) 0xD0, 0});

  private boolean is5() {
    return level == Packet.MQTT_5;
  }

  /**
   * CONNACK (section 3.2) for whom is let in.
   *
   * @param properties of MQTT 5, as {@link #property} writes them
   */
  Buffer welcome(boolean sessionPresent, Buffer properties) {
    Buffer body = Buffer.buffer().appendByte((byte) (sessionPresent ? 1 : 0)).appendByte((byte) 0);
    if (is5()) appended(body, properties);
    return packet(0x20, body);
  }

  /** CONNACK for whom is not. */
  Buffer refusal(Reason reason, String why) {
    Buffer body = Buffer.buffer().appendByte((byte) 0).appendByte((byte) (is5() ? reason.code : reason.before5));
    if (is5()) appended(body, why(why, 0));
    return packet(0x20, body);
  }

  Buffer puback(int id, Reason reason, String why) {
    return reply(0x40, id, reason, why);
  }

  Buffer pubrec(int id, Reason reason, String why) {
    return reply(0x50, id, reason, why);
  }

  Buffer pubcomp(int id, Reason reason) {
    return reply(0x70, id, reason, null);
  }

  private Buffer reply(int type, int id, Reason reason, String why) {
    Buffer body = Buffer.buffer().appendUnsignedShort(id);
    if (is5() && reason != Reason.SUCCESS) appended(body.appendByte((byte) reason.code), why(why, 0));
    return packet(type, body);
  }

  /** SUBACK: none is granted. */
  Buffer suback(int id, int filters, String why) {
    Buffer body = Buffer.buffer().appendUnsignedShort(id);
    if (is5()) appended(body, why(why, filters));
    return packet(0x90, filled(body, filters, is5() ? Reason.IMPLEMENTATION.code : Reason.IMPLEMENTATION.before5));
  }

  Buffer unsuback(int id, int filters) {
    Buffer body = Buffer.buffer().appendUnsignedShort(id);
    if (is5()) filled(appended(body, Buffer.buffer()), filters, Reason.NO_SUBSCRIPTION.code);
    return packet(0xB0, body);
  }

  Buffer pong() {
    return PONG;
  }

  /** Null where a server does not say good-bye: before MQTT 5. */
  Buffer goodbye(Reason reason, String why) {
    return is5() ? packet(0xE0, appended(Buffer.buffer().appendByte((byte) reason.code), why(why, 0))) : null;
  }

  /** @param beside bytes of the packet beside it, of what is not in every packet */
  private Buffer why(String why, int beside) {
    if (!talked || why == null) return Buffer.buffer();
    Buffer told = property(Properties.REASON, why.length() > LONGEST_WHY ? why.substring(0, LONGEST_WHY) : why);
    return told.length() + beside + AROUND > most ? Buffer.buffer() : told;
  }

  static Buffer property(int identifier, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return Buffer.buffer().appendByte((byte) identifier).appendUnsignedShort(bytes.length).appendBytes(bytes);
  }

  static Buffer one(int identifier, int value) {
    return Buffer.buffer().appendByte((byte) identifier).appendByte((byte) value);
  }

  static Buffer two(int identifier, int value) {
    return Buffer.buffer().appendByte((byte) identifier).appendUnsignedShort(value);
  }

  static Buffer four(int identifier, long value) {
    return Buffer.buffer().appendByte((byte) identifier).appendUnsignedInt(value);
  }

  private static Buffer filled(Buffer body, int times, int code) {
    byte[] codes = new byte[times];
    Arrays.fill(codes, (byte) code);
    return body.appendBytes(codes);
  }

  private static Buffer appended(Buffer body, Buffer properties) {
    return variable(body, properties.length()).appendBuffer(properties);
  }

  private Buffer packet(int first, Buffer body) {
    Buffer packet = variable(Buffer.buffer().appendByte((byte) first), body.length()).appendBuffer(body);
    return packet.length() > most ? Buffer.buffer() : packet;
  }

  /** Variable byte integer (section 1.5.5). */
  private static Buffer variable(Buffer to, int value) {
    int left = value;
    do {
      int digit = left & 0x7F;
      left >>= 7;
      to.appendByte((byte) (left > 0 ? digit | 0x80 : digit));
    } while (left > 0);
    return to;
  }
}

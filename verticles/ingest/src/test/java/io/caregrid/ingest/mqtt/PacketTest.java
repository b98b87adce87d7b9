package io.caregrid.ingest.mqtt;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.fail;

import io.caregrid.ingest.mqtt.Device.Hello;
import io.caregrid.ingest.mqtt.Packet.Connect;
import io.caregrid.ingest.mqtt.Packet.Publish;
import io.caregrid.ingest.mqtt.Properties.Pair;
import java.net.Socket;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PacketTest {
  /** Without its fixed header, which is two bytes of the packets here. */
  private static byte[] body(byte[] packet) {
    int header = (packet[1] & 0x80) == 0 ? 2 : 3;
    return Arrays.copyOfRange(packet, header, packet.length);
  }

  private static Packet read(byte[] packet, int level) throws Malformed {
    return Packet.read(packet[0] & 0xFF, body(packet), level);
  }

  private static void refused(Reason reason, byte[] packet, int level) {
    assertEquals(reason, assertThrows(Malformed.class, () -> read(packet, level)).reason);
  }

  @Test
  void connectIsReadInBothVersions() throws Malformed {
    Connect old = (Connect) read(new Hello(4, "bed-ä").keepAlive(30).resuming().packet(), 0);
    assertEquals("bed-ä 4 30 false", old.clientId() + " " + old.level() + " " + old.keepAlive() + " " + old.clean());
    assertNull(old.will());
    assertNull(old.password());
    Connect young = (Connect) read(new Hello(5, "b").properties(Device.four(17, 60), Device.user("a", "b"))
        .will("t", "{}", Device.four(24, 9))
        .password("x.y.z")
        .packet(), 0);
    assertEquals(60, young.properties().number(Properties.SESSION_EXPIRY, 0));
    assertEquals("t", young.will().topic());
    assertEquals(9, young.will().properties().number(Properties.WILL_DELAY, 0));
    assertArrayEquals("x.y.z".getBytes(), young.password());
  }

  @Test
  void publishIsReadInBothVersions() throws Exception {
    Device old = new Device(new Socket(), 4);
    Device young = new Device(new Socket(), 5);
    assertEquals("a 7 {}", shown((Publish) read(old.publish(1, 7, "a", "{}"), 4)));
    assertEquals("a 0 {}", shown((Publish) read(old.publish(0, 0, "a", "{}"), 4)));
    Publish told = (Publish) read(young.publish(2, 7, "a", "{}", Device.user("x", "1"), Device.contentType("text/csv"),
        Device.user("x", "2")), 5);
    assertEquals(List.of(new Pair("x", "1"), new Pair("x", "2")), told.properties().user());
    assertEquals("text/csv", told.properties().text(Properties.CONTENT_TYPE));
  }

  private static String shown(Publish publish) {
    return publish.topic() + " " + publish.id() + " " + new String(publish.payload());
  }

  @Test
  void whatTheStandardForbidsIsRefused() throws Exception {
    Device young = new Device(new Socket(), 5);
    refused(Reason.MALFORMED, young.publish(0x06, 1, "a", new byte[0]), 5);
    refused(Reason.MALFORMED, young.publish(0x08, 1, "a", new byte[0]), 5);
    refused(Reason.PROTOCOL_ERROR, young.publish(1, 0, "a", "{}"), 5);
    refused(Reason.MALFORMED, young.publish(1, 1, "a\0", "{}"), 5);
    refused(Reason.PROTOCOL_ERROR, young.publish(1, 1, "a", "{}", Device.contentType("a"), Device.contentType("b")), 5);
    refused(Reason.PROTOCOL_ERROR, young.publish(1, 1, "a", "{}", Device.four(17, 1)), 5);
    refused(Reason.MALFORMED, new byte[] {0x30, 4, 0, 2, (byte) 0xC3, 0x28}, 4);
    refused(Reason.MALFORMED, new byte[] {0x60, 2, 0, 1}, 4);
    refused(Reason.MALFORMED, new byte[] {(byte) 0xC0, 1, 0}, 4);
    refused(Reason.PROTOCOL_ERROR, new byte[] {0x40, 2, 0, 1}, 4);
    refused(Reason.PROTOCOL_ERROR, new byte[] {(byte) 0xF0, 0}, 5);
    refused(Reason.PROTOCOL_ERROR, new byte[] {(byte) 0x82, 2, 0, 1}, 4);
    refused(Reason.PROTOCOL_ERROR, new Hello(5, "a").properties(Device.two(33, 0)).packet(), 0);
    byte[] reserved = new Hello(4, "a").packet();
    reserved[9] |= 1;
    refused(Reason.MALFORMED, reserved, 0);
    byte[] nameless = new Hello(4, "a").packet();
    nameless[4] = 'X';
    refused(Reason.UNSUPPORTED_VERSION, nameless, 0);
  }

  @Test
  void moreUserPropertiesOrFiltersThanAnybodyNeedsEndTheReadingOfThem() throws Exception {
    Device young = new Device(new Socket(), 5);
    byte[][] many = new byte[60_000][];
    Arrays.fill(many, Device.user("", ""));
    byte[] packet = young.publish(1, 1, "a", "{}", many);
    Malformed refused = assertThrows(Malformed.class,
        () -> Packet.read(0x32, Arrays.copyOfRange(packet, 4, packet.length), 5));
    assertEquals(Reason.TOO_LARGE, refused.reason);
    byte[] filters = new byte[2 + 1_001 * 4];
    filters[1] = 1;
    for (int at = 2; at < filters.length; at += 4) {
      filters[at + 1] = 1;
      filters[at + 2] = 'a';
    }
    assertEquals(Reason.TOO_LARGE, assertThrows(Malformed.class, () -> Packet.read(0x82, filters, 4)).reason);
  }

  @Test
  void valuesThatTheStandardForbidsAreRefused() throws Exception {
    Device young = new Device(new Socket(), 5);
    refused(Reason.PROTOCOL_ERROR, new Hello(5, "a").properties(new byte[] {23, 7}).packet(), 0);
    refused(Reason.PROTOCOL_ERROR, young.publish(1, 1, "a", "{}", new byte[] {1, 9}), 5);
    refused(Reason.PROTOCOL_ERROR, new Hello(5, "a").properties(new byte[] {22, 0, 1, 1}).packet(), 0);
    refused(Reason.PROTOCOL_ERROR, new byte[] {(byte) 0x82, 6, 0, 5, 0, 1, '#', (byte) 0xFF}, 4);
    refused(Reason.PROTOCOL_ERROR, new byte[] {(byte) 0x82, 7, 0, 5, 0, 0, 1, '#', 3}, 5);
    refused(Reason.PROTOCOL_ERROR, new byte[] {(byte) 0x82, 5, 0, 5, 0, 0, 0}, 4);
    refused(Reason.MALFORMED, new byte[] {(byte) 0xE0, 3, 0, (byte) 0x80, 0}, 5);
    refused(Reason.UNSUPPORTED_VERSION, new byte[] {0x10, 14, 0, 6, 'M', 'Q', 'I', 's', 'd', 'p', 3, 2, 0, 60, 0, 0},
        0);
  }

  @Test
  void aReasonIsLeftOutWhereTheClientTakesNoPacketSoLong() {
    Answers small = new Answers(5, true, 30);
    assertEquals(6, small.puback(1, Reason.PAYLOAD_INVALID, "x".repeat(100)).length());
    assertEquals(0, small.suback(1, 100, null).length());
    assertEquals(109, new Answers(5, true, 200).puback(1, Reason.PAYLOAD_INVALID, "x".repeat(100)).length());
  }

  @Test
  void noBytesBringAnythingButAPacketOrARefusal() {
    byte[][] good = {new Hello(5, "abc").properties(Device.four(17, 60)).will("t", "{}").password("x.y.z").packet(),
      new Hello(4, "abc").packet(), Device.packet(0x32, out -> out.write(new byte[] {0, 1, 'a', 0, 1, 0, '{'})),
      {(byte) 0x82, 7, 0, 5, 0, 0, 1, '#', 1}, {(byte) 0xE0, 2, 4, 0}};
    for (int seed = 0; seed < 20_000; seed++) {
      Random random = new Random(seed);
      byte[] packet = good[random.nextInt(good.length)].clone();
      for (int n = random.nextInt(4); n >= 0; n--) packet[random.nextInt(packet.length)] = (byte) random.nextInt();
      byte[] body = Arrays.copyOfRange(packet, 2, 2 + random.nextInt(packet.length - 1));
      try {
        Packet.read(packet[0] & 0xFF, body, random.nextInt(3) == 0 ? 0 : 4 + random.nextInt(2));
      } catch (Malformed refused) {
        // as it should
      } catch (RuntimeException bug) {
        fail("seed " + seed, bug);
      }
    }
  }
}

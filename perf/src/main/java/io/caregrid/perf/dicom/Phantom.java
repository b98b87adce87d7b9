package io.caregrid.perf.dicom;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * A picture as a modality sends it: a whole C-STORE message in P-DATA-TF PDUs (PS3.7 9.3.1, PS3.8 9.3.5), made once and changed in place for each sending,
 * so that making it costs the driver next to nothing. Explicit VR Little Endian.
 */
final class Phantom {
  /** Everybody's. */
  static final String PATIENT = "PERF-1";
  static final String EXPLICIT_LE = "1.2.840.10008.1.2.1";
  private static final int PDV_HEADER = 6;
  private static final int PDU_HEADER = 6;
  /** Longest PDU we make, whatever the peer allows: what modalities send. */
  private static final int LONGEST = 131_072;
  private static final int HEAD = 4_096;
  /** (0000,0110) and the length of its value. */
  private static final byte[] MESSAGE_ID = {0x10, 0x01, 2, 0, 0, 0};

  /** What is sent: a CT slice of 512 x 512, or an MR slice of 160 x 160, 16 bit. */
  enum Kind {
    LARGE("CT", "1.2.840.10008.5.1.4.1.1.2", 512), SMALL("MR", "1.2.840.10008.5.1.4.1.1.4", 160);

    final String modality;
    final String sopClass;
    final int side;

    Kind(String modality, String sopClass, int side) {
      this.modality = modality;
      this.sopClass = sopClass;
      this.side = side;
    }
  }

  private final byte[] message;
  private final byte[] dataSet;
  private final int messageIdAt;
  private final List<Place> inMessage;
  private final List<Place> inDataSet;

  /** Where a part of the name stands. */
  private record Place(int part, int at) {}

  private Phantom(byte[] message, byte[] dataSet, PictureName name, int messageIdAt) {
    this.message = message;
    this.dataSet = dataSet;
    this.inMessage = places(message, name);
    this.inDataSet = places(dataSet, name);
    this.messageIdAt = messageIdAt;
  }

  /**
   * @param name   any picture's name of the same length as those it will be given
   * @param maxPdu the peer's maximum length (PS3.8 D.1.1); 0: none
   */
  static Phantom of(Kind kind, PictureName name, int context, long maxPdu) {
    byte[] dataSet = dataSet(kind, name);
    ByteArrayOutputStream command = command(kind, name);
    int room = (int) (maxPdu == 0 ? LONGEST : Math.min(maxPdu, LONGEST)) - PDV_HEADER & ~1;
    ByteBuffer message = ByteBuffer.allocate(command.size() + dataSet.length
        + (2 + dataSet.length / room) * (PDU_HEADER + PDV_HEADER));
    pdu(message, context, 3, command.toByteArray(), 0, command.size());
    for (int at = 0; at < dataSet.length; at += room) {
      int length = Math.min(room, dataSet.length - at);
      pdu(message, context, at + length == dataSet.length ? 2 : 0, dataSet, at, length);
    }
    byte[] bytes = Arrays.copyOf(message.array(), message.position());
    return new Phantom(bytes, dataSet, name, find(bytes, MESSAGE_ID, 0) + MESSAGE_ID.length);
  }

  private static void pdu(ByteBuffer to, int context, int control, byte[] bytes, int from, int length) {
    to.putShort((short) 0x0400).putInt(length + PDV_HEADER);
    to.putInt(length + 2).put((byte) context).put((byte) control).put(bytes, from, length);
  }

  private static List<Place> places(byte[] bytes, PictureName name) {
    List<Place> places = new ArrayList<>();
    for (int part = 0; part < name.parts().size(); part++) {
      byte[] wanted = name.parts().get(part).getBytes(StandardCharsets.US_ASCII);
      for (int at = find(bytes, wanted, 0); at >= 0; at = find(bytes, wanted, at + 1)) places.add(new Place(part, at));
    }
    return places;
  }

  /** Names stand before the pixels, which begin within {@link #HEAD} bytes. */
  private static int find(byte[] bytes, byte[] wanted, int from) {
    int last = Math.min(HEAD, bytes.length - wanted.length);
    for (int at = from; at <= last; at++)
      if (Arrays.equals(bytes, at, at + wanted.length, wanted, 0, wanted.length)) return at;
    return -1;
  }

  /** The message under another name. The same array each time. */
  byte[] message(PictureName name, int messageId) {
    write(message, inMessage, name);
    message[messageIdAt] = (byte) messageId;
    message[messageIdAt + 1] = (byte) (messageId >> 8);
    return message;
  }

  private byte[] dataSet(PictureName name) {
    write(dataSet, inDataSet, name);
    return dataSet;
  }

  /** Whether what an archive kept ends with the data set as it was sent under that name; before that stands a header of its own. */
  boolean isEndOf(byte[] kept, PictureName name) {
    byte[] sent = dataSet(name);
    return kept.length > sent.length
        && Arrays.equals(kept, kept.length - sent.length, kept.length, sent, 0, sent.length);
  }

  private static void write(byte[] into, List<Place> places, PictureName name) {
    for (Place place : places) {
      byte[] text = name.parts().get(place.part).getBytes(StandardCharsets.US_ASCII);
      System.arraycopy(text, 0, into, place.at, text.length);
    }
  }

  int bytes() {
    return dataSet.length;
  }

  private static ByteArrayOutputStream command(Kind kind, PictureName name) {
    ByteArrayOutputStream rest = new ByteArrayOutputStream();
    commandElement(rest, 0x0002, padded(kind.sopClass, '\0'));
    commandElement(rest, 0x0100, number(1));
    commandElement(rest, 0x0110, number(1));
    commandElement(rest, 0x0700, number(0));
    commandElement(rest, 0x0800, number(0));
    commandElement(rest, 0x1000, padded(name.instance(), '\0'));
    ByteArrayOutputStream command = new ByteArrayOutputStream();
    commandElement(command, 0x0000, little(4).putInt(rest.size()).array());
    command.writeBytes(rest.toByteArray());
    return command;
  }

  private static void commandElement(ByteArrayOutputStream to, int element, byte[] value) {
    to.writeBytes(little(8).putShort((short) 0).putShort((short) element).putInt(value.length).array());
    to.writeBytes(value);
  }

  /** The attributes a slice of a scanner has, and noise for pixels. */
  private static byte[] dataSet(Kind kind, PictureName name) {
    ByteArrayOutputStream set = new ByteArrayOutputStream();
    text(set, 0x00080005, "CS", "ISO_IR 100");
    text(set, 0x00080008, "CS", "ORIGINAL\\PRIMARY\\AXIAL");
    text(set, 0x00080016, "UI", kind.sopClass);
    text(set, 0x00080018, "UI", name.instance());
    text(set, 0x00080020, "DA", "20261121");
    text(set, 0x00080030, "TM", "101500");
    text(set, 0x00080050, "SH", "ACC0001");
    text(set, 0x00080060, "CS", kind.modality);
    text(set, 0x00080070, "LO", "Caregrid");
    text(set, 0x00080090, "PN", "House^Gregory");
    text(set, 0x00081030, "LO", "Load");
    text(set, 0x0008103E, "LO", "Axial");
    text(set, 0x00081090, "LO", "Phantom");
    text(set, 0x00100010, "PN", "Load^Phantom");
    text(set, 0x00100020, "LO", PATIENT);
    text(set, 0x00100030, "DA", "19700101");
    text(set, 0x00100040, "CS", "O");
    text(set, 0x00180050, "DS", "1.25");
    text(set, 0x0020000D, "UI", name.study());
    text(set, 0x0020000E, "UI", name.series());
    text(set, 0x00200010, "SH", "1");
    text(set, 0x00200011, "IS", "1");
    text(set, 0x00200013, "IS", "1");
    text(set, 0x00200032, "DS", "-250\\-250\\12.5");
    text(set, 0x00200037, "DS", "1\\0\\0\\0\\1\\0");
    us(set, 0x00280002, 1);
    text(set, 0x00280004, "CS", "MONOCHROME2");
    us(set, 0x00280010, kind.side);
    us(set, 0x00280011, kind.side);
    text(set, 0x00280030, "DS", "0.9\\0.9");
    us(set, 0x00280100, 16);
    us(set, 0x00280101, 12);
    us(set, 0x00280102, 11);
    us(set, 0x00280103, 0);
    pixels(set, kind.side);
    return set.toByteArray();
  }

  private static void us(ByteArrayOutputStream to, int tag, int number) {
    element(to, tag, "US", number(number));
  }

  private static void text(ByteArrayOutputStream to, int tag, String vr, String value) {
    element(to, tag, vr, padded(value, vr.equals("UI") ? '\0' : ' '));
  }

  private static void element(ByteArrayOutputStream to, int tag, String vr, byte[] value) {
    to.writeBytes(little(4).putShort((short) (tag >>> 16)).putShort((short) tag).array());
    to.writeBytes(vr.getBytes(StandardCharsets.US_ASCII));
    to.writeBytes(little(2).putShort((short) value.length).array());
    to.writeBytes(value);
  }

  private static void pixels(ByteArrayOutputStream to, int side) {
    byte[] pixels = new byte[side * side * 2];
    new Random(side).nextBytes(pixels);
    for (int i = 1; i < pixels.length; i += 2) pixels[i] &= 0x0f;
    to.writeBytes(little(4).putShort((short) 0x7FE0).putShort((short) 0x0010).array());
    to.writeBytes(new byte[] {'O', 'W', 0, 0});
    to.writeBytes(little(4).putInt(pixels.length).array());
    to.writeBytes(pixels);
  }

  private static byte[] padded(String text, char padding) {
    return (text.length() % 2 == 0 ? text : text + padding).getBytes(StandardCharsets.US_ASCII);
  }

  private static byte[] number(int number) {
    return little(2).putShort((short) number).array();
  }

  private static ByteBuffer little(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}

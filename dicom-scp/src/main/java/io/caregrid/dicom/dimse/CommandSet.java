package io.caregrid.dicom.dimse;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;

/**
 * A command set (PS3.7 section 6.3.1, annex E): elements of group 0000, always Implicit VR Little Endian. Its codec is pure and knows no other group, so a data
 * set can never be taken for a command.
 */
final class CommandSet {
  static final int AFFECTED_SOP_CLASS = 0x0002;
  static final int COMMAND_FIELD = 0x0100;
  static final int MESSAGE_ID = 0x0110;
  static final int MESSAGE_ID_RESPONDED_TO = 0x0120;
  static final int PRIORITY = 0x0700;
  static final int DATA_SET_TYPE = 0x0800;
  static final int STATUS = 0x0900;
  static final int ERROR_COMMENT = 0x0902;
  static final int AFFECTED_SOP_INSTANCE = 0x1000;

  static final int C_STORE_RQ = 0x0001;
  static final int C_ECHO_RQ = 0x0030;
  static final int C_CANCEL_RQ = 0x0FFF;
  /** Bit of a Command Field that makes a response of a request. */
  static final int RESPONSE = 0x8000;

  static final int NO_DATA_SET = 0x0101;
  private static final int SOME_DATA_SET = 0x0000;
  /** Of an Error Comment (PS3.7 annex C: LO). */
  private static final int COMMENT_CHARACTERS = 64;

  private final Map<Integer, byte[]> elements = new TreeMap<>();

  /** @throws IllegalArgumentException when it is not a command set */
  static CommandSet read(ByteBuf from) {
    CommandSet command = new CommandSet();
    while (from.isReadable()) {
      if (from.readableBytes() < 8) throw new IllegalArgumentException("command element is cut off");
      int group = from.readUnsignedShortLE();
      int element = from.readUnsignedShortLE();
      long length = from.readUnsignedIntLE();
      if (group != 0) throw new IllegalArgumentException("command set with another group than 0000");
      if (length > from.readableBytes()) throw new IllegalArgumentException("command value is cut off");
      byte[] value = new byte[(int) length];
      from.readBytes(value);
      if (element != 0) command.elements.put(element, value);
    }
    return command;
  }

  /** With its group length (0000,0000) in front. */
  void write(ByteBuf to) {
    int length = elements.values().stream().mapToInt(value -> 8 + value.length).sum();
    to.writeIntLE(0).writeIntLE(4).writeIntLE(length);
    elements.forEach((element, value) -> to.writeShortLE(0)
        .writeShortLE(element)
        .writeIntLE(value.length)
        .writeBytes(value));
  }

  /** The answer to this request, without a data set (PS3.7 section 9.3). */
  CommandSet response(int status) {
    CommandSet response = new CommandSet()
        .put(COMMAND_FIELD, field() | RESPONSE)
        .put(MESSAGE_ID_RESPONDED_TO, number(MESSAGE_ID).orElse(0))
        .put(DATA_SET_TYPE, NO_DATA_SET)
        .put(STATUS, status);
    for (int uid : new int[] {AFFECTED_SOP_CLASS, AFFECTED_SOP_INSTANCE})
      if (elements.containsKey(uid)) response.elements.put(uid, elements.get(uid));
    return response;
  }

  /** @param comment cut off after 64 characters; without patient data */
  CommandSet commented(String comment) {
    return put(ERROR_COMMENT, comment.length() <= COMMENT_CHARACTERS
        ? comment
        : comment.substring(0, COMMENT_CHARACTERS), ' ');
  }

  static CommandSet echo(int messageId) {
    return new CommandSet().uid(AFFECTED_SOP_CLASS, SopClasses.VERIFICATION)
        .put(COMMAND_FIELD, C_ECHO_RQ)
        .put(MESSAGE_ID, messageId)
        .put(DATA_SET_TYPE, NO_DATA_SET);
  }

  static CommandSet store(int messageId, String sopClass, String sopInstance) {
    return new CommandSet().uid(AFFECTED_SOP_CLASS, sopClass)
        .put(COMMAND_FIELD, C_STORE_RQ)
        .put(MESSAGE_ID, messageId)
        .put(PRIORITY, 0)
        .put(DATA_SET_TYPE, SOME_DATA_SET)
        .uid(AFFECTED_SOP_INSTANCE, sopInstance);
  }

  CommandSet put(int element, int number) {
    elements.put(element, new byte[] {(byte) number, (byte) (number >> 8)});
    return this;
  }

  CommandSet uid(int element, String uid) {
    return put(element, uid, '\0');
  }

  private CommandSet put(int element, String text, char padding) {
    String even = text.length() % 2 == 0 ? text : text + padding;
    elements.put(element, even.getBytes(StandardCharsets.ISO_8859_1));
    return this;
  }

  /** Command Field, 0 when there is none: no command has that. */
  int field() {
    return number(COMMAND_FIELD).orElse(0);
  }

  boolean isResponse() {
    return (field() & RESPONSE) != 0;
  }

  /** A data set follows. */
  boolean hasDataSet() {
    return number(DATA_SET_TYPE).orElse(NO_DATA_SET) != NO_DATA_SET;
  }

  /** Value of a US; empty when it is missing or not one. */
  OptionalInt number(int element) {
    byte[] value = elements.get(element);
    if (value == null || value.length != 2) return OptionalInt.empty();
    return OptionalInt.of(value[0] & 0xff | (value[1] & 0xff) << 8);
  }

  /** Without NUL and space padding; empty when it is missing. */
  String text(int element) {
    byte[] value = elements.getOrDefault(element, new byte[0]);
    return new String(value, StandardCharsets.ISO_8859_1).replace('\0', ' ').strip();
  }
}

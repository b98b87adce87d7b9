package io.caregrid.dicom.dimse;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/**
 * Fragments → commands and streams of data sets (PS3.7 section 6.3, PS3.8 annex E). A command set is put together, a data set is handed on piece by piece.
 * Messages follow each other; fragments of two never mix.
 */
final class MessageReader {
  /** The longest command set we read: far above every command, with room for lists of tags. */
  private static final int MOST_COMMAND_BYTES = 64 << 10;

  /** Who takes messages, in order. */
  interface Receiver {
    /** A command. When it {@link CommandSet#hasDataSet}, pieces of that follow. */
    void command(int context, CommandSet command);

    /**
     * The next piece of the data set.
     *
     * @param last  with it the message is complete
     * @param bytes the receiver's from now on; may be empty
     */
    void data(ByteBuf bytes, boolean last);
  }

  /** A peer that breaks these rules cannot be understood any more: the association has to be aborted. */
  static final class Broken extends RuntimeException {
    private static final long serialVersionUID = 1;

    Broken(String what) {
      super(what, null, false, false);
    }
  }

  private final Receiver receiver;
  private ByteBuf collected = Unpooled.EMPTY_BUFFER;
  /** Of the message under way; 0 between messages. */
  private int context;
  private boolean inData;

  MessageReader(Receiver receiver) {
    this.receiver = receiver;
  }

  /**
   * @param bytes ours from now on
   * @throws Broken and then nothing more may come
   */
  void fragment(int id, boolean command, boolean last, ByteBuf bytes) {
    try {
      check(id, command, bytes);
    } catch (Broken broken) {
      bytes.release();
      throw broken;
    }
    if (command) command(id, last, bytes);
    else data(last, bytes);
  }

  /** True: a message has begun, and its end has not come. */
  boolean isWithin() {
    return context != 0;
  }

  private void check(int id, boolean command, ByteBuf bytes) {
    if (context != 0 && id != context) throw new Broken("fragments of two messages are mixed");
    if (command == inData) throw new Broken(command ? "command within a data set" : "data set without a command");
    if (command && collected.readableBytes() + bytes.readableBytes() > MOST_COMMAND_BYTES)
      throw new Broken("command set is too long");
  }

  private void command(int id, boolean last, ByteBuf bytes) {
    context = id;
    if (!last || collected.isReadable()) collect(bytes);
    else collected = bytes;
    if (!last) return;
    CommandSet command = command();
    inData = command.hasDataSet();
    if (!inData) context = 0;
    receiver.command(id, command);
  }

  private void collect(ByteBuf bytes) {
    if (collected == Unpooled.EMPTY_BUFFER) collected = Unpooled.buffer(256);
    collected.writeBytes(bytes);
    bytes.release();
  }

  private CommandSet command() {
    try {
      return CommandSet.read(collected);
    } catch (IllegalArgumentException wrong) {
      throw new Broken(wrong.getMessage());
    } finally {
      close();
    }
  }

  private void data(boolean last, ByteBuf bytes) {
    if (last) {
      inData = false;
      context = 0;
    }
    receiver.data(bytes, last);
  }

  /** Lets go of a command that will not be completed. */
  void close() {
    collected.release();
    collected = Unpooled.EMPTY_BUFFER;
  }
}

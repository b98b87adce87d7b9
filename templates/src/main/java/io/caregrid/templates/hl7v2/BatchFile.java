package io.caregrid.templates.hl7v2;

import io.caregrid.templates.liquid.ConversionException;
import io.caregrid.templates.liquid.ErrorCode;
import java.io.IOException;
import java.io.Reader;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Splits what senders write into one file or one transmission into its messages: a batch (FHS, BHS, BTS and FTS around messages, HL7 v2 2.10.3), or messages one
 * behind the other. Frames of MLLP that were saved with them are left out. Memory holds one message.
 */
public final class BatchFile {
  private static final int VERTICAL_TAB = 0x0B;
  private static final int FILE_SEPARATOR = 0x1C;
  private final StringBuilder message = new StringBuilder();
  private final StringBuilder line = new StringBuilder();
  private final int longest;
  private final Consumer<String> each;

  private BatchFile(int longest, Consumer<String> each) {
    this.longest = longest;
    this.each = each;
  }

  /** All messages of a text that is in memory. What stands before the first MSH and is no part of a batch is a message too, a wrong one. */
  public static List<String> messages(String text) {
    List<String> messages = new ArrayList<>();
    try {
      each(new StringReader(text), Integer.MAX_VALUE, messages::add);
    } catch (IOException inMemory) {
      throw new UncheckedIOException(inMemory);
    }
    return messages;
  }

  /**
   * @param longest characters that one message may have
   * @param each    gets the messages in order, their segments ended by CR
   * @throws ConversionException 1201 for a longer one: nothing behind it is read
   */
  public static void each(Reader text, int longest, Consumer<String> each) throws IOException {
    new BatchFile(longest, each).read(text);
  }

  private void read(Reader text) throws IOException {
    char[] some = new char[8192];
    for (int count = text.read(some); count >= 0; count = text.read(some))
      for (int i = 0; i < count; i++) take(some[i]);
    end();
    message();
  }

  private void take(char one) {
    if (one == '\r' || one == '\n' || one == FILE_SEPARATOR) end();
    else if (one != VERTICAL_TAB && (one != '\uFEFF' || line.length() > 0)) line.append(one);
    if (line.length() == 4 && begins("MSH")) message();
    if (line.length() + message.length() > longest) {
      throw new ConversionException(ErrorCode.INPUT_PARSING_ERROR,
          "a message has more than " + longest + " characters");
    }
  }

  /** Of a segment. */
  private void end() {
    if (line.toString().isBlank()) {
      line.setLength(0);
      return;
    }
    if (isEnvelope()) message();
    else message.append(line).append('\r');
    line.setLength(0);
  }

  private boolean isEnvelope() {
    return begins("FHS") || begins("BHS") || begins("BTS") || begins("FTS");
  }

  /** Names of segments are three letters or digits, and what follows is none. */
  private boolean begins(String segment) {
    if (line.length() < 3 || !line.substring(0, 3).equalsIgnoreCase(segment)) return false;
    return line.length() == 3 || !Character.isLetterOrDigit(line.charAt(3));
  }

  private void message() {
    if (message.length() > 0) each.accept(message.toString());
    message.setLength(0);
  }
}

package io.caregrid.ingest.mqtt;

import io.caregrid.contract.Failure;
import io.caregrid.ingest.Messages;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One message a line: each that is JSON, and each that is not as it came, to be set aside by itself where it is normalised. Pure.
 *
 * @param fault which line is none first, and how many there are; null when all are
 */
record Lines(List<byte[]> messages, String fault) {
  /** Each of them is a record in the log and a dead letter: more are no slips, but something else than lines. */
  static final int MOST_BAD = 100;
  /** Its first byte. */
  private static final byte BYTE_ORDER_MARK = (byte) 0xEF;

  /**
   * @param told             it is said that these are lines, of any JSON; else they are when the first is a whole object, and each other one is or begins as
   *     one: a document with breaks has others
   * @param mostMessageBytes {@code kafka.maxMessageBytes}
   * @return null: they are not lines, or nothing is won by parting them, since one of them is more than the log takes, more than {@link #MOST_BAD} are
   *     none, or there is only one
   */
  static Lines of(byte[] plain, boolean told, int mostMessageBytes) {
    List<byte[]> messages = new ArrayList<>();
    String fault = null;
    int bad = 0;
    int number = 0;
    for (int from = 0, to; from < plain.length; from = to + 1) {
      to = end(plain, from);
      number++;
      byte[] line = Arrays.copyOfRange(plain, from, to);
      if (isBlank(line)) continue;
      if (line.length > mostMessageBytes || messages.size() == Messages.MOST) return null;
      if (told && !begins(line) && line[0] != BYTE_ORDER_MARK && Content.isOneText(line)) {
        messages.add(line);
        continue;
      }
      try {
        messages.add(Messages.read(line, Messages.Form.LINES, mostMessageBytes).get(0));
      } catch (Failure.Invalid none) {
        if (!told && (messages.isEmpty() || !begins(line)) || bad == MOST_BAD) return null;
        messages.add(line);
        if (bad++ == 0) fault = fault(number, none);
      }
    }
    if (bad == 0 && !messages.isEmpty()) return new Lines(messages, null);
    return messages.size() < 2
        ? null
        : new Lines(messages,
            fault + "; " + bad + " of " + messages.size() + " lines are set aside, the others are taken");
  }

  private static int end(byte[] plain, int from) {
    int to = from;
    while (to < plain.length && plain[to] != '\n') to++;
    return to;
  }

  private static boolean isBlank(byte[] line) {
    for (byte one : line) if (!isBlank(one)) return false;
    return true;
  }

  private static boolean isBlank(byte one) {
    return one == ' ' || one == '\t' || one == '\r';
  }

  /** As an object does. */
  private static boolean begins(byte[] line) {
    int from = 0;
    while (from < line.length && isBlank(line[from])) from++;
    return from < line.length && line[from] == '{';
  }

  /** Said of the line as if it were all there is. */
  private static String fault(int number, Failure.Invalid of) {
    return "line " + number + ": "
        + of.getMessage().replaceFirst("^line 1, (column \\d+), byte \\d+: (message \\[\\d+\\]:? )?", "$1: ");
  }
}

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

  /**
   * @param told             it is said that these are lines; else they are when the first is a whole object: a document that was cut begins with none
   * @param mostMessageBytes {@code kafka.maxMessageBytes}
   * @return null: they are not lines, or nothing is won by parting them, since one of them is more than the log takes, or there is only one
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
      try {
        messages.add(Messages.read(line, Messages.Form.LINES, mostMessageBytes).get(0));
      } catch (Failure.Invalid none) {
        if (messages.isEmpty() && !told) return null;
        messages.add(line);
        if (Content.isOneText(line)) continue;
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
    for (byte one : line) if (one != ' ' && one != '\t' && one != '\r') return false;
    return true;
  }

  /** Said of the line as if it were all there is. */
  private static String fault(int number, Failure.Invalid of) {
    return "line " + number + ": "
        + of.getMessage().replaceFirst("^line 1, (column \\d+), byte \\d+: message \\[0\\]:? ", "$1: ");
  }
}

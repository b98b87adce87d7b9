package io.caregrid.templates.hl7v2;

import java.util.ArrayList;
import java.util.List;

/**
 * The parts of one segment that no template looked at. Only the first repetition of a field is followed.
 *
 * @param type       the segment's name
 * @param line       its place in the message, the header being 0
 * @param components positions in the segment as it was sent, the end not included
 */
public record Unused(String type, int line, List<Part> components) {
  public record Part(int start, int end, String value) {}

  /** What is left after {@code message} was rendered. */
  public static List<Unused> of(Message message) {
    List<Unused> unused = new ArrayList<>();
    for (int line = 0; line < message.segments().size(); line++) {
      Segment segment = message.segments().get(line);
      List<Part> parts = new ArrayList<>();
      for (int f = line == 0 ? 3 : 1; f < segment.fields.size(); f++) {
        if (segment.fields.get(f) != null) parts(segment, line == 0 ? f - 1 : f, segment.fields.get(f), parts);
      }
      if (!parts.isEmpty()) unused.add(new Unused(message.ids().get(line), line, parts));
    }
    return unused;
  }

  private static void parts(Segment segment, int separatorsBefore, Field field, List<Part> parts) {
    int start = -1;
    for (int c = 1; c < field.components.size(); c++) {
      Component component = field.components.get(c);
      if (component == null || component.read) continue;
      if (start < 0) start = after(segment.raw, segment.separators.field(), separatorsBefore, 0);
      int from = after(segment.raw, segment.separators.component(), c - 1, start);
      parts.add(new Part(from, from + component.raw.length(), component.value()));
    }
  }

  private static int after(String text, char separator, int count, int from) {
    int at = from;
    for (int i = 0; i < count; i++) at = text.indexOf(separator, at) + 1;
    return at;
  }
}

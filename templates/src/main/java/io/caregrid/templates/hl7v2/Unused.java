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
        if (segment.fields.get(f) != null) parts(segment.fields.get(f), parts);
      }
      if (!parts.isEmpty()) unused.add(new Unused(message.ids().get(line), line, parts));
    }
    return unused;
  }

  private static void parts(Field field, List<Part> parts) {
    for (Component each : field.components) {
      if (each == null || each.read) continue;
      parts.add(new Part(each.start, each.start + each.raw.length(), each.value()));
    }
  }
}

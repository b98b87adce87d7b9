package io.caregrid.templates.hl7v2;

import io.caregrid.templates.liquid.ConversionException;
import io.caregrid.templates.liquid.ErrorCode;
import io.caregrid.templates.liquid.Indexed;
import java.util.ArrayList;
import java.util.List;

/**
 * One HL7 v2 message. Not thread-safe: it notes which components are read.
 *
 * @param ids      the segments' names, in order
 * @param segments as many as {@code ids}
 */
public record Message(List<String> ids, List<Segment> segments) implements Indexed {
  /** Most segments and separators together: each makes an object, some a hundred times larger than its character. */
  static final int MOST_PARTS = 1_000_000;

  /**
   * @param text segments ended by CR, LF or both; empty lines and a byte order mark are left out
   * @throws ConversionException 1201 for too many parts, 1202 to 1207
   */
  public static Message parse(String text) {
    return parse(text, false);
  }

  /** @param lean whether what is blank or {@code ""} is nothing, as if it had not been sent */
  public static Message parse(String text, boolean lean) {
    if (text == null || text.isBlank()) {
      throw new ConversionException(ErrorCode.NULL_OR_WHITE_SPACE_INPUT,
          "there is nothing to convert");
    }
    List<String> lines = lines(text.startsWith("\uFEFF") ? text.substring(1) : text);
    if (lines.isEmpty())
      throw new ConversionException(ErrorCode.INVALID_HL7V2_MESSAGE,
          "there is no segment in it");
    Separators separators = Separators.of(lines.get(0), lean);
    if (lines.size() + separators.count(text) > MOST_PARTS) {
      throw new ConversionException(ErrorCode.INPUT_PARSING_ERROR,
          "the message has more than " + MOST_PARTS + " segments and separators");
    }
    List<String> ids = new ArrayList<>(lines.size());
    List<Segment> segments = new ArrayList<>(lines.size());
    for (String line : lines) {
      if (!segments.isEmpty() && beginsMessage(line)) {
        throw new ConversionException(ErrorCode.INVALID_HL7V2_MESSAGE,
            "a second MSH begins another message: send each by itself, or several as a file");
      }
      Segment segment = Segment.parse(line, separators, segments.isEmpty());
      ids.add(segment.id());
      segments.add(segment);
    }
    return new Message(ids, segments);
  }

  private static boolean beginsMessage(String line) {
    String text = line.strip();
    return text.regionMatches(true, 0, "MSH", 0, 3)
        && (text.length() == 3 || !Character.isLetterOrDigit(text.charAt(3)));
  }

  private static List<String> lines(String text) {
    List<String> lines = new ArrayList<>();
    int from = 0;
    for (int i = 0; i <= text.length(); i++) {
      if (i < text.length() && text.charAt(i) != '\r' && text.charAt(i) != '\n') continue;
      if (i > from) lines.add(text.substring(from, i));
      from = i + 1;
    }
    return lines;
  }

  @Override
  public Object at(String key) {
    return switch (key) {
      case "Meta", "meta" -> ids;
      case "Data", "data" -> segments;
      default -> null;
    };
  }

  @Override
  public Object at(int index) {
    return null;
  }
}

package io.caregrid.templates.hl7v2;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.templates.liquid.ConversionException;
import io.caregrid.templates.liquid.ErrorCode;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * An HL7 v2 message as a template says it: {@code {"messageDefinition": [{"MSH": {"2": "^~\\&", "9": "ORU^R01"}}, {"PID": {"3": "7"}}]}}, segments in their order,
 * fields by their numbers. What a field holds is taken as it is, components and all, but it ends neither its field nor its segment.
 */
public final class MessageDefinition {
  /** What a template of messages renders. */
  public static final String MEMBER = "messageDefinition";
  private static final char FIELD = '|';
  private static final Set<String> HEADERS = Set.of("MSH", "BHS", "FHS");
  private static final Pattern NAME = Pattern.compile("[A-Z][A-Z0-9]{2}");
  private static final Pattern NUMBER = Pattern.compile("[1-9][0-9]{0,2}");
  private static final Pattern LINE_BREAK = Pattern.compile("\r\n|\r|\n");
  private static final Pattern CONTROL = Pattern.compile("\\p{Cntrl}");

  private MessageDefinition() {}

  /**
   * @return segments, each ended by CR, each field by {@code |}
   * @throws ConversionException 1302 when the member is missing, 1104 when it is no list of segments
   */
  public static String written(JsonNode rendered) {
    JsonNode segments = rendered.get(MEMBER);
    if (segments == null)
      throw new ConversionException(ErrorCode.PROPERTY_NOT_FOUND, "what was rendered has no member " + MEMBER);
    if (!segments.isArray()) throw wrong(MEMBER + " is no list");
    StringBuilder message = new StringBuilder();
    for (int i = 0; i < segments.size(); i++) segment(i + 1, segments.get(i), message);
    return message.toString();
  }

  private static void segment(int place, JsonNode segment, StringBuilder message) {
    if (!segment.isObject() || segment.isEmpty()) throw wrong("segment " + place + " is no object");
    if (segment.size() > 1) throw wrong("segment " + place + " has more than one name");
    Map.Entry<String, JsonNode> first = segment.fields().next();
    String name = first.getKey().toUpperCase(Locale.ROOT);
    if (!NAME.matcher(name).matches()) throw wrong("segment " + place + " is not called by three letters");
    if (!first.getValue().isObject()) throw wrong(name + ", segment " + place + ", is no object of fields");
    boolean header = HEADERS.contains(name);
    message.append(name).append(FIELD);
    int next = header ? 2 : 1;
    for (Map.Entry<Integer, String> field : fields(name, place, first.getValue()).entrySet()) {
      if (field.getKey() < next) continue;
      for (; next < field.getKey(); next++) message.append(FIELD);
      message.append(header && next == 2 ? field.getValue() : safe(field.getValue())).append(FIELD);
      next++;
    }
    message.append('\r');
  }

  private static Map<Integer, String> fields(String name, int place, JsonNode given) {
    Map<Integer, String> fields = new TreeMap<>();
    given.fields().forEachRemaining(field -> {
      if (!NUMBER.matcher(field.getKey()).matches())
        throw wrong("a field of " + name + ", segment " + place + ", has no number from 1 to 999");
      if (!field.getValue().isValueNode()) throw wrong(name + "-" + field.getKey() + " is no text");
      fields.put(Integer.valueOf(field.getKey()), field.getValue().isNull() ? "" : field.getValue().asText());
    });
    return fields;
  }

  /** HL7 v2.5.1 2.7: what would end a field or a segment is written as an escape. */
  private static String safe(String text) {
    String broken = LINE_BREAK.matcher(text.replace("|", "\\F\\")).replaceAll("\\\\.br\\\\");
    return CONTROL.matcher(broken).replaceAll(" ");
  }

  private static ConversionException wrong(String why) {
    return new ConversionException(ErrorCode.TEMPLATE_SYNTAX_ERROR, "what was rendered is no HL7 v2 message: " + why);
  }
}

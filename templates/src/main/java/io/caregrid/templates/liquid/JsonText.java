package io.caregrid.templates.liquid;

import java.util.Collection;
import java.util.Map;

/** Values as JSON without white space, with the escapes that Newtonsoft.Json writes: ids are hashes of this text. */
public final class JsonText {
  private static final int LONGEST = 64 << 20;

  private JsonText() {}

  public static String of(Object value) {
    StringBuilder text = new StringBuilder();
    write(value, text);
    return text.toString();
  }

  private static void write(Object value, StringBuilder text) {
    if (text.length() > LONGEST) {
      throw new ConversionException(ErrorCode.TEMPLATE_RENDERING_ERROR,
          "a value written as JSON has more than " + LONGEST + " characters");
    }
    if (value instanceof Map<?, ?> map) {
      members(map, text);
    } else if (value instanceof Collection<?> list) {
      String comma = "";
      text.append('[');
      for (Object each : list) {
        text.append(comma);
        write(each, text);
        comma = ",";
      }
      text.append(']');
    } else if (value instanceof Number || value instanceof Boolean || value == null) {
      text.append(value);
    } else {
      quote(value instanceof String string ? string : Values.rendered(value), text);
    }
  }

  private static void members(Map<?, ?> map, StringBuilder text) {
    String comma = "";
    text.append('{');
    for (Map.Entry<?, ?> each : map.entrySet()) {
      text.append(comma);
      quote(String.valueOf(each.getKey()), text);
      text.append(':');
      write(each.getValue(), text);
      comma = ",";
    }
    text.append('}');
  }

  private static void quote(String value, StringBuilder text) {
    text.append('"');
    for (int i = 0; i < value.length(); i++) {
      char one = value.charAt(i);
      switch (one) {
        case '"' -> text.append("\\\"");
        case '\\' -> text.append("\\\\");
        case '\n' -> text.append("\\n");
        case '\r' -> text.append("\\r");
        case '\t' -> text.append("\\t");
        case '\b' -> text.append("\\b");
        case '\f' -> text.append("\\f");
        default -> {
          if (one < ' ' || one == 0x85 || one == 0x2028 || one == 0x2029)
            text.append(String.format("\\u%04x", (int) one));
          else
            text.append(one);
        }
      }
    }
    text.append('"');
  }
}

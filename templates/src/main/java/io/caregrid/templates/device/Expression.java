package io.caregrid.templates.device;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.templates.cost.Budget;
import io.caregrid.templates.text.Numbers;
import io.caregrid.templates.text.Timestamps;
import java.time.Instant;
import java.util.List;

/**
 * One expression of a template, and the conversion of what it finds.
 *
 * @param name of the field it fills, for messages: {@code DeviceIdExpression}, or a value's name
 * @param selector compiled
 * @param line where it stands in the mapping, 0 for a fixed one
 */
record Expression(String name, Selector selector, int line) {

  /** Text of the one token; null when there is none or it is null. */
  String text(JsonNode context, Budget budget) throws Unreadable {
    JsonNode token = token(context, budget);
    return token == null ? null : convert(token);
  }

  /** The same, null too for what cannot be converted: so it is with fields that are not required. */
  String optionalText(JsonNode context, Budget budget) throws Unreadable {
    JsonNode token = token(context, budget);
    return token == null || token.isContainerNode() || token.isPojo() ? null : convert(token);
  }

  /** Text that is there and not blank. */
  String requiredText(JsonNode context, Budget budget) throws Unreadable {
    JsonNode token = token(context, budget);
    if (token == null) throw nothing("nothing is there");
    String text = convert(token);
    if (text == null || text.isBlank()) throw nothing("a null or empty value is there");
    return text;
  }

  /** A point in time, at most 100 ns fine. */
  Instant requiredTime(JsonNode context, Budget budget) throws Unreadable {
    JsonNode token = token(context, budget);
    if (token == null || token.isNull() || token.isTextual() && token.textValue().isBlank())
      throw nothing("nothing is there");
    Instant time = token.isTextual() ? Timestamps.parse(token.textValue()) : null;
    if (time == null) throw new Unreadable("bad-timestamp", unable("what is there is no date and time"), line);
    return time;
  }

  Unreadable nothing(String why) {
    return new Unreadable("missing-value", unable(why), line);
  }

  /** Everything it finds, for the expression that decides what a match is. */
  List<JsonNode> all(JsonNode root, Budget budget) throws Unreadable {
    try {
      return selector.select(root, budget);
    } catch (Unreadable failed) {
      throw new Unreadable(failed.reason,
          "Unable to retrieve JsonTokens using expression " + selector + " for [" + name + "]"
              + place() + ": " + failed.getMessage() + ".",
          line);
    }
  }

  private JsonNode token(JsonNode context, Budget budget) throws Unreadable {
    try {
      return selector.one(context, budget);
    } catch (Unreadable failed) {
      throw new Unreadable(failed.reason,
          "Unable to retrieve JsonToken using expression " + selector + " for [" + name + "]"
              + place() + ": " + failed.getMessage() + ".",
          line);
    }
  }

  private String convert(JsonNode token) throws Unreadable {
    return switch (token.getNodeType()) {
      case STRING -> wellFormed(token.textValue());
      case NUMBER -> token.isIntegralNumber() ? token.asText() : Numbers.text(token.doubleValue());
      case BOOLEAN -> token.booleanValue() ? "True" : "False";
      case NULL, MISSING -> null;
      default ->
        throw new Unreadable("wrong-type", unable("an object or array is there, a single value is needed"), line);
    };
  }

  /** Half a surrogate pair or a NUL can be said in JSON, but neither in UTF-8 nor in a database. */
  private String wellFormed(String text) throws Unreadable {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean pair = Character.isHighSurrogate(c) && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1));
      if (pair) i++;
      if (c == 0 || !pair && Character.isSurrogate(c)) {
        throw new Unreadable("ill-formed-text", unable("its text holds a NUL or half a character"), line);
      }
    }
    return text;
  }

  private String unable(String why) {
    return "Unable to extract required value for [" + name + "] using " + selector + place() + ": " + why + ".";
  }

  private String place() {
    return line == 0 ? "" : " (line " + line + " of the device mapping)";
  }
}

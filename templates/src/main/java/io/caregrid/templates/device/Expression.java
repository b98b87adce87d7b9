package io.caregrid.templates.device;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.caregrid.templates.cost.Budget;
import io.caregrid.templates.cost.TooCostly;
import io.caregrid.templates.jmespath.JmesPath;
import io.caregrid.templates.jsonpath.JsonPath;
import io.caregrid.templates.text.Numbers;
import io.caregrid.templates.wanted.Place;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * One expression of a template, and the conversion of what it finds.
 *
 * @param name of the field it fills, for messages: {@code DeviceIdExpression}, or a value's name
 * @param selector compiled
 * @param line where it stands in the mapping, 0 for a fixed one
 * @param type of the template it stands in, for messages; null when that is not known
 */
record Expression(String name, Selector selector, int line, String type) {

  private static final int CHARACTERS_A_STEP = 16;
  private static final int SHOWN = 500;
  private static final Pattern BLANKS = Pattern.compile("\\s+");

  /** Text of the one token; null when there is none or it is null. */
  String text(JsonNode context, Budget budget) throws Unreadable {
    JsonNode token = token(context, budget);
    return token == null ? null : charged(convert(token), budget);
  }

  /** The same, null too for what cannot be converted: so it is with fields that are not required. */
  String optionalText(JsonNode context, Budget budget) throws Unreadable {
    JsonNode token = token(context, budget);
    if (token instanceof TextNode text) return charged(wellFormed(text.textValue()), budget);
    return token == null || token.isContainerNode() || token.isPojo() ? null : charged(convert(token), budget);
  }

  /** Text that is there and not blank. */
  String requiredText(JsonNode context, Budget budget) throws Unreadable {
    JsonNode token = token(context, budget);
    if (token == null) throw nothing("nothing is there");
    String text = convert(token);
    if (text == null || text.isBlank()) throw nothing("a null or empty value is there");
    return charged(text, budget);
  }

  /** {@link #requiredText}, of a length that an identifier can have. */
  String requiredIdentifier(JsonNode context, Budget budget) throws Unreadable {
    return identifier(requiredText(context, budget));
  }

  /** {@link #optionalText}, of a length that an identifier can have. */
  String optionalIdentifier(JsonNode context, Budget budget) throws Unreadable {
    return identifier(optionalText(context, budget));
  }

  private String identifier(String text) throws Unreadable {
    if (text != null && text.length() > Measurement.LONGEST_IDENTIFIER)
      throw wrong("invalid-identifier",
          "what is there has more than " + Measurement.LONGEST_IDENTIFIER + " characters");
    return text;
  }

  /** A point in time, at most 100 ns fine. */
  Instant requiredTime(JsonNode context, Reading reading) throws Unreadable {
    return requiredTime(context, reading, List.of());
  }

  /** The same. @param before have been tried and gave none; for the message */
  Instant requiredTime(JsonNode context, Reading reading, List<Expression> before) throws Unreadable {
    JsonNode token = token(context, reading.budget);
    String text = token instanceof TextNode written ? written.textValue() : null;
    if (token == null || token.isNull() || text != null && text.isBlank())
      throw new Unreadable("missing-value", unable(before, "nothing is there"), line);
    Instant time = text == null ? null : reading.time(text);
    if (time == null) throw new Unreadable("bad-timestamp", unable(before, "what is there is no date and time"), line);
    return time;
  }

  /**
   * Numbers as FHIR writes them, and {@code E} for gaps: of an array or a text that it finds, or of the several tokens that it finds. Empty when nothing is
   * there.
   */
  List<String> samples(JsonNode context, Budget budget) throws Unreadable {
    List<JsonNode> found = several(context, budget);
    JsonNode only = found.size() == 1 ? found.get(0) : null;
    List<String> samples = new ArrayList<>();
    if (only != null && only.isTextual()) {
      spend(only.textValue().length() / CHARACTERS_A_STEP, budget);
      for (String part : BLANKS.split(only.textValue().strip())) add(sample(part), samples, budget);
    } else {
      for (JsonNode item : only != null && only.isArray() ? only : found) add(sample(convert(item)), samples, budget);
    }
    return samples;
  }

  private void add(String sample, List<String> samples, Budget budget) throws Unreadable {
    if (samples.size() == Waveform.MOST_SAMPLES)
      throw wrong("too-many-samples", "more than " + Waveform.MOST_SAMPLES + " samples are there");
    spend(1 + sample.length() / CHARACTERS_A_STEP, budget);
    if (!budget.makeSample(sample.length())) throw tooMuchText();
    samples.add(sample);
  }

  private void spend(int steps, Budget budget) throws Unreadable {
    if (!budget.spend(steps)) throw wrong("too-costly", "it takes too many steps");
  }

  private String charged(String text, Budget budget) throws Unreadable {
    if (text != null && !budget.make(text.length())) throw tooMuchText();
    return text;
  }

  private Unreadable tooMuchText() {
    return wrong("too-costly", "the measurements of one message would hold more than " + Budget.MOST_CHARACTERS
        + " characters");
  }

  private String sample(String text) throws Unreadable {
    if (text == null || text.isBlank() || text.equals(Waveform.GAP)) return Waveform.GAP;
    if (Numbers.isPlain(text)) return text;
    BigDecimal number = Numbers.decimal(text);
    String plain = number == null ? "" : number.toPlainString();
    if (!Numbers.isPlain(plain)) throw wrong("not-a-number", "a sample is no decimal number");
    return plain;
  }

  Unreadable wrong(String reason, String why) {
    return new Unreadable(reason, unable(why), line);
  }

  Unreadable nothing(String why) {
    return new Unreadable("missing-value", unable(why), line);
  }

  /** The JSONPath when it is one; else null. */
  JsonPath path() {
    return selector instanceof Selector.Path plain ? plain.path() : null;
  }

  /** The JMESPath when it is one; else null. */
  JmesPath jmesPath() {
    if (selector instanceof Selector.Narrow narrow) return narrow.written().path();
    return selector instanceof Selector.Jmes jmes ? jmes.path() : null;
  }

  /** Says what it looks at where {@code context} is; what it finds is read as a whole. */
  void look(Place context) {
    selector.one(context).whole();
  }

  /** Everything it finds, for the expression that decides what a match is. */
  List<JsonNode> all(JsonNode root, Budget budget) throws Unreadable {
    try {
      return selector.select(root, budget);
    } catch (Unreadable failed) {
      throw new Unreadable(failed.reason,
          "Unable to retrieve JsonTokens using expression " + shown() + " for [" + name + "]"
              + place() + ": " + failed.getMessage() + ".",
          line);
    }
  }

  private List<JsonNode> several(JsonNode context, Budget budget) throws Unreadable {
    try {
      return selector.several(context, budget);
    } catch (Unreadable failed) {
      throw new Unreadable(failed.reason, unable(failed.getMessage()), line);
    } catch (TooCostly costly) {
      throw wrong("too-costly", costly.getMessage());
    }
  }

  private JsonNode token(JsonNode context, Budget budget) throws Unreadable {
    try {
      return selector.one(context, budget);
    } catch (Unreadable failed) {
      throw new Unreadable(failed.reason,
          "Unable to retrieve JsonToken using expression " + shown() + " for [" + name + "]"
              + place() + ": " + failed.getMessage() + ".",
          line);
    }
  }

  private String convert(JsonNode token) throws Unreadable {
    if (token instanceof TextNode) return wellFormed(token.textValue());
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
      if ((char) (text.charAt(i) - 1) >= Character.MIN_SURROGATE - 1) return wellFormed(text, i);
    }
    return text;
  }

  private String wellFormed(String text, int from) throws Unreadable {
    for (int i = from; i < text.length(); i++) {
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
    return unable(List.of(), why);
  }

  private String unable(List<Expression> before, String why) {
    StringBuilder tried = new StringBuilder();
    before.forEach(one -> tried.append(one.shown()).append(','));
    return "Unable to extract required value for [" + name + "] using " + tried + shown() + place() + ": " + why + ".";
  }

  /** So much of it that there is room behind it for where it stands. */
  private String shown() {
    String text = selector.toString();
    if (text.length() <= SHOWN) return text;
    return text.substring(0, Character.isHighSurrogate(text.charAt(SHOWN - 1)) ? SHOWN - 1 : SHOWN) + "…";
  }

  private String place() {
    String template = type == null ? "" : "template " + type;
    if (line == 0) return type == null ? "" : " (" + template + " of the device mapping)";
    return " (line " + line + " of the device mapping" + (type == null ? "" : ", " + template) + ")";
  }
}

package io.caregrid.api.fhir.r4;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonStreamContext;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;

/**
 * JSON as FHIR means it (FHIR R4 json.html): numbers keep their digits, a key stands once, nothing follows the end. Bounded in depth and in the length of a
 * number; the length of the whole is the caller's to bound.
 */
public final class Trees {
  /** Far deeper than any resource; shallow enough that no reader of the tree can run out of stack. */
  public static final int MAX_DEPTH = 200;
  private static final int INT_DIGITS = 9;
  private static final int LONG_DIGITS = 18;
  private static final JsonNodeFactory NODES = JsonNodeFactory.withExactBigDecimals(true);
  /** A resource that is as deep as it may be stands in a page, and the page in the answer to a batch. */
  private static final int BUNDLED = 20;
  private static final JsonFactory FACTORY = factory(MAX_DEPTH);
  private static final JsonFactory OWN = factory(MAX_DEPTH + BUNDLED);
  private static final JsonMapper MAPPER = JsonMapper.builder(FACTORY).nodeFactory(NODES).build();

  private Trees() {}

  /** Why bytes are no JSON that FHIR knows, and where. Never quotes them: they may be a patient's. */
  public static final class Malformed extends Exception {
    private static final long serialVersionUID = 1;
    /** FHIRPath of the place, or null. */
    public final String expression;

    Malformed(String message, String expression) {
      super(message, null, false, false);
      this.expression = expression;
    }
  }

  /** Its strings are as long as the body may be. */
  private static JsonFactory factory(int depth) {
    return JsonFactory.builder()
        .streamReadConstraints(StreamReadConstraints.builder()
            .maxNestingDepth(depth)
            .maxStringLength(Integer.MAX_VALUE)
            .maxNumberLength(Primitive.MOST_DIGITS)
            .build())
        .build();
  }

  public static JsonNode read(byte[] json) throws Malformed {
    int broken = Utf8.broken(json);
    if (broken >= 0)
      throw new Malformed(
          "the body is not valid JSON at " + Utf8.place(json, broken) + ": what stands there is not UTF-8",
          null);
    return read(FACTORY, json);
  }

  /** What this house keeps or answers itself: one resource. */
  public static ObjectNode own(byte[] json) {
    try {
      return (ObjectNode) read(OWN, json);
    } catch (Malformed broken) {
      throw new IllegalStateException("what this house wrote itself is not JSON");
    }
  }

  private static JsonNode read(JsonFactory factory, byte[] json) throws Malformed {
    try (JsonParser parser = factory.createParser(json)) {
      if (parser.nextToken() == null) throw new Malformed("the body is empty: send a FHIR resource as JSON", null);
      JsonNode tree = value(parser);
      if (parser.nextToken() != null) throw at(parser, "something follows the end of the object", false);
      return tree;
    } catch (JsonProcessingException malformed) {
      throw new Malformed("the body is not valid JSON" + place(malformed.getLocation()) + ": " + why(malformed), null);
    } catch (IOException broken) {
      throw new Malformed("the body is not valid UTF-8 JSON", null);
    }
  }

  /** What {@link #read} reads as it was, in one line. */
  public static byte[] write(JsonNode tree) {
    try {
      return MAPPER.writeValueAsBytes(tree);
    } catch (JsonProcessingException impossible) {
      throw new IllegalStateException("a tree cannot be written as JSON", impossible);
    }
  }

  /** Indented for people. */
  public static byte[] pretty(JsonNode tree) {
    try {
      return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsBytes(tree);
    } catch (JsonProcessingException impossible) {
      throw new IllegalStateException("a tree cannot be written as JSON", impossible);
    }
  }

  private static JsonNode value(JsonParser parser) throws IOException, Malformed {
    return switch (parser.currentToken()) {
      case START_OBJECT -> object(parser);
      case START_ARRAY -> array(parser);
      case VALUE_STRING -> NODES.textNode(parser.getText());
      case VALUE_NUMBER_INT -> whole(parser);
      case VALUE_NUMBER_FLOAT -> digits(parser);
      case VALUE_TRUE -> NODES.booleanNode(true);
      case VALUE_FALSE -> NODES.booleanNode(false);
      default -> NODES.nullNode();
    };
  }

  private static ObjectNode object(JsonParser parser) throws IOException, Malformed {
    ObjectNode object = NODES.objectNode();
    for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
      parser.nextToken();
      if (object.replace(name, value(parser)) != null) throw at(parser, "a key stands twice in one object", true);
    }
    return object;
  }

  private static ArrayNode array(JsonParser parser) throws IOException, Malformed {
    ArrayNode array = NODES.arrayNode();
    while (parser.nextToken() != JsonToken.END_ARRAY) array.add(value(parser));
    return array;
  }

  private static JsonNode whole(JsonParser parser) throws IOException, Malformed {
    String text = parser.getText();
    int digits = text.length();
    if (digits <= INT_DIGITS && !text.equals("-0")) return NODES.numberNode(parser.getIntValue());
    if (digits <= LONG_DIGITS && !text.equals("-0")) {
      long value = parser.getLongValue();
      return value == (int) value ? NODES.numberNode((int) value) : NODES.numberNode(value);
    }
    return digits(parser);
  }

  private static Digits digits(JsonParser parser) throws IOException, Malformed {
    Digits digits = new Digits(parser.getText());
    if (digits.isTooLong())
      throw at(parser, "a number has more than " + Primitive.MOST_DIGITS + " digits when it is written out", true);
    return digits;
  }

  private static Malformed at(JsonParser parser, String why, boolean inside) {
    String place = inside ? expression(parser.getParsingContext()) : null;
    return new Malformed("the body is not valid JSON" + place(parser.currentLocation()) + ": " + why, place);
  }

  /** Below the resource's name, which may come last. */
  private static String expression(JsonStreamContext context) {
    StringBuilder path = new StringBuilder();
    for (JsonStreamContext at = context; at != null && !at.inRoot(); at = at.getParent()) {
      if (at.inArray()) path.insert(0, "[" + at.getCurrentIndex() + "]");
      else if (at.getCurrentName() != null) path.insert(0, "." + Suggestion.printable(at.getCurrentName()));
    }
    return path.length() == 0 ? null : path.substring(path.charAt(0) == '.' ? 1 : 0);
  }

  private static String place(JsonLocation at) {
    return at == null ? "" : " at line " + at.getLineNr() + ", column " + at.getColumnNr();
  }

  /** Jackson's own words may quote the body: only the kind of problem is told. */
  private static String why(JsonProcessingException malformed) {
    String text = String.valueOf(malformed.getOriginalMessage());
    if (text.contains("nesting depth")) return "it is nested more than " + MAX_DEPTH + " deep";
    if (text.contains("end-of-input")) return "it ends too early";
    if (text.contains("UTF-8")) return "a byte sequence is not UTF-8";
    if (text.contains("Number value length")) return "a number has more than " + Primitive.MOST_DIGITS + " digits";
    if (text.contains("length")) return "a value is too long";
    return "an unexpected character or token stands there";
  }
}

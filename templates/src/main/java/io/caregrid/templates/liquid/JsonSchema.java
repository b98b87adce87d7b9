package io.caregrid.templates.liquid;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * A JSON Schema of a set of templates, {@code X.schema.json}: the assertions of drafts 4 to 7 that need nothing but the value and this file. Whatever else would assert
 * something is refused when the set is loaded, so that nothing is let through unseen; annotations, {@code format} among them, assert nothing here. Immutable.
 */
final class JsonSchema {
  static final String SUFFIX = ".schema.json";
  /** A number is the one that is written, however long or large: also where it is compared with what is rendered. */
  private static final JsonMapper JSON = JsonMapper.builder()
      .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
      .build();
  private static final int DEEPEST = 100;
  private static final Set<String> SAY_NOTHING = Set.of("$schema", "$id", "id", "$comment", "title", "description",
      "default", "examples", "format", "readOnly", "writeOnly", "deprecated", "contentMediaType", "contentEncoding");
  private static final Set<String> OF_SCHEMAS = Set.of("allOf", "anyOf", "oneOf");
  private static final Set<String> BY_NAME = Set.of("properties", "patternProperties", "definitions", "$defs");
  private static final Set<String> ONE = Set.of("not", "additionalProperties", "additionalItems");
  private static final Set<String> TYPES = Set.of("object", "array", "string", "boolean", "null", "number", "integer");
  /** Beyond 10 to this power what a number is a multiple of costs more than it is worth. */
  private static final int MOST_DIGITS = 1_000;
  private final String file;
  private final JsonNode root;
  private final Map<String, Pattern> patterns = new HashMap<>();
  private final Set<JsonNode> checked = Collections.newSetFromMap(new IdentityHashMap<>());
  private final Map<String, JsonNode> referred = new TreeMap<>();

  private JsonSchema(String file, JsonNode root) {
    this.file = file;
    this.root = root;
  }

  /** @throws ConversionException 1105 naming the file, and the place in it */
  static JsonSchema of(String file, String text) {
    try {
      JsonSchema schema = new JsonSchema(file, JSON.readTree(text));
      schema.check(schema.root, "#", 0);
      schema.referred.forEach((place, target) -> {
        if (!schema.checked.contains(target)) throw schema.wrong(place, "refers to what is no schema");
      });
      return schema;
    } catch (JsonProcessingException none) {
      int line = none.getLocation() == null ? 0 : none.getLocation().getLineNr();
      throw new ConversionException(ErrorCode.INVALID_JSON_SCHEMA, file + " is no JSON, line " + line, file, line);
    }
  }

  private void check(JsonNode schema, String place, int depth) {
    checked.add(schema);
    if (schema.isBoolean()) return;
    if (!(schema instanceof ObjectNode object) || depth > DEEPEST)
      throw wrong(place, depth > DEEPEST ? "nests too deeply" : "is no schema");
    object.fields()
        .forEachRemaining(each -> keyword(each.getKey(), each.getValue(), place + "/" + each.getKey(), depth));
  }

  private void keyword(String name, JsonNode value, String place, int depth) {
    if (SAY_NOTHING.contains(name)) return;
    if (ONE.contains(name)) {
      check(value, place, depth + 1);
    } else if (BY_NAME.contains(name)) {
      if (!value.isObject()) throw wrong(place, "is no object");
      value.fields().forEachRemaining(each -> {
        if (name.equals("patternProperties")) pattern(each.getKey(), place);
        check(each.getValue(), place + "/" + each.getKey(), depth + 1);
      });
    } else if (OF_SCHEMAS.contains(name) || name.equals("items") && value.isArray()) {
      if (!value.isArray()) throw wrong(place, "is no list");
      value.forEach(each -> check(each, place, depth + 1));
    } else {
      switch (name) {
        case "items" -> check(value, place, depth + 1);
        case "pattern" -> {
          if (!value.isTextual()) throw wrong(place, "is no text");
          pattern(value.asText(), place);
        }
        case "$ref" -> {
          JsonNode target = target(value.asText());
          if (target == null) throw wrong(place, "refers to nothing in this file");
          referred.put(place, target);
        }
        default -> {
          if (!isWellSaid(name, value, place)) throw wrong(place, "says nothing that could be looked at");
        }
      }
    }
  }

  /** What is written in another way than these drafts have it would otherwise assert nothing, and nobody would know. */
  private boolean isWellSaid(String name, JsonNode value, String place) {
    return switch (name) {
      case "const" -> true;
      case "enum" -> value.isArray();
      case "uniqueItems" -> value.isBoolean();
      case "type" ->
        value.isArray() ? !value.isEmpty() && all(value, JsonSchema::isType) : isType(value);
      case "required" -> value.isArray() && all(value, JsonNode::isTextual);
      case "minItems", "maxItems", "minProperties", "maxProperties", "minLength", "maxLength" ->
        value.isNumber() && value.canConvertToExactIntegral() && value.canConvertToInt() && value.asInt() >= 0;
      case "minimum", "maximum" -> value.isNumber();
      case "exclusiveMinimum", "exclusiveMaximum" -> value.isNumber() || value.isBoolean();
      case "multipleOf" -> value.isNumber() && value.decimalValue().signum() > 0 && isShort(value.decimalValue());
      default -> throw wrong(place, "is not supported");
    };
  }

  private static boolean isType(JsonNode name) {
    return name.isTextual() && TYPES.contains(name.asText());
  }

  private static boolean isShort(BigDecimal number) {
    return Math.abs((long) number.scale()) < MOST_DIGITS;
  }

  private static boolean all(JsonNode list, Predicate<JsonNode> fits) {
    for (JsonNode each : list) if (!fits.test(each)) return false;
    return true;
  }

  private void pattern(String pattern, String place) {
    try {
      patterns.put(pattern, Pattern.compile(Regex.ofEcma(pattern)));
    } catch (PatternSyntaxException none) {
      throw wrong(place, "is no regular expression");
    }
  }

  private ConversionException wrong(String place, String why) {
    return new ConversionException(ErrorCode.INVALID_JSON_SCHEMA, file + ": " + place + " " + why, file, 0);
  }

  /** Null when there is nothing. */
  private JsonNode target(String reference) {
    if (!reference.startsWith("#")) return null;
    JsonNode found = reference.equals("#") ? root : null;
    if (reference.startsWith("#/")) found = root.at(reference.substring(1));
    return found == null || found.isMissingNode() ? null : found;
  }

  /**
   * Where {@code value} does not fit, and the keyword that says so, {@code /name/0: minLength}; null when it fits. No value is in it, and of the names of members those alone that
   * the schema has: others are {@code *}, for templates may make names of what was sent.
   */
  String misfit(JsonNode value, Run run) {
    return misfit(root, value, "", run, 0);
  }

  private String misfit(JsonNode schema, JsonNode value, String at, Run run, int depth) {
    run.step();
    if (depth > DEEPEST)
      throw new ConversionException(ErrorCode.UNMATCHED_VALIDATE_BLOCK_CONTENT, file + ": " + at
          + " nests too deeply to be looked at");
    if (schema.isBoolean()) return schema.asBoolean() ? null : at + ": false";
    if (schema.has("$ref")) return misfit(target(schema.get("$ref").asText()), value, at, run, depth + 1);
    String wrong = simple(schema, value, run);
    if (wrong != null) return at + ": " + wrong;
    if (value.isObject()) wrong = members(schema, value, at, run, depth);
    if (value.isArray()) wrong = items(schema, value, at, run, depth);
    return wrong != null ? wrong : combined(schema, value, at, run, depth);
  }

  private String simple(JsonNode schema, JsonNode value, Run run) {
    if (schema.has("type") && !isOfType(schema.get("type"), value)) return "type";
    if (schema.has("enum") && !isAmong(schema.get("enum"), value)) return "enum";
    if (schema.has("const") && !same(schema.get("const"), value)) return "const";
    if (value.isTextual()) return text(schema, value.asText(), run);
    if (value.isNumber()) return number(schema, value.decimalValue());
    if (value.isArray() && !isWithin(schema, value.size(), "minItems", "maxItems")) return "number of items";
    if (value.isObject() && !isWithin(schema, value.size(), "minProperties", "maxProperties"))
      return "number of members";
    return null;
  }

  private static boolean isWithin(JsonNode schema, int size, String least, String most) {
    return size >= schema.path(least).asInt(0) && size <= schema.path(most).asInt(Integer.MAX_VALUE);
  }

  private String text(JsonNode schema, String text, Run run) {
    if (!isWithin(schema, text.codePointCount(0, text.length()), "minLength", "maxLength")) return "length";
    if (schema.has("pattern") && !Regex.finds(run, patterns.get(schema.get("pattern").asText()), text))
      return "pattern";
    return null;
  }

  private static String number(JsonNode schema, BigDecimal number) {
    JsonNode least = schema.path("minimum");
    JsonNode most = schema.path("maximum");
    JsonNode above = schema.path("exclusiveMinimum");
    JsonNode below = schema.path("exclusiveMaximum");
    // of draft 4 they are truth values beside minimum and maximum
    if (least.isNumber() && number.compareTo(least.decimalValue()) < (above.asBoolean() && above.isBoolean() ? 1 : 0))
      return "minimum";
    if (most.isNumber() && number.compareTo(most.decimalValue()) > (below.asBoolean() && below.isBoolean() ? -1 : 0))
      return "maximum";
    if (above.isNumber() && number.compareTo(above.decimalValue()) <= 0) return "exclusiveMinimum";
    if (below.isNumber() && number.compareTo(below.decimalValue()) >= 0) return "exclusiveMaximum";
    JsonNode step = schema.path("multipleOf");
    boolean fits = !step.isNumber()
        || isShort(number) && number.remainder(step.decimalValue()).signum() == 0;
    return fits ? null : "multipleOf";
  }

  private static boolean isOfType(JsonNode types, JsonNode value) {
    if (types.isTextual()) return isOne(types.asText(), value);
    for (JsonNode each : types) if (isOne(each.asText(), value)) return true;
    return false;
  }

  private static boolean isOne(String type, JsonNode value) {
    return switch (type) {
      case "object" -> value.isObject();
      case "array" -> value.isArray();
      case "string" -> value.isTextual();
      case "boolean" -> value.isBoolean();
      case "null" -> value.isNull();
      case "number" -> value.isNumber();
      case "integer" -> value.isNumber() && value.decimalValue().stripTrailingZeros().scale() <= 0;
      default -> false;
    };
  }

  private static boolean isAmong(JsonNode values, JsonNode value) {
    for (JsonNode each : values) if (same(each, value)) return true;
    return false;
  }

  /** 1.0 is 1. */
  private static boolean same(JsonNode one, JsonNode other) {
    return one.equals((left, right) -> {
      if (left.equals(right)) return 0;
      return left.isNumber() && right.isNumber() && left.decimalValue().compareTo(right.decimalValue()) == 0 ? 0 : 1;
    }, other);
  }

  private String members(JsonNode schema, JsonNode value, String at, Run run, int depth) {
    for (JsonNode each : schema.path("required")) if (!value.has(each.asText())) return at + ": required";
    Iterator<Map.Entry<String, JsonNode>> members = value.fields();
    while (members.hasNext()) {
      Map.Entry<String, JsonNode> member = members.next();
      String name = member.getKey();
      String told = schema.path("properties").has(name) ? name : "*";
      String wrong = member(schema, name, member.getValue(), at + "/" + told, run, depth);
      if (wrong != null) return wrong;
    }
    return null;
  }

  private String member(JsonNode schema, String name, JsonNode value, String at, Run run, int depth) {
    boolean known = schema.path("properties").has(name);
    String wrong = known ? misfit(schema.get("properties").get(name), value, at, run, depth + 1) : null;
    Iterator<Map.Entry<String, JsonNode>> named = schema.path("patternProperties").fields();
    while (wrong == null && named.hasNext()) {
      Map.Entry<String, JsonNode> each = named.next();
      if (!Regex.finds(run, patterns.get(each.getKey()), name)) continue;
      known = true;
      wrong = misfit(each.getValue(), value, at, run, depth + 1);
    }
    if (known || wrong != null || !schema.has("additionalProperties")) return wrong;
    return misfit(schema.get("additionalProperties"), value, at, run, depth + 1);
  }

  private String items(JsonNode schema, JsonNode value, String at, Run run, int depth) {
    if (schema.path("uniqueItems").asBoolean() && !isUnique(value, run)) return at + ": uniqueItems";
    JsonNode items = schema.path("items");
    for (int i = 0; i < value.size(); i++) {
      JsonNode its = items.isArray() ? i < items.size() ? items.get(i) : schema.path("additionalItems") : items;
      String wrong = its.isMissingNode() ? null : misfit(its, value.get(i), at + "/" + i, run, depth + 1);
      if (wrong != null) return wrong;
    }
    return null;
  }

  private static boolean isUnique(JsonNode values, Run run) {
    for (int i = 1; i < values.size(); i++) {
      for (int before = 0; before < i; before++) {
        run.step();
        if (same(values.get(before), values.get(i))) return false;
      }
    }
    return true;
  }

  private String combined(JsonNode schema, JsonNode value, String at, Run run, int depth) {
    for (JsonNode each : schema.path("allOf")) {
      String wrong = misfit(each, value, at, run, depth + 1);
      if (wrong != null) return wrong;
    }
    if (schema.has("anyOf") && fitting(schema.get("anyOf"), value, at, run, depth) == 0) return at + ": anyOf";
    if (schema.has("oneOf") && fitting(schema.get("oneOf"), value, at, run, depth) != 1) return at + ": oneOf";
    boolean not = schema.has("not") && misfit(schema.get("not"), value, at, run, depth + 1) == null;
    return not ? at + ": not" : null;
  }

  private int fitting(JsonNode schemas, JsonNode value, String at, Run run, int depth) {
    int fitting = 0;
    for (JsonNode each : schemas) if (misfit(each, value, at, run, depth + 1) == null) fitting++;
    return fitting;
  }
}

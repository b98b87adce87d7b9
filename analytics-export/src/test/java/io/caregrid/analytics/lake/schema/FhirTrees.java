package io.caregrid.analytics.lake.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.DecimalNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.analytics.lake.schema.Definitions.Element;
import io.caregrid.analytics.lake.schema.Definitions.Kind;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;
import java.util.Random;

/**
 * Resources at random, of the shape that the StructureDefinitions say: any element, choice and depth, extensions everywhere, decimals of any precision. With
 * {@code odd} above 0 as many of a thousand values are something else than FHIR says.
 */
public final class FhirTrees {
  private static final JsonNodeFactory NODES = new JsonNodeFactory(true);
  private static final int DEEPEST = 14;
  private final Definitions definitions = Definitions.r4();
  private final Random random;
  private final int odd;

  public FhirTrees(long seed, int odd) {
    this.random = new Random(seed);
    this.odd = odd;
  }

  public ObjectNode resource(String type) {
    ObjectNode resource = NODES.objectNode().put("resourceType", type);
    children(resource, definitions.type(type).root(), 0);
    return resource.put("id", "id-" + random.nextInt(1_000_000));
  }

  private void children(ObjectNode into, Element element, int depth) {
    for (Element child : element.children()) {
      double chance = depth == 0 ? 0.5 : depth < 4 ? 0.3 : 0.15;
      if (random.nextDouble() > chance) continue;
      String type = child.types().isEmpty() ? null : child.types().get(random.nextInt(child.types().size()));
      String name = child.name().endsWith("[x]")
          ? child.name().substring(0, child.name().length() - 3) + Character.toUpperCase(type.charAt(0))
              + type.substring(1)
          : child.name();
      put(into, name, child, type, depth);
    }
    if (random.nextInt(1_000) < odd) into.set(word(), odd());
  }

  private void put(ObjectNode into, String name, Element element, String type, int depth) {
    int count = element.list() ? 1 + random.nextInt(3) : 1;
    ArrayNode values = NODES.arrayNode();
    ArrayNode extensions = NODES.arrayNode();
    boolean primitive = type != null && (type.contains("/") || element.same() == null && isPrimitive(type));
    boolean extended = primitive && !type.contains("/") && random.nextInt(8) == 0;
    for (int i = 0; i < count; i++) {
      JsonNode value = random.nextInt(1_000) < odd ? odd() : value(element, type, primitive, depth);
      if (!primitive && value == null) continue;
      boolean missing = extended && (value == null || random.nextInt(3) == 0);
      values.add(missing || value == null ? NODES.nullNode() : value);
      extensions.add(missing || extended && random.nextBoolean() ? extension() : NODES.nullNode());
    }
    add(into, name, values, element.list());
    if (extended) add(into, "_" + name, extensions, element.list());
  }

  /** Nothing, when none of them says anything. */
  private static void add(ObjectNode into, String name, ArrayNode values, boolean list) {
    boolean says = false;
    for (JsonNode value : values) says |= !value.isNull();
    if (says) into.set(name, list ? values : values.get(0));
  }

  private boolean isPrimitive(String type) {
    return definitions.type(type).kind() == Kind.PRIMITIVE;
  }

  private ObjectNode extension() {
    ObjectNode extension = NODES.objectNode().put("id", word());
    extension.putArray("extension").addObject().put("url", "http://example.org/" + word()).put("valueString", word());
    return extension;
  }

  /** Null when it would be too deep, or came out empty. */
  private JsonNode value(Element element, String type, boolean primitive, int depth) {
    if (primitive) return primitive(type);
    if (depth > DEEPEST) return null;
    if ("Resource".equals(type)) return resource(List.of("Basic", "Patient").get(random.nextInt(2)), depth);
    ObjectNode value = NODES.objectNode();
    children(value, content(element, type), depth + 1);
    return value.isEmpty() ? null : value;
  }

  private ObjectNode resource(String type, int depth) {
    ObjectNode resource = NODES.objectNode().put("resourceType", type).put("id", word());
    children(resource, definitions.type(type).root(), depth + 4);
    return resource;
  }

  private Element content(Element element, String type) {
    if (element.same() != null) return definitions.element(element.same());
    return element.children().isEmpty() ? definitions.type(type).root() : element;
  }

  private JsonNode primitive(String type) {
    return switch (type) {
      case "boolean" -> NODES.booleanNode(random.nextBoolean());
      case "integer", "positiveInt", "unsignedInt" -> NODES.numberNode(random.nextInt());
      case "decimal" -> decimal();
      case "date", "dateTime", "instant" -> NODES.textNode(date());
      default -> NODES.textNode(word());
    };
  }

  private JsonNode decimal() {
    if (random.nextInt(4) == 0) return NODES.numberNode(random.nextInt(1_000));
    BigInteger digits = new BigInteger(1 + random.nextInt(130), random);
    int scale = random.nextInt(8) == 0 ? random.nextInt(60) - 20 : 1 + random.nextInt(6);
    if (scale == 0) scale = 1;
    return DecimalNode.valueOf(new BigDecimal(random.nextBoolean() ? digits : digits.negate(), scale));
  }

  private String date() {
    String day = "%04d-%02d-%02d".formatted(1 + random.nextInt(9_999), 1 + random.nextInt(12), 1 + random.nextInt(28));
    return switch (random.nextInt(5)) {
      case 0 -> day.substring(0, 4);
      case 1 -> day.substring(0, 7);
      case 2 -> day;
      case 3 -> day + "T%02d:%02d:%02d.%07dZ".formatted(random.nextInt(24), random.nextInt(60), random.nextInt(60),
          random.nextInt(10_000_000));
      default -> day + "T%02d:%02d:%02d-05:30".formatted(random.nextInt(24), random.nextInt(60), random.nextInt(60));
    };
  }

  private String word() {
    StringBuilder word = new StringBuilder();
    for (int i = random.nextInt(12); i >= 0; i--) {
      word.appendCodePoint(switch (random.nextInt(12)) {
        case 0 -> 0x1F600 + random.nextInt(60);
        case 1 -> 0x4E00 + random.nextInt(5_000);
        case 2 -> "/~\"\\\n\t_. ".charAt(random.nextInt(9));
        default -> 'a' + random.nextInt(26);
      });
    }
    return word.toString();
  }

  private JsonNode odd() {
    return switch (random.nextInt(10)) {
      case 0 -> NODES.nullNode();
      case 1 -> NODES.objectNode();
      case 2 -> NODES.arrayNode();
      case 3 -> NODES.arrayNode().add(NODES.nullNode()).add(NODES.objectNode());
      case 4 -> NODES.textNode("half a pair \uD83D alone");
      case 5 -> NODES.objectNode().put("lake_rest", word()).putNull("_").put("json", 1);
      case 6 -> NODES.numberNode(new BigInteger(200, random));
      case 7 -> NODES.booleanNode(true);
      case 8 -> NODES.arrayNode().add(NODES.arrayNode().add(decimal()));
      default -> NODES.textNode("");
    };
  }
}

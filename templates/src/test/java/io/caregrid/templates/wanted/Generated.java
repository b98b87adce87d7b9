package io.caregrid.templates.wanted;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;

/** Expressions of both languages, and messages in which they find something. */
public final class Generated {
  private static final List<String> NAMES = List.of("a", "b", "c", "list", "Body", "matchedToken");

  private Generated() {}

  public static String pathFrom(String start, Random random) {
    StringBuilder path = new StringBuilder(start);
    for (int n = random.nextInt(4); n > 0; n--)
      path.append(List.of(".a", ".b", ".list", "[0]", "[*]", "[-1:]", "['a','b']", ".*", "[?(@.a)]", "..a", "[1,0]")
          .get(random.nextInt(11)));
    return path.toString();
  }

  public static String jmesFrom(String start, Random random, int depth) {
    StringBuilder path = new StringBuilder(start);
    for (int n = random.nextInt(4); n > 0; n--) path.append(step(random, depth));
    if (random.nextInt(3) > 0 || depth == 0) return path.toString();
    String around = around(path.toString(), random, depth - 1);
    return random.nextBoolean() ? around : "(" + around + ")" + step(random, depth);
  }

  public static String jmes(Random random, int depth) {
    return jmesFrom(List.of(name(random), name(random), "@", "$.Body", "$").get(random.nextInt(5)), random, depth);
  }

  private static String step(Random random, int depth) {
    return switch (random.nextInt(depth > 0 ? 12 : 8)) {
      case 0, 1, 2 -> "." + name(random);
      case 3 -> "[*]." + name(random);
      case 4 -> "[]";
      case 5 -> "[0]";
      case 6 -> "[1:]." + name(random);
      case 7 -> "[-1]";
      case 8 -> "[?" + jmes(random, depth - 1) + "]";
      case 9 -> " | " + jmes(random, depth - 1);
      case 10 -> ".[" + jmes(random, depth - 1) + ", " + name(random) + "]";
      default -> ".*";
    };
  }

  private static String around(String path, Random random, int depth) {
    String other = jmes(random, depth);
    return List.of("(" + path + ") || " + other, "(" + path + ") && " + other, "!(" + path + ")",
        "(" + path + ") == (" + other + ")", "if(" + path + ", " + other + ", " + name(random) + ")",
        "to_array(" + path + ")[*]." + name(random), "to_array(" + path + ") | [0]",
        "not_null(" + path + ", " + other + ")",
        "type(" + path + ")", "to_string(" + path + ")", "map(&" + other + ", to_array(" + path + "))",
        "to_array(to_array(" + path + ")[]) | [0]", "{a: " + path + ", b: " + other + "}.a", "to_number(" + path + ")")
        .get(random.nextInt(14));
  }

  public static String name(Random random) {
    return NAMES.get(random.nextInt(random.nextInt(6) == 0 ? NAMES.size() : 4));
  }

  /** Now and then it is an envelope, damaged, spaced out, or has a name twice. */
  public static byte[] message(Random random) {
    ObjectNode message = object(random, 3).put("id", "device").put("time", "2026-11-23T09:00:00Z");
    String text = message.toString();
    if (random.nextInt(4) == 0) text = text.replaceAll("[,:]", " $0 ");
    if (random.nextInt(4) == 0) text = text.replaceFirst("\"b\"", "\"a\"");
    if (random.nextInt(12) == 0) text = text.replaceFirst("\"a\"", "\"\\\\u0061\"");
    if (random.nextInt(12) == 0) text = "[" + text + "]";
    if (random.nextInt(12) == 0) text = "{\"Body\":" + text + ",\"Properties\":{\"a\":1},\"SystemProperties\":{}}";
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    if (random.nextInt(12) == 0) bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
    return bytes;
  }

  public static ObjectNode object(Random random, int depth) {
    ObjectNode object = JsonNodeFactory.instance.objectNode();
    for (int n = random.nextInt(5); n > 0; n--) {
      String name = name(random);
      switch (random.nextInt(depth > 0 ? 9 : 6)) {
        case 0 -> object.put(name, random.nextInt(100));
        case 1 -> object.put(name, random.nextInt(100) / 4.0);
        case 2 -> object.put(name, "ü" + random.nextInt(9));
        case 3 -> object.putNull(name);
        case 4 -> object.put(name, random.nextBoolean());
        case 5 -> object.put(name, "");
        case 6 -> object.set(name, object(random, depth - 1));
        default -> {
          ArrayNode array = object.putArray(random.nextBoolean() ? "list" : name);
          for (int k = random.nextInt(4); k > 0; k--) {
            if (random.nextInt(4) == 0) array.add(random.nextInt(9));
            else if (random.nextInt(4) == 0) array.addArray().add(object(random, depth - 1));
            else array.add(object(random, depth - 1).put("id", "d" + k).put("time", "2026-11-23T08:00:00Z"));
          }
        }
      }
    }
    return object;
  }
}

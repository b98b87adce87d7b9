package io.caregrid.store;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.contract.Failure;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Resources as JSON trees whose decimals keep every digit (FHIR R4 datatypes.html#decimal: precision is significant). */
final class Json {
  /** Whatever was kept is read again, however long its texts: the doors bound them. */
  static final JsonMapper MAPPER = JsonMapper
      .builder(JsonFactory.builder()
          .streamReadConstraints(StreamReadConstraints.builder().maxStringLength(Integer.MAX_VALUE).build())
          .build())
      .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
      .enable(JsonWriteFeature.COMBINE_UNICODE_SURROGATES_IN_UTF8)
      .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
      .build();
  private static final DateTimeFormatter MILLIS = DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'")
      .withZone(ZoneOffset.UTC);
  /** Jackson holds 1.0 and 1.00 for equal; FHIR does not. */
  private static final Comparator<JsonNode> EXACT = (a, b) -> {
    boolean same = a.isNumber() && b.isNumber() ? a.asText().equals(b.asText()) : a.equals(b);
    return same ? 0 : 1;
  };

  private static final List<String> META_STAMPS = List.of("versionId", "lastUpdated");
  private static final byte[] META = ",\"meta\":".getBytes(StandardCharsets.US_ASCII);

  private Json() {}

  /** @throws Body.Damaged when it is none */
  static ObjectNode read(byte[] json) {
    try {
      return (ObjectNode) MAPPER.readTree(json);
    } catch (IOException | ClassCastException cause) {
      throw new Body.Damaged("a stored body is not JSON");
    }
  }

  /** What a stored body's {@code meta} holds beside the store's own version and time; null when nothing. Reads no further than that. */
  static ObjectNode metaGiven(Buffer json) {
    try (JsonParser parser = MAPPER.createParser(json.getBytes())) {
      parser.nextToken();
      for (String field = parser.nextFieldName(); field != null; field = parser.nextFieldName()) {
        parser.nextToken();
        if (field.equals("meta")) return given(parser.readValueAsTree());
        parser.skipChildren();
      }
      return null;
    } catch (IOException | ClassCastException cause) {
      throw new Body.Damaged("a stored body is not JSON");
    }
  }

  /** The text of {@code field.reference} in a stored body; null when there is none. Reads no further than that. */
  static String reference(Buffer json, String name) {
    try (JsonParser parser = MAPPER.createParser(json.getBytes())) {
      parser.nextToken();
      for (String field = parser.nextFieldName(); field != null; field = parser.nextFieldName()) {
        parser.nextToken();
        if (field.equals(name)) return parser.<JsonNode>readValueAsTree().path("reference").textValue();
        parser.skipChildren();
      }
      return null;
    } catch (IOException | ClassCastException | NumberFormatException cause) {
      throw new Body.Damaged("a stored body is not JSON");
    }
  }

  /**
   * The same with the profiles that a device's mapping names; what people have put there stays.
   *
   * @param given    or null
   * @param profiles an array of addresses, or missing
   */
  static ObjectNode withProfiles(ObjectNode given, JsonNode profiles) {
    if (profiles.isEmpty()) return given;
    ObjectNode meta = given == null ? MAPPER.createObjectNode() : given.deepCopy();
    ArrayNode all = meta.get("profile") instanceof ArrayNode array ? array : meta.putArray("profile");
    Set<JsonNode> known = new HashSet<>();
    all.forEach(known::add);
    profiles.forEach(profile -> {
      if (known.add(profile)) all.add(profile);
    });
    return meta;
  }

  private static ObjectNode given(ObjectNode meta) {
    ObjectNode given = meta.without(META_STAMPS);
    return given.isEmpty() ? null : given;
  }

  /** Whether the store says this of a resource, whatever its writer says; {@code meta} it says in part. */
  static boolean isStamp(String field) {
    return field.equals("resourceType") || field.equals("id") || field.equals("meta");
  }

  /** The same of what stands in {@code meta}. */
  static boolean isMetaStamp(String field) {
    return META_STAMPS.contains(field);
  }

  static byte[] write(ObjectNode tree) {
    try {
      return MAPPER.writeValueAsBytes(tree);
    } catch (JsonProcessingException cause) {
      throw new IllegalStateException("a resource cannot be written as JSON", cause);
    }
  }

  /** The resource as it is answered: type, id and meta in front, everything else in its own order. */
  static ObjectNode stamped(String type, String id, int version, Instant updated, ObjectNode resource) {
    return stamped(type, id, meta(version, updated, resource.get("meta")), resource);
  }

  static ObjectNode stamped(String type, String id, ObjectNode meta, ObjectNode resource) {
    ObjectNode stamped = MAPPER.createObjectNode();
    stamped.put("resourceType", type).put("id", id).set("meta", meta);
    copy(resource, stamped);
    return stamped;
  }

  /** @param given what somebody else has put there (tags, labels, profiles), or null */
  static ObjectNode meta(int version, Instant updated, JsonNode given) {
    ObjectNode meta = MAPPER.createObjectNode();
    meta.put("versionId", Integer.toString(version)).put("lastUpdated", MILLIS.format(updated));
    if (given instanceof ObjectNode fields) copy(fields, meta);
    return meta;
  }

  /**
   * {@link #stamped} as bytes. What a device sends begins with type and id and has no meta: then the rest, mostly samples, is copied as it is.
   *
   * @param json the bytes {@code resource} was read from
   */
  static byte[] stampedBytes(String type, String id, ObjectNode meta, ObjectNode resource, byte[] json) {
    byte[] front = front(type, id);
    boolean inPlace = Arrays.mismatch(front, json) == front.length && json.length > front.length
        && !resource.has("meta");
    return inPlace ? stampedBytes(front, meta, json) : write(stamped(type, id, meta, resource));
  }

  /** With what a stored body begins. */
  static byte[] front(String type, String id) {
    return ("{\"resourceType\":\"" + type + "\",\"id\":\"" + id + "\"").getBytes(StandardCharsets.UTF_8);
  }

  /** @param json begins with {@code front}, is longer and has no meta */
  static byte[] stampedBytes(byte[] front, ObjectNode meta, byte[] json) {
    byte[] stamp = write(meta);
    return ByteBuffer.allocate(json.length + META.length + stamp.length)
        .put(front)
        .put(META)
        .put(stamp)
        .put(json, front.length, json.length - front.length)
        .array();
  }

  /** What is not there yet. */
  private static void copy(ObjectNode from, ObjectNode to) {
    for (Map.Entry<String, JsonNode> field : from.properties()) {
      if (!to.has(field.getKey())) to.set(field.getKey(), field.getValue());
    }
  }

  /** True when two stamped resources say the same, whatever their version and time. */
  static boolean sameContent(ObjectNode one, ObjectNode other) {
    return unstamped(one).equals(EXACT, unstamped(other));
  }

  private static ObjectNode unstamped(ObjectNode stamped) {
    ObjectNode bare = MAPPER.createObjectNode();
    bare.setAll(stamped);
    ObjectNode meta = MAPPER.createObjectNode();
    if (stamped.get("meta") instanceof ObjectNode given) meta.setAll(given);
    return bare.set("meta", meta.without(META_STAMPS));
  }

  /** The same of bytes that were read as {@code node}: a character that may not stand there can only have come in by an escape. */
  static void requireText(String path, JsonNode node, byte[] json) {
    for (byte c : json) {
      if (c == '\\') {
        requireText(path, node);
        return;
      }
    }
  }

  /** FHIR R4 datatypes.html#string: no character below U+0020 but tab, CR and LF. NUL and halves of surrogate pairs could not be kept. */
  static void requireText(String path, JsonNode node) {
    if (!isText(node)) refuse(path, node);
  }

  private static boolean isText(JsonNode node) {
    if (node.isTextual()) return isText(node.textValue());
    if (node.isObject()) {
      for (Map.Entry<String, JsonNode> field : node.properties())
        if (!isText(field.getKey()) || !isText(field.getValue())) return false;
    }
    for (int i = 0; node.isArray() && i < node.size(); i++) if (!isText(node.get(i))) return false;
    return true;
  }

  private static boolean isText(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == 0 || Character.isSurrogate(c) && !isPair(text, i)) return false;
      if (Character.isSurrogate(c)) i++;
    }
    return true;
  }

  private static boolean isPair(String text, int at) {
    return Character.isHighSurrogate(text.charAt(at)) && at + 1 < text.length()
        && Character.isLowSurrogate(text.charAt(at + 1));
  }

  /** Says where. */
  private static void refuse(String path, JsonNode node) {
    if (node.isTextual()) requireText(path, node.textValue());
    if (node.isObject()) {
      for (Iterator<Map.Entry<String, JsonNode>> fields = node.properties().iterator(); fields.hasNext();) {
        Map.Entry<String, JsonNode> field = fields.next();
        requireText(path, field.getKey());
        refuse(path + "." + field.getKey(), field.getValue());
      }
    }
    for (int i = 0; node.isArray() && i < node.size(); i++) refuse(path + "[" + i + "]", node.get(i));
  }

  private static void requireText(String path, String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == 0) throw new Failure.Invalid(path + " holds a NUL character, which FHIR does not allow", path);
      if (!Character.isSurrogate(c)) continue;
      if (!isPair(text, i))
        throw new Failure.Invalid(path + " holds half of a surrogate pair, which is not a character", path);
      i++;
    }
  }
}

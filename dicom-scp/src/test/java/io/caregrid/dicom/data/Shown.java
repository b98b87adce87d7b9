package io.caregrid.dicom.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.Map;

/** A data set the way {@code read.py} shows pydicom's: DICOM JSON with SHA-256 for binary values, so that two readings can be compared. */
final class Shown {
  private final Source source;

  private Shown(Source source) {
    this.source = source;
  }

  /** @param source where the set's bulk values are */
  static ObjectNode of(DataSet set, Source source) {
    ObjectNode json = DicomJson.of(set, path -> path);
    new Shown(source).digest(set, json);
    return json;
  }

  private void digest(DataSet set, ObjectNode json) {
    for (Element element : set) {
      JsonNode shown = json.get(Tag.hex(element.tag()));
      if (shown == null) continue;
      if (element.value() instanceof Value.Items items) {
        for (int i = 0; i < items.items().size(); i++)
          digest(items.items().get(i), (ObjectNode) shown.get("Value").get(i));
      } else if (element.vr().isBinary()) {
        ((ObjectNode) shown).remove("InlineBinary");
        ((ObjectNode) shown).remove("BulkDataURI");
        byte[] bytes = bytes(element.value());
        if (set.syntax().bigEndian() && !(element.value() instanceof Value.Fragments))
          DataSetWriter.swapped(bytes, bytes.length, element.vr().unit);
        if (bytes.length > 0) ((ObjectNode) shown).put("sha256", sha256(bytes));
      }
    }
  }

  private byte[] bytes(Value value) {
    if (value instanceof Value.Bytes bytes) return bytes.bytes().clone();
    if (value instanceof Value.Bulk bulk) return read(bulk);
    Value.Fragments fragments = (Value.Fragments) value;
    ByteBuffer all = ByteBuffer.allocate(fragments.fragments().stream().mapToInt(each -> (int) each.length()).sum());
    fragments.fragments().forEach(each -> all.put(read(each)));
    return all.array();
  }

  private byte[] read(Value.Bulk bulk) {
    byte[] bytes = new byte[(int) bulk.length()];
    Window.read(source, bulk.position(), ByteBuffer.wrap(bytes));
    return bytes;
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException never) {
      throw new IllegalStateException(never);
    }
  }

  /** Numbers as doubles without a negative zero, outer spaces off: what two readers may say differently and mean the same. */
  static JsonNode alike(JsonNode node) {
    JsonNodeFactory json = JsonNodeFactory.instance;
    if (node.isNumber()) return json.numberNode(node.doubleValue() + 0.0);
    if (node.isTextual()) return json.textNode(node.textValue().strip());
    if (node.isArray()) {
      ArrayNode array = json.arrayNode();
      node.forEach(each -> array.add(alike(each)));
      return array;
    }
    if (!node.isObject()) return node;
    ObjectNode object = json.objectNode();
    for (Iterator<Map.Entry<String, JsonNode>> fields = node.fields(); fields.hasNext();) {
      Map.Entry<String, JsonNode> field = fields.next();
      object.set(field.getKey(), alike(field.getValue()));
    }
    return object;
  }
}

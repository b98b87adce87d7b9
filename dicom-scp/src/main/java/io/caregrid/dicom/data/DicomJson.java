package io.caregrid.dicom.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Data set → DICOM JSON model (PS3.18 annex F). Text is Unicode whatever the character set was; (0008,0005) still says how the data set was
 * written (F.2.2 note 3). IS and DS are numbers where they are (else text, F.2.3.1 note), empty values are null, empty elements have only their VR, group lengths are left
 * out. Values in memory are shown in place, those still in the source by their URI. The way back is {@link JsonDataSet}.
 */
public final class DicomJson {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final String[] PN_GROUPS = {"Alphabetic", "Ideographic", "Phonetic"};
  /** DS has 16 characters (PS3.5 6.2), IS 12; what is much longer is no number that anybody meant. */
  private static final int LONGEST_NUMBER = 64;
  private static final int GREATEST_EXPONENT = 308;

  private final UnaryOperator<String> bulkUri;

  private DicomJson(UnaryOperator<String> bulkUri) {
    this.bulkUri = bulkUri;
  }

  /**
   * @param bulkUri BulkDataURI of a value that is not in memory; null: the element is left out. Asked with the way to the element, items counted
   *                from 1: {@code 7FE00010}, {@code 00081140/1/00091010}
   */
  public static ObjectNode of(DataSet set, UnaryOperator<String> bulkUri) {
    return new DicomJson(bulkUri).object(set, "");
  }

  /**
   * Explicit little endian, in UTF-8, and (0008,0005) says so unless all is ASCII. Elements that only point elsewhere (BulkDataURI) are left out: whoever calls has the parts. DicomException: not
   * the model; it names the tag.
   */
  public static DataSet read(JsonNode object) {
    return JsonDataSet.read(object);
  }

  private ObjectNode object(DataSet set, String path) {
    ObjectNode object = JSON.objectNode();
    for (Element element : set) {
      if ((element.tag() & 0xFFFF) == 0) continue;
      String key = Tag.hex(element.tag());
      ObjectNode shown = element(set, element, path + key);
      if (shown != null) object.set(key, shown);
    }
    return object;
  }

  private ObjectNode element(DataSet set, Element element, String path) {
    ObjectNode shown = JSON.objectNode().put("vr", element.vr().name());
    if (element.value() instanceof Value.Items items) return with(shown, items(items.items(), path));
    if (!(element.value() instanceof Value.Bytes bytes)) {
      String uri = bulkUri.apply(path);
      return uri == null ? null : shown.put("BulkDataURI", uri);
    }
    if (bytes.bytes().length == 0) return shown;
    if (element.vr().isBinary()) return shown.put("InlineBinary", littleEndian(bytes.bytes(), element.vr(), set));
    return with(shown, values(set, element));
  }

  private static ObjectNode with(ObjectNode shown, ArrayNode values) {
    if (!values.isEmpty()) shown.set("Value", values);
    return shown;
  }

  private ArrayNode items(List<DataSet> items, String path) {
    ArrayNode values = JSON.arrayNode(items.size());
    for (DataSet item : items)
      values.add(object(item, path + "/" + (values.size() + 1) + "/"));
    return values;
  }

  private static byte[] littleEndian(byte[] bytes, Vr vr, DataSet set) {
    return set.syntax().bigEndian() ? DataSetWriter.swapped(bytes.clone(), bytes.length, vr.unit) : bytes;
  }

  private static ArrayNode values(DataSet set, Element element) {
    Vr vr = element.vr();
    if (vr.isNumber() && vr != Vr.AT) return numbers(element, set.syntax().bigEndian());
    ArrayNode values = JSON.arrayNode();
    for (String text : Values.texts(element, set.syntax(), set.characters()))
      values.add(value(vr, text));
    return values;
  }

  private static JsonNode value(Vr vr, String text) {
    if (text.isEmpty()) return JSON.nullNode();
    if (vr == Vr.IS || vr == Vr.DS) return number(text);
    return vr == Vr.PN ? name(text) : JSON.textNode(text);
  }

  private static ArrayNode numbers(Element element, boolean bigEndian) {
    int count = Values.count(element);
    byte[] bytes = Values.bytes(element);
    ArrayNode values = JSON.arrayNode(count);
    for (int i = 0; i < count; i++) values.add(number(element.vr(), bytes, i, bigEndian));
    return values;
  }

  private static JsonNode number(Vr vr, byte[] bytes, int index, boolean bigEndian) {
    if (vr == Vr.FL) return real(JSON.numberNode((float) Values.decimal(Vr.FL, bytes, index, bigEndian)));
    if (vr == Vr.FD) return real(JSON.numberNode(Values.decimal(Vr.FD, bytes, index, bigEndian)));
    if (vr == Vr.UV)
      return JSON.numberNode(new BigInteger(Long.toUnsignedString(Values.i64(bytes, index * 8, bigEndian))));
    return JSON.numberNode(Values.integer(vr, bytes, index, bigEndian));
  }

  /** JSON has no NaN and no infinity; they are said in words. */
  private static JsonNode real(JsonNode number) {
    return Double.isFinite(number.doubleValue()) ? number : JSON.textNode(number.asText());
  }

  private static JsonNode number(String text) {
    try {
      if (text.length() > LONGEST_NUMBER) return JSON.textNode(text);
      BigDecimal number = new BigDecimal(text);
      if (Math.abs((long) number.precision() - number.scale()) > GREATEST_EXPONENT) return JSON.textNode(text);
      return number.scale() == 0 && number.precision() < 19
          ? JSON.numberNode(number.longValue())
          : JSON.numberNode(number);
    } catch (NumberFormatException not) {
      return JSON.textNode(text);
    }
  }

  private static ObjectNode name(String text) {
    ObjectNode name = JSON.objectNode();
    String[] groups = text.split("=", PN_GROUPS.length);
    for (int i = 0; i < groups.length; i++)
      if (!groups[i].isEmpty()) name.put(PN_GROUPS[i], groups[i]);
    return name;
  }
}

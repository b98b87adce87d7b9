package io.caregrid.dicom.data;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** DICOM JSON model (PS3.18 annex F) → data set. */
final class JsonDataSet {
  private static final String UTF_8 = "ISO_IR 192";
  private static final String[] PN_GROUPS = {"Alphabetic", "Ideographic", "Phonetic"};
  private static final CharacterSet CHARACTERS = CharacterSet.of(List.of(UTF_8));

  private static final int LONGEST_DS = 16;

  private boolean beyondAscii;

  private JsonDataSet() {}

  static DataSet read(JsonNode object) {
    JsonDataSet reading = new JsonDataSet();
    DataSet set = new DataSet(TransferSyntax.EXPLICIT_LE);
    reading.fill(set, object, 1);
    return reading.beyondAscii ? set.putText(Tag.SPECIFIC_CHARACTER_SET, UTF_8) : set;
  }

  private void fill(DataSet set, JsonNode object, int depth) {
    if (!object.isObject()) throw new DicomException("a data set is a JSON object");
    if (depth > Limits.WHOLE.depth()) throw new DicomException("sequences nested deeper than " + Limits.WHOLE.depth());
    for (Iterator<Map.Entry<String, JsonNode>> fields = object.fields(); fields.hasNext();) {
      Map.Entry<String, JsonNode> field = fields.next();
      int tag = tag(field.getKey());
      Element element = element(tag, field.getValue(), depth);
      boolean own = depth > 1 && tag == Tag.SPECIFIC_CHARACTER_SET;
      if (element != null && !own && (tag & 0xFFFF) != 0) set.put(element);
    }
  }

  private static int tag(String key) {
    if (!key.matches("[0-9A-Fa-f]{8}")) throw new DicomException("an attribute's key is eight hexadecimal digits");
    return Integer.parseUnsignedInt(key, 16);
  }

  private Element element(int tag, JsonNode node, int depth) {
    if (!node.isObject()) throw wrong(tag, "is not an object");
    Vr vr = vr(tag, node.get("vr"));
    if (node.has("BulkDataURI")) return null;
    if (node.has("InlineBinary")) return binary(tag, vr, node.get("InlineBinary"));
    JsonNode values = node.get("Value");
    if (values != null && !values.isArray()) throw wrong(tag, "has a Value that is not an array");
    if (vr == Vr.SQ) return items(tag, values, depth);
    if (vr.isBinary() && values != null && !values.isEmpty()) throw wrong(tag, "is binary and has a Value");
    if (vr.isBinary() || values == null) return new Element(tag, vr, new Value.Bytes(new byte[0]));
    return texts(tag, vr, values);
  }

  private static Vr vr(int tag, JsonNode named) {
    if (named == null) return Dictionary.vr(tag);
    Vr vr = Vr.of(named.asText());
    if (vr == null) throw wrong(tag, "has an unknown vr");
    return vr;
  }

  private static Element binary(int tag, Vr vr, JsonNode base64) {
    if (!vr.isBinary()) throw wrong(tag, "is " + vr + " and has InlineBinary");
    try {
      byte[] bytes = base64.binaryValue();
      if (bytes == null) throw wrong(tag, "has InlineBinary that is not base64");
      return new Element(tag, vr, new Value.Bytes(bytes));
    } catch (IOException not) {
      throw wrong(tag, "has InlineBinary that is not base64");
    }
  }

  private Element items(int tag, JsonNode values, int depth) {
    List<DataSet> items = new ArrayList<>();
    if (values != null) for (JsonNode value : values) {
      DataSet item = new DataSet(TransferSyntax.EXPLICIT_LE);
      if (!value.isNull()) fill(item, value, depth + 1);
      items.add(item);
    }
    return new Element(tag, Vr.SQ, new Value.Items(items));
  }

  private Element texts(int tag, Vr vr, JsonNode values) {
    List<String> texts = new ArrayList<>();
    for (JsonNode value : values) {
      if (vr.isNumber() && value.isNull()) throw wrong(tag, "is " + vr + " and has null among its values");
      texts.add(value.isNull()
          ? ""
          : vr == Vr.PN
              ? name(tag, value)
              : vr == Vr.DS
                  ? decimal(tag, value)
                  : scalar(tag,
                      value));
      if (vr.isMany() && texts.get(texts.size() - 1).indexOf('\\') >= 0)
        throw wrong(tag, "has a backslash within a value");
    }
    try {
      Element element = Values.ofTexts(tag, vr, texts, TransferSyntax.EXPLICIT_LE, CHARACTERS);
      if (vr.isWords())
        for (byte one : Values.bytes(element))
          beyondAscii |= one < 0;
      return element;
    } catch (IllegalArgumentException not) {
      throw new DicomException(not.getMessage());
    }
  }

  private static String scalar(int tag, JsonNode value) {
    if (!value.isValueNode()) throw wrong(tag, "has a value that is neither text nor number");
    return value.asText();
  }

  /** A number that takes more than DS's 16 characters is rounded until it does not (PS3.5 6.2). */
  private static String decimal(int tag, JsonNode value) {
    String text = scalar(tag, value);
    for (int digits = LONGEST_DS; value.isNumber() && text.length() > LONGEST_DS && digits > 0; digits--)
      text = value.decimalValue().round(new MathContext(digits)).toString();
    return text;
  }

  /** Some senders write the whole name as one text. */
  private static String name(int tag, JsonNode value) {
    if (!value.isObject()) return scalar(tag, value);
    StringBuilder name = new StringBuilder();
    for (int group = 0; group < PN_GROUPS.length; group++) {
      JsonNode part = value.get(PN_GROUPS[group]);
      if (part == null || part.isNull()) continue;
      while (name.chars().filter(one -> one == '=').count() < group)
        name.append('=');
      name.append(scalar(tag, part));
    }
    return name.toString();
  }

  private static DicomException wrong(int tag, String what) {
    return new DicomException(Tag.text(tag) + " " + what);
  }
}

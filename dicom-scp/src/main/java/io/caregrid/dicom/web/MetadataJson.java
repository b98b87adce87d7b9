package io.caregrid.dicom.web;

import com.fasterxml.jackson.core.JsonEncoding;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.caregrid.dicom.data.DataSet;
import io.caregrid.dicom.data.DicomJson;
import io.caregrid.dicom.data.Element;
import io.caregrid.dicom.data.Tag;
import io.caregrid.dicom.data.Value;
import java.io.IOException;
import java.io.OutputStream;
import java.util.HexFormat;
import java.util.function.UnaryOperator;

/**
 * A data set as DICOM JSON (PS3.18 annex F), written attribute by attribute: what {@link DicomJson} makes of the whole is many times as large as the
 * data set, of one attribute it is small. Long values and binary ones are BulkDataURIs.
 */
final class MetadataJson {
  /** Values up to here stand in the JSON; the longest that an element with a length of 16 bits has. */
  static final int INLINE_BYTES = 64 << 10;
  /** Lists of numbers up to here. */
  private static final int INLINE_NUMBERS = 8 << 10;
  /** Where there are more, in whatever VR, their JSON would be many times as large as they are. */
  private static final int MOST_VALUES = 4096;
  /** Binary values up to here. */
  private static final int INLINE_BINARY = 256;
  /** Of memory at most, that one attribute takes, and the values together beyond what {@link io.caregrid.dicom.pixel.Extent} counts. */
  static final long NEED = 4 << 20;
  private static final HexFormat HEX = HexFormat.of().withUpperCase();
  private static final JsonFactory JSON = new ObjectMapper().getFactory();

  private final JsonGenerator json;
  private final UnaryOperator<String> bulkUri;

  private MetadataJson(JsonGenerator json, UnaryOperator<String> bulkUri) {
    this.json = json;
    this.bulkUri = bulkUri;
  }

  /** @param bulkUri as in {@link DicomJson#of}. {@code out} stays open */
  static void write(DataSet set, UnaryOperator<String> bulkUri, OutputStream out) throws IOException {
    try (JsonGenerator json = JSON.createGenerator(out, JsonEncoding.UTF8)) {
      json.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
      new MetadataJson(json, bulkUri).object(set, null, "");
    }
  }

  /** @param characters (0008,0005) of the set around it, null when there is none */
  private void object(DataSet set, Element characters, String path) throws IOException {
    Element own = set.has(Tag.SPECIFIC_CHARACTER_SET) ? set.get(Tag.SPECIFIC_CHARACTER_SET) : characters;
    json.writeStartObject();
    for (Element element : set) {
      if (element.value() instanceof Value.Items items) items(element, items, own, path);
      else plain(set, element, own, path);
    }
    json.writeEndObject();
  }

  private void items(Element element, Value.Items items, Element characters, String path) throws IOException {
    String key = HEX.toHexDigits(element.tag());
    json.writeObjectFieldStart(key);
    json.writeStringField("vr", element.vr().name());
    if (!items.items().isEmpty()) {
      json.writeArrayFieldStart("Value");
      int count = 0;
      for (DataSet item : items.items()) object(item, characters, path + key + "/" + ++count + "/");
      json.writeEndArray();
    }
    json.writeEndObject();
  }

  private void plain(DataSet set, Element element, Element characters, String path) throws IOException {
    DataSet alone = new DataSet(set.syntax());
    if (characters != null) alone.put(characters);
    alone.put(shortened(element));
    String key = HEX.toHexDigits(element.tag());
    var shown = DicomJson.of(alone, ignored -> bulkUri.apply(path + key)).get(key);
    if (shown == null) return;
    json.writeFieldName(key);
    json.writeTree(shown);
  }

  private static Element shortened(Element element) {
    if (!(element.value() instanceof Value.Bytes bytes) || !isTooLong(element, bytes.bytes())) return element;
    return new Element(element.tag(), element.vr(), new Value.Bulk(0, bytes.bytes().length));
  }

  private static boolean isTooLong(Element element, byte[] bytes) {
    if (element.vr().isBinary()) return bytes.length > INLINE_BINARY;
    if (element.vr().isNumbers()) return bytes.length > INLINE_NUMBERS;
    return bytes.length > MOST_VALUES && !element.vr().isProse() && values(bytes) > MOST_VALUES;
  }

  private static int values(byte[] bytes) {
    int values = 1;
    for (byte one : bytes) if (one == '\\') values++;
    return values;
  }
}

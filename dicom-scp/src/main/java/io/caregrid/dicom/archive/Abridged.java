package io.caregrid.dicom.archive;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.caregrid.dicom.data.DataSet;
import io.caregrid.dicom.data.DicomJson;
import io.caregrid.dicom.data.Element;
import io.caregrid.dicom.data.Value;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The attributes that a level of the index keeps, in at most {@value #MOST} bytes of JSON: a search answers thousands of rows from memory, and a sequence
 * may be as long as its file. Nobody real comes near; where somebody does, large sequences are left out (metadata is read from the file and has
 * them), of very many values the first ones stay, and a text that no VR allows is cut. What can be searched for (PS3.18 table 10.6.1-5 and
 * Microsoft's) is never a sequence, and stays.
 */
final class Abridged {
  static final int MOST = 32 << 10;
  /** Of one attribute, where all come to more than {@link #MOST}: times the number of tags of any level that is less. */
  private static final int MOST_OF_ONE = 1 << 10;
  /** So many bytes of values, counted as {@link #weight} does, never make {@link #MOST} of JSON: an empty value of a name is the worst. */
  private static final int LIGHT = 2 << 10;
  private static final int ELEMENT = 32;
  private static final int HUGE = 4 * MOST;
  /** Of LO, and of each group of a PN (PS3.5 6.2): no VR that is searched for has more. */
  private static final int LONGEST_TEXT = 64;

  private Abridged() {}

  /** @param set the caller's own: what is far too large is taken out */
  static ObjectNode of(DataSet set) {
    if (weight(set, 0, LIGHT) <= LIGHT) return DicomJson.of(set, bulk -> null);
    List<Element> all = new ArrayList<>();
    set.forEach(all::add);
    for (Element each : all) if (isHuge(each)) set.remove(each.tag());
    ObjectNode whole = DicomJson.of(set, bulk -> null);
    if (bytes(whole) <= MOST) return whole;
    whole.properties().removeIf(each -> isSequence(each.getValue()) && bytes(each.getValue()) > MOST_OF_ONE);
    whole.properties().removeIf(each -> bytes(each.getValue()) > MOST_OF_ONE && !isCut((ObjectNode) each.getValue()));
    if (bytes(whole) > MOST) whole.properties().removeIf(each -> isSequence(each.getValue()));
    return whole;
  }

  /** A sequence that is more than {@link #MOST} in JSON, which need not be made to know that. */
  private static boolean isHuge(Element element) {
    if (!(element.value() instanceof Value.Items items)) return false;
    int weight = 0;
    for (DataSet item : items.items()) weight = weight(item, weight + ELEMENT, HUGE);
    return weight > HUGE;
  }

  /** Counts no further than {@code enough}. */
  private static int weight(DataSet set, int weight, int enough) {
    for (Element element : set) {
      if (weight > enough) return weight;
      weight += ELEMENT;
      if (element.value() instanceof Value.Bytes bytes) weight += bytes.bytes().length;
      else
        if (element.value() instanceof Value.Items items)
          for (DataSet item : items.items()) weight = weight(item, weight + ELEMENT, enough);
    }
    return weight;
  }

  private static int bytes(JsonNode json) {
    return json.toString().getBytes(StandardCharsets.UTF_8).length;
  }

  private static boolean isSequence(JsonNode element) {
    return element.path("vr").asText().equals("SQ");
  }

  /** False: it has to go. */
  private static boolean isCut(ObjectNode element) {
    String vr = element.path("vr").asText();
    if (!(element.get("Value") instanceof ArrayNode values) || vr.equals("LT") || vr.equals("ST") || vr.equals("UT"))
      return false;
    ArrayNode first = values.arrayNode();
    int left = MOST_OF_ONE - ELEMENT;
    for (JsonNode value : values) {
      left -= bytes(value) + 1;
      if (left < 0) break;
      first.add(value);
    }
    if (first.isEmpty()) first.add(cut(values.get(0)));
    element.set("Value", first);
    return true;
  }

  private static JsonNode cut(JsonNode value) {
    if (!(value instanceof ObjectNode name)) return TextNode.valueOf(cut(value.asText()));
    ObjectNode groups = name.objectNode();
    name.properties().forEach(group -> groups.put(group.getKey(), cut(group.getValue().asText())));
    return groups;
  }

  private static String cut(String text) {
    int end = Math.min(text.length(), LONGEST_TEXT);
    if (end > 0 && Character.isHighSurrogate(text.charAt(end - 1))) end--;
    return text.substring(0, end);
  }
}

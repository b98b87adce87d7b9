package io.caregrid.dicom.archive;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.dicom.data.DataSet;
import io.caregrid.dicom.data.DicomJson;
import io.caregrid.dicom.data.Element;
import io.caregrid.dicom.data.Tag;
import io.caregrid.dicom.data.Value.Items;
import io.caregrid.dicom.data.Vr;
import io.caregrid.store.ImageTags;
import io.caregrid.store.ImageTags.Listed;
import io.caregrid.store.ImageTags.Tagged;
import io.caregrid.store.ImageTags.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * What extended query tags find in a data set: of each its values, which are found by the first, or why it cannot be indexed. Where all
 * of them are longer than the index keeps, the first alone. Pure. A picture is never refused for a value that is
 * wrong here: it is listed with the tag's errors.
 *
 * <p>A private attribute (PS3.5 7.8) is found by its creator, in whichever block that has in this data set.
 */
final class Tagging {
  /** More than any VR that may be a tag allows (PN: three groups of 64), and what the index compares. */
  private static final int LONGEST = 512;
  private static final int FIRST_BLOCK = 0x10;
  private static final int LAST_BLOCK = 0xFF;
  /** No element has it: group FFFF is nobody's (PS3.5 7.8.1). */
  private static final int NOWHERE = 0xFFFFFFFF;
  /** What was made last: the same list is asked for with each instance, and of private tags there are many places. */
  private static volatile Places last = new Places(new int[0], Listed.UNREAD, new int[0]);

  private Tagging() {}

  private record Places(int[] kept, Listed tags, int[] wanted) {}

  /** Those that are kept anyhow and those of the tags, in ascending order of int. */
  static int[] wanted(int[] kept, Listed tags) {
    if (tags.tags().isEmpty()) return kept;
    Places known = last;
    if (known.kept == kept && known.tags == tags) return known.wanted;
    int[] wanted = all(kept, tags);
    last = new Places(kept, tags, wanted);
    return wanted;
  }

  private static int[] all(int[] kept, Listed tags) {
    return IntStream.concat(Arrays.stream(kept), tags.tags().stream().flatMapToInt(Tagging::places))
        .sorted()
        .distinct()
        .toArray();
  }

  /** Where a tag may stand; of a private one also where creators do. */
  private static IntStream places(ImageTags.Tag tag) {
    int number = tag.number();
    if (tag.creator() == null) return IntStream.of(number);
    int group = number & 0xFFFF0000;
    return IntStream.rangeClosed(FIRST_BLOCK, LAST_BLOCK)
        .flatMap(block -> IntStream.of(group | block, group | block << 8 | number & 0xFF));
  }

  static Tagged of(DataSet set, Listed tags) {
    List<Value> values = new ArrayList<>();
    Map<Integer, List<Block>> blocks = new HashMap<>();
    for (ImageTags.Tag tag : tags.tags()) {
      Value value = value(set, tag, blocks);
      if (value != null) values.add(value);
    }
    return new Tagged(tags.epoch(), values);
  }

  /** All tags have this problem with an instance. */
  static Tagged unreadable(Listed tags, String why) {
    return new Tagged(tags.epoch(), tags.tags().stream().map(tag -> new Value(tag, null, why)).toList());
  }

  /** Null: it has none. */
  private static Value value(DataSet set, ImageTags.Tag tag, Map<Integer, List<Block>> blocks) {
    try {
      Element element = set.get(tag.creator() == null ? tag.number() : place(set, tag, blocks));
      if (element == null) return null;
      Vr vr = vr(element, Vr.valueOf(tag.vr()));
      if (vr == null) return new Value(tag, null, "its VR is " + element.vr() + ", not " + tag.vr());
      return shown(set, tag, new Element(element.tag(), vr, element.value()));
    } catch (RuntimeException wrong) {
      return new Value(tag, null, "its value is not of VR " + tag.vr());
    }
  }

  /** By which an element is read; null when it is another's. Implicit, a private attribute has none of its own; of US and SS Pixel Representation decides. */
  private static Vr vr(Element element, Vr asked) {
    Vr is = element.vr();
    if (is == asked || is == Vr.UN && !(element.value() instanceof Items)) return asked;
    boolean either = is == Vr.US && asked == Vr.SS || is == Vr.SS && asked == Vr.US;
    return either ? is : null;
  }

  /** A private block of a group, and who reserved it; null where that is no text. */
  private record Block(int number, String creator) {}

  /** Of a private one, in that of its creator's blocks which has it; {@link #NOWHERE} when none does. The blocks of a group are looked for once in a data set. */
  private static int place(DataSet set, ImageTags.Tag tag, Map<Integer, List<Block>> blocks) {
    int group = tag.number() & 0xFFFF0000;
    for (Block block : blocks.computeIfAbsent(group, first -> blocks(set, group))) {
      int place = group | block.number() << 8 | tag.number() & 0xFF;
      if (tag.creator().equals(block.creator()) && set.has(place)) return place;
    }
    return NOWHERE;
  }

  private static List<Block> blocks(DataSet set, int group) {
    return IntStream.rangeClosed(FIRST_BLOCK, LAST_BLOCK)
        .filter(block -> set.has(group | block))
        .mapToObj(block -> new Block(block, set.text(group | block)))
        .toList();
  }

  private static Value shown(DataSet set, ImageTags.Tag tag, Element element) {
    DataSet alone = new DataSet(set.syntax());
    Element characters = set.get(Tag.SPECIFIC_CHARACTER_SET);
    if (characters != null) alone.put(characters);
    alone.put(element);
    JsonNode shown = DicomJson.of(alone, bulk -> null).get(String.format("%08X", element.tag()));
    if (shown == null) return new Value(tag, null, "its value is longer than is indexed");
    JsonNode first = shown.path("Value").path(0);
    if (first.isMissingNode() || first.isNull() || first.isTextual() && first.asText().isBlank()) return null;
    if (first.toString().length() > LONGEST) return new Value(tag, null, "its value is longer than is indexed");
    if (!fits(tag.vr(), first)) return new Value(tag, null, "its value is not of VR " + tag.vr());
    ObjectNode value = ((ObjectNode) shown).objectNode().put("vr", element.vr().name());
    JsonNode all = shown.path("Value");
    if (all.toString().length() <= LONGEST) value.set("Value", all);
    else value.putArray("Value").add(first);
    return new Value(tag, value, null);
  }

  private static boolean fits(String vr, JsonNode first) {
    if (ImageTags.NUMBERS.contains(vr)) return first.isNumber();
    return switch (vr) {
      case "DA" -> first.asText().strip().matches("\\d{8}|\\d{4}\\.\\d{2}\\.\\d{2}");
      case "TM" -> first.asText().strip().matches("\\d{2}(\\d{2}(\\d{2}(\\.\\d{1,6})?)?)?");
      case "DT" -> first.asText().strip().matches("\\d{4}(\\d{2}){0,5}(\\.\\d{1,6})?([+-]\\d{4})?");
      case "PN" -> first.isObject();
      default -> first.isTextual();
    };
  }
}

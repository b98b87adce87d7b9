package io.caregrid.dicom.web;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.dicom.archive.InstanceKey;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What STOW-RS answers: status and Store Instances Response Module (PS3.18 section 10.5.3 and annex I.2), in DICOM JSON.
 *
 * @param outcomes one a part, in their order
 * @param broken   why the body could not be read to its end, null when it was
 */
record StoreAnswer(List<Outcome> outcomes, String broken) {
  /** Failure Reason (0008,1197), as Microsoft's DICOM service has them beside those of PS3.18 table I.2-2. */
  static final int PROCESSING_FAILURE = 272;
  static final int OUT_OF_RESOURCES = 0xA700;
  static final int INVALID = 43264;
  static final int EXISTS = 45070;
  /** Not told in the answer as it is: a part with another content type fails with {@link #PROCESSING_FAILURE}. */
  static final int OTHER_MEDIA_TYPE = -1;
  /** Not told as it is: {@link #OUT_OF_RESOURCES} for one that alone is too large. */
  static final int TOO_LARGE = -2;
  /** Warning Reason (0008,1196): the data set does not match its SOP class. */
  static final int CLASS_DIFFERS = 45063;

  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  sealed interface Outcome {}

  /** @param warning Warning Reason, 0 for none */
  record Stored(InstanceKey key, String sopClass, int warning) implements Outcome {}

  /** @param sopClass null when it could not be read, like {@code sopInstance} */
  record Failed(String sopClass, String sopInstance, int reason, String comment) implements Outcome {}

  StoreAnswer {
    outcomes = List.copyOf(outcomes);
  }

  /** PS3.18 table 10.5.3-1; a body that broke off is 400 whatever was stored before, so that nobody takes it for a success. */
  int status() {
    if (broken != null) return 400;
    if (outcomes.isEmpty()) return 204;
    if (outcomes.stream().allMatch(one -> one instanceof Stored stored && stored.warning == 0)) return 200;
    if (outcomes.stream().anyMatch(Stored.class::isInstance)) return 202;
    Set<Integer> reasons = outcomes.stream().map(one -> ((Failed) one).reason).collect(Collectors.toSet());
    if (reasons.size() > 1) return 409;
    return switch (reasons.iterator().next()) {
      case OUT_OF_RESOURCES -> 503;
      case TOO_LARGE -> 413;
      case OTHER_MEDIA_TYPE -> 415;
      default -> 409;
    };
  }

  /** @param base of DICOMweb as the client called it, e.g. {@code http://localhost:8080/dicom-web} */
  ObjectNode json(String base) {
    ObjectNode answer = JSON.objectNode();
    if (broken != null) put(answer, "00000902", "LO", broken);
    List<Stored> stored = only(Stored.class);
    List<String> studies = stored.stream().map(one -> one.key.study()).distinct().limit(2).toList();
    if (studies.size() == 1) put(answer, "00081190", "UR", base + "/studies/" + studies.get(0));
    if (only(Failed.class).size() > 0) {
      ArrayNode items = answer.putObject("00081198").put("vr", "SQ").putArray("Value");
      only(Failed.class).forEach(one -> items.add(failed(one)));
    }
    if (!stored.isEmpty()) {
      ArrayNode items = answer.putObject("00081199").put("vr", "SQ").putArray("Value");
      stored.forEach(one -> items.add(stored(one, base)));
    }
    return answer;
  }

  private <T extends Outcome> List<T> only(Class<T> kind) {
    return outcomes.stream().filter(kind::isInstance).map(kind::cast).toList();
  }

  private static ObjectNode stored(Stored one, String base) {
    ObjectNode item = JSON.objectNode();
    put(item, "00081150", "UI", one.sopClass);
    put(item, "00081155", "UI", one.key.instance());
    put(item, "00081190", "UR", Addresses.instance(base, one.key));
    if (one.warning != 0) put(item, "00081196", one.warning);
    return item;
  }

  /** The comment goes where Microsoft's service has it: Error Comment in an item of Failed Attributes Sequence (0074,1048). */
  private static ObjectNode failed(Failed one) {
    ObjectNode item = JSON.objectNode();
    put(item, "00081150", "UI", one.sopClass);
    put(item, "00081155", "UI", one.sopInstance);
    put(item, "00081197", switch (one.reason) {
      case OTHER_MEDIA_TYPE -> PROCESSING_FAILURE;
      case TOO_LARGE -> OUT_OF_RESOURCES;
      default -> one.reason;
    });
    ObjectNode attribute = JSON.objectNode();
    put(attribute, "00000902", "LO", "DICOM100: " + one.comment);
    item.putObject("00741048").put("vr", "SQ").putArray("Value").add(attribute);
    return item;
  }

  private static void put(ObjectNode item, String tag, String vr, String value) {
    ObjectNode element = item.putObject(tag).put("vr", vr);
    if (value != null && !value.isEmpty()) element.putArray("Value").add(value);
  }

  private static void put(ObjectNode item, String tag, int value) {
    item.putObject(tag).put("vr", "US").putArray("Value").add(value);
  }
}

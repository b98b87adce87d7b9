package io.caregrid.events;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.templates.observation.GroupKey;
import io.caregrid.templates.text.Timestamps;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A device's Observation as another server has it: the same, about the Device and the Patient that the other server knows by ids of its own. Pure.
 *
 * <p>The connector's identifier begins with those ids, and its hash is the Observation's id. Made anew of the other server's ids, both are what the connector
 * itself would have written there: an Observation that it began is found and continued.
 */
final class RemoteObservation {
  /** Whose reference it names, in the order in which a Device may need its Patient. */
  private static final List<String> WHOSE = List.of("subject", "encounter", "device");
  private static final Pattern ABSOLUTE = Pattern.compile("(?i)(https?://|urn:).*", Pattern.DOTALL);
  /** A person there has taken it back: a reading does not make it valid again. */
  private static final Set<String> WITHDRAWN = Set.of("entered-in-error", "cancelled");
  private static final Set<String> CHANGED = Set.of("amended", "corrected");
  private static final List<String> KEPT_META = List.of("profile", "security", "tag");
  private static final String META = "meta";
  private static final String STATUS = "status";
  private static final String ISSUED = "issued";
  private static final String IDENTIFIER = "identifier";
  private static final String COMPONENT = "component";
  private static final String PERIOD = "effectivePeriod";

  private RemoteObservation() {}

  /** Made by a device mapping: by the identifier that the connector gave, too. */
  static boolean isOfDevice(JsonNode resource) {
    return resource.path("resourceType").asText().equals("Observation") && identifier(resource) != null;
  }

  /** Value of the connector's identifier; null when it has none. */
  static String identifier(JsonNode observation) {
    for (JsonNode identifier : observation.path(IDENTIFIER))
      if (GroupKey.SYSTEM.equals(identifier.path("system").textValue()) && identifier.path("value").isTextual())
        return identifier.path("value").textValue();
    return null;
  }

  /** {@code Patient/a}, {@code Device/b}: resources of this house that have to be found there. */
  static Set<String> references(JsonNode observation) {
    Set<String> all = new LinkedHashSet<>();
    for (String element : WHOSE) {
      String reference = observation.path(element).path("reference").asText();
      if (!reference.isEmpty() && !ABSOLUTE.matcher(reference).matches()) all.add(reference);
    }
    return all;
  }

  /** @param theirs reference here → reference there, of all {@link #references} */
  static ObjectNode translated(ObjectNode ours, Map<String, String> theirs) {
    ObjectNode observation = ours.deepCopy();
    String subject = observation.path("subject").path("reference").asText();
    String device = observation.path("device").path("reference").asText();
    replace(observation, theirs);
    String before = id(subject) + "." + id(device) + ".";
    if (!String.valueOf(identifier(ours)).startsWith(before))
      throw new Refusal(422, "its identifier is not of its subject and its device");
    String after = id(theirs.getOrDefault(subject, subject)) + "." + id(theirs.getOrDefault(device, device)) + ".";
    for (JsonNode identifier : observation.path(IDENTIFIER)) {
      String value = identifier.path("value").asText();
      if (GroupKey.SYSTEM.equals(identifier.path("system").textValue()) && value.startsWith(before))
        ((ObjectNode) identifier).put("value", after + value.substring(before.length()));
    }
    observation.put("id", idOf(GroupKey.SYSTEM, identifier(observation)));
    meta(observation, List.of(ours.path(META)));
    return observation;
  }

  private static String id(String reference) {
    return reference.substring(reference.lastIndexOf('/') + 1);
  }

  /** Lowercase hex SHA-256 of {@code system_value}, as the connector names what it creates. */
  static String idOf(String system, String value) {
    try {
      byte[] text = (system + "_" + value).getBytes(StandardCharsets.UTF_8);
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(text));
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  private static void replace(JsonNode tree, Map<String, String> theirs) {
    if (tree instanceof ObjectNode object) {
      String there = theirs.get(object.path("reference").asText());
      if (there != null) object.put("reference", there);
    }
    tree.forEach(part -> replace(part, theirs));
  }

  /** What a server of FHIR keeps for itself is left out: version and time. */
  private static void meta(ObjectNode observation, List<JsonNode> from) {
    ObjectNode meta = Trees.object();
    for (String name : KEPT_META) {
      Set<JsonNode> all = new LinkedHashSet<>();
      from.forEach(one -> one.path(name).forEach(all::add));
      if (!all.isEmpty()) meta.putArray(name).addAll(all);
    }
    observation.remove(META);
    if (!meta.isEmpty()) observation.set(META, meta);
  }

  /**
   * Ours and theirs in one.
   *
   * @param isTheirs nothing in it is new to them
   * @param isOurs   nothing in it is theirs alone: our next version may replace it as it is
   */
  record Merged(ObjectNode resource, boolean isTheirs, boolean isOurs) {}

  /**
   * What both have. Ours is the word on everything that a device mapping says; what only they have stays: samples, components, further elements and identifiers,
   * a longer period. {@code issued} is when it was there first, and who was taken back there stays so.
   *
   * @param theirs as it is there
   * @param ours   {@link #translated}
   */
  static Merged merged(ObjectNode theirs, ObjectNode ours) {
    ObjectNode all = ours.deepCopy();
    all.put("id", theirs.path("id").asText());
    boolean kept = values(theirs, ours, all, ours, theirs) | components(theirs, ours, all) | identifiers(theirs, all);
    kept |= period(theirs, all);
    kept |= hasMeta(theirs, ours);
    kept |= elements(theirs, all);
    kept |= issued(theirs, all);
    kept |= status(theirs, all);
    boolean isTheirs = plain(all).equals(plain(theirs));
    if (!isTheirs && all.path(STATUS).asText().equals("final")) all.put(STATUS, "amended");
    meta(all, List.of(ours.path(META), theirs.path(META)));
    return new Merged(all, isTheirs, !kept);
  }

  /** True: a profile, a label or a tag of theirs is none of ours, and would be lost if ours were put there as it is. */
  private static boolean hasMeta(JsonNode theirs, JsonNode ours) {
    for (String name : KEPT_META) {
      Set<JsonNode> own = new LinkedHashSet<>();
      ours.path(META).path(name).forEach(own::add);
      for (JsonNode one : theirs.path(META).path(name)) if (!own.contains(one)) return true;
    }
    return false;
  }

  /** True: it is about whom ours is about, or about nobody yet. @param there, translated as {@link #merged} takes them */
  static boolean isOfSameSubject(JsonNode there, JsonNode translated) {
    if (!there.has("subject")) return true;
    String whom = there.path("subject").path("reference").asText().replaceFirst("/_history/[^/]*$", "");
    String ours = translated.path("subject").path("reference").asText();
    return whom.equals(ours) || ABSOLUTE.matcher(whom).matches() && whom.endsWith("/" + ours);
  }

  private static ObjectNode plain(ObjectNode observation) {
    ObjectNode plain = observation.deepCopy();
    plain.remove(META);
    return plain;
  }

  /** True when a value or samples of theirs are in it that ours has not. @param wholeOurs, wholeTheirs the Observations that these values belong to */
  private static boolean values(JsonNode theirs, JsonNode ours, ObjectNode all, JsonNode wholeOurs,
      JsonNode wholeTheirs) {
    JsonNode one = theirs.path("valueSampledData");
    JsonNode other = ours.path("valueSampledData");
    if (!one.isObject() || !other.isObject()) return false;
    SampleUnion union = SampleUnion.of(one, start(wholeTheirs), other, start(wholeOurs));
    if (union == null)
      throw new Refusal(422,
          "samples there are of another period, origin or unit: they cannot be put together, and stay");
    ((ObjectNode) all.get("valueSampledData")).put("data", union.data());
    return union.hasTheirs();
  }

  private static Instant start(JsonNode observation) {
    String text = observation.path(PERIOD).path("start").asText();
    return text.isEmpty() ? null : Timestamps.parse(text);
  }

  private static boolean components(ObjectNode theirs, ObjectNode ours, ObjectNode all) {
    boolean kept = false;
    for (JsonNode component : theirs.path(COMPONENT)) {
      int same = indexOf(component, ours.path(COMPONENT));
      if (same >= 0) {
        kept |= values(component, ours.path(COMPONENT).get(same), (ObjectNode) all.path(COMPONENT).get(same), ours,
            theirs);
      } else {
        list(all, COMPONENT).add(component.deepCopy());
        kept = true;
      }
    }
    return kept;
  }

  /** By the connector's coding, or else by the whole code. */
  private static int indexOf(JsonNode component, JsonNode among) {
    String name = coding(component);
    for (int i = 0; i < among.size(); i++) {
      JsonNode one = among.get(i);
      if (name == null ? one.path("code").equals(component.path("code")) : name.equals(coding(one))) return i;
    }
    return -1;
  }

  private static String coding(JsonNode component) {
    for (JsonNode coding : component.path("code").path("coding"))
      if (GroupKey.SYSTEM.equals(coding.path("system").textValue())) return coding.path("code").textValue();
    return null;
  }

  private static boolean identifiers(ObjectNode theirs, ObjectNode all) {
    boolean kept = false;
    for (JsonNode identifier : theirs.path(IDENTIFIER)) {
      boolean known = false;
      for (JsonNode one : all.path(IDENTIFIER))
        known |= one.path("system").equals(identifier.path("system"))
            && one.path("value").equals(identifier.path("value"));
      if (known) continue;
      list(all, IDENTIFIER).add(identifier.deepCopy());
      kept = true;
    }
    return kept;
  }

  /** The longer one; where both say the same time, in their words. */
  private static boolean period(ObjectNode theirs, ObjectNode all) {
    if (!theirs.path(PERIOD).isObject() || !(all.path(PERIOD) instanceof ObjectNode period)) return false;
    boolean start = edge(theirs.path(PERIOD), period, "start", -1);
    boolean end = edge(theirs.path(PERIOD), period, "end", 1);
    return start || end;
  }

  private static boolean edge(JsonNode theirs, ObjectNode period, String name, int wider) {
    Instant one = Timestamps.parse(theirs.path(name).asText());
    Instant other = Timestamps.parse(period.path(name).asText());
    if (one == null || other == null) return false;
    int order = one.compareTo(other) * wider;
    if (order >= 0) period.put(name, theirs.path(name).asText());
    return order > 0;
  }

  /** What ours says nothing of at all. */
  private static boolean elements(ObjectNode theirs, ObjectNode all) {
    boolean kept = false;
    for (Iterator<Map.Entry<String, JsonNode>> fields = theirs.fields(); fields.hasNext();) {
      Map.Entry<String, JsonNode> field = fields.next();
      String name = field.getKey();
      boolean said = all.has(name) || name.equals(META) || choice(all, name, "value")
          || choice(all, name, "effective") || name.equals("category") || name.equals("dataAbsentReason");
      if (said) continue;
      all.set(name, field.getValue().deepCopy());
      kept = true;
    }
    return kept;
  }

  private static boolean choice(ObjectNode all, String name, String of) {
    if (!name.startsWith(of)) return false;
    for (Iterator<String> names = all.fieldNames(); names.hasNext();) if (names.next().startsWith(of)) return true;
    return false;
  }

  private static boolean issued(ObjectNode theirs, ObjectNode all) {
    if (!theirs.has(ISSUED) || theirs.path(ISSUED).equals(all.path(ISSUED))) return false;
    all.set(ISSUED, theirs.get(ISSUED));
    return true;
  }

  private static boolean status(ObjectNode theirs, ObjectNode all) {
    String there = theirs.path(STATUS).asText();
    String here = all.path(STATUS).asText();
    boolean stays = WITHDRAWN.contains(there) || here.equals("final") && CHANGED.contains(there);
    if (stays) all.put(STATUS, there);
    return stays && !there.equals(here);
  }

  private static ArrayNode list(ObjectNode of, String element) {
    return of.get(element) instanceof ArrayNode array ? array : of.putArray(element);
  }
}

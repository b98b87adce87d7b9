package io.caregrid.dicom.fhir;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.dicom.fhir.Attributes.Name;
import io.caregrid.store.ImageStudies.Instance;
import io.caregrid.store.ImageStudies.Series;
import io.caregrid.store.ImageStudies.Study;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.ZoneId;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeSet;

/**
 * A study of the archive as FHIR R4 ImagingStudy (imagingstudy-mappings.html#dicom). A pure function: the same study gives the same resource, whatever
 * the order its instances came in.
 */
final class StudyResource {
  static final String TYPE = "ImagingStudy";
  private static final String DICOM = "http://dicom.nema.org/resources/ontology/DCM";
  /** Coding Scheme Designator (PS3.16 table 8-1) → FHIR's address of the code system. */
  private static final Map<String, String> SYSTEMS = Map.of("DCM", DICOM, "SCT", "http://snomed.info/sct", "LN",
      "http://loinc.org");
  /** Laterality (0020,0060) → SNOMED CT, of FHIR's value set bodysite-laterality. */
  private static final Map<String, List<String>> SIDES = Map.of("L", List.of("419161000", "Unilateral left"), "R",
      List.of("419465000", "Unilateral right"));

  private final ZoneId zone;
  private final String endpoint;

  /** @param zone of modalities that do not name theirs, or null @param endpoint reference to where the pictures are */
  StudyResource(ZoneId zone, String endpoint) {
    this.zone = zone;
    this.endpoint = endpoint;
  }

  /** The Study Instance UID itself, which has FHIR's form of an id; its SHA-256 when somebody made one that has not (FHIR R4 datatypes.html#id). */
  static String id(String studyUid) {
    return studyUid.matches("[A-Za-z0-9\\-.]{1,64}") ? studyUid : sha256(studyUid);
  }

  static String sha256(String text) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest);
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  /** @param subject a FHIR Reference */
  ObjectNode of(String uid, Study study, ObjectNode subject) {
    Attributes attributes = new Attributes(study.attributes());
    ObjectNode resource = JsonNodeFactory.instance.objectNode().put("resourceType", TYPE);
    identifiers(resource.putArray("identifier"), uid, attributes);
    resource.put("status", "available");
    modalities(resource, study.series());
    resource.set("subject", subject);
    put(resource, "started",
        Moment.dateTime(attributes.text("00080020"), attributes.text("00080030"), attributes.text("00080201"), zone));
    people(resource, attributes);
    resource.putArray("endpoint").addObject().put("reference", endpoint);
    resource.put("numberOfSeries", study.series().size());
    resource.put("numberOfInstances", study.series().stream().mapToInt(series -> series.instances().size()).sum());
    procedures(resource, attributes.items("00081032"));
    put(resource, "description", attributes.text("00081030"));
    ArrayNode series = resource.putArray("series");
    inOrder(study.series()).forEach(one -> series(series.addObject(), one, attributes.text("00080201")));
    return resource;
  }

  private static void identifiers(ArrayNode identifiers, String uid, Attributes study) {
    identifiers.addObject().put("system", "urn:dicom:uid").put("value", "urn:oid:" + uid);
    String accession = study.text("00080050");
    if (accession == null) return;
    ObjectNode identifier = identifiers.addObject();
    identifier.putObject("type")
        .putArray("coding")
        .addObject()
        .put("system", "http://terminology.hl7.org/CodeSystem/v2-0203")
        .put("code", "ACSN");
    identifier.put("value", accession);
  }

  private static void modalities(ObjectNode resource, List<Series> series) {
    TreeSet<String> codes = new TreeSet<>();
    for (Series one : series) {
      String modality = new Attributes(one.attributes()).text("00080060");
      if (modality != null) codes.add(modality);
    }
    if (codes.isEmpty()) return;
    ArrayNode modalities = resource.putArray("modality");
    codes.forEach(code -> modalities.addObject().put("system", DICOM).put("code", code));
  }

  private static void people(ObjectNode resource, Attributes study) {
    Name referrer = study.name("00080090");
    if (referrer != null) resource.putObject("referrer").put("display", referrer.display());
    List<Name> readers = study.names("00081060");
    if (readers.isEmpty()) return;
    ArrayNode interpreters = resource.putArray("interpreter");
    readers.forEach(reader -> interpreters.addObject().put("display", reader.display()));
  }

  private static void procedures(ObjectNode resource, List<Attributes> codes) {
    for (Attributes code : codes) {
      String value = code.text("00080100") != null ? code.text("00080100") : code.text("00080119");
      if (value == null) continue;
      ObjectNode concept = resource.withArray("/procedureCode").addObject();
      ObjectNode coding = concept.putArray("coding").addObject();
      put(coding, "system", SYSTEMS.get(String.valueOf(code.text("00080102"))));
      coding.put("code", value);
      put(coding, "display", code.text("00080104"));
      put(concept, "text", code.text("00080104"));
    }
  }

  /** By their numbers, as a reader pages through them; what has none comes last. */
  private static List<Series> inOrder(List<Series> series) {
    return series.stream()
        .sorted(Comparator
            .<Series>comparingInt(one -> new Attributes(one.attributes()).count("00200011").orElse(Integer.MAX_VALUE))
            .thenComparing(Series::uid))
        .toList();
  }

  private void series(ObjectNode series, Series one, String offset) {
    Attributes attributes = new Attributes(one.attributes());
    series.put("uid", one.uid());
    attributes.count("00200011").ifPresent(number -> series.put("number", number));
    modality(series.putObject("modality"), attributes.text("00080060"));
    put(series, "description", attributes.text("0008103E"));
    series.put("numberOfInstances", one.instances().size());
    List<String> side = SIDES.get(String.valueOf(attributes.text("00200060")));
    if (side != null)
      series.putObject("laterality")
          .put("system", "http://snomed.info/sct")
          .put("code", side.get(0))
          .put("display", side.get(1));
    String own = attributes.text("00080201");
    put(series, "started", Moment.dateTime(attributes.text("00080021"), attributes.text("00080031"),
        own != null ? own : offset, zone));
    ArrayNode instances = series.putArray("instance");
    one.instances()
        .stream()
        .sorted(Comparator.<Instance>comparingInt(each -> Attributes.countOf(each.number()).orElse(Integer.MAX_VALUE))
            .thenComparing(Instance::uid))
        .forEach(each -> instance(instances.addObject(), each));
  }

  /** FHIR wants one; when the pictures do not say it, we do not make it up. */
  private static void modality(ObjectNode coding, String modality) {
    if (modality != null) coding.put("system", DICOM).put("code", modality);
    else
      coding.putArray("extension")
          .addObject()
          .put("url", "http://hl7.org/fhir/StructureDefinition/data-absent-reason")
          .put("valueCode", "unknown");
  }

  private static void instance(ObjectNode instance, Instance one) {
    instance.put("uid", one.uid());
    instance.putObject("sopClass").put("system", "urn:ietf:rfc:3986").put("code", "urn:oid:" + one.sopClass());
    OptionalInt number = Attributes.countOf(one.number());
    if (number.isPresent()) instance.put("number", number.getAsInt());
  }

  private static void put(ObjectNode object, String name, String value) {
    if (value != null) object.put(name, value);
  }
}

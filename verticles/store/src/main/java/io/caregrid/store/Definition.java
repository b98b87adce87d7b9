package io.caregrid.store;

import io.caregrid.contract.Failure;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What the store knows about one resource type: the table of its search parameters (FHIR R4, each resource's "Search Parameters").
 * A type added here also needs one {@code add_resource_type} in a migration.
 *
 * @param type    FHIR resource type
 * @param patient where the reference to the patient stands whose compartment it is in, or null; Patient is in its own
 * @param params  by name
 */
record Definition(String type, String patient, Map<String, Param> params) {

  private static final List<Param> COMMON = List.of(
      Param.token("_tag", "meta.tag"),
      Param.token("_security", "meta.security"),
      Param.uri("_profile", "meta.profile"));

  private static final Map<String, Definition> ALL = byType(
      of("Patient", null,
          Param.token("identifier", "identifier"),
          Param.string("name", "name.text", "name.family", "name.given", "name.prefix", "name.suffix"),
          Param.string("family", "name.family"),
          Param.string("given", "name.given"),
          Param.date("birthdate", "birthDate"),
          Param.code("gender", "gender", "http://hl7.org/fhir/administrative-gender"),
          Param.code("active", "active", "http://hl7.org/fhir/special-values"),
          Param.reference("general-practitioner", "generalPractitioner"),
          Param.reference("organization", "managingOrganization")),
      of("Device", "patient",
          Param.token("identifier", "identifier"),
          Param.patient("patient", "patient"),
          Param.token("type", "type"),
          Param.code("status", "status", "http://hl7.org/fhir/device-status"),
          Param.string("device-name", "deviceName.name", "type.text", "type.coding.display"),
          Param.string("manufacturer", "manufacturer"),
          Param.string("model", "modelNumber"),
          Param.reference("organization", "owner"),
          Param.reference("location", "location"),
          Param.uri("url", "url")),
      of("Observation", "subject",
          Param.token("identifier", "identifier"),
          Param.patient("patient", "subject"),
          Param.reference("subject", "subject"),
          Param.reference("device", "device"),
          Param.token("code", "code"),
          Param.date("date", "effectiveDateTime", "effectivePeriod", "effectiveInstant", "effectiveTiming"),
          Param.code("status", "status", "http://hl7.org/fhir/observation-status"),
          Param.token("category", "category"),
          Param.token("component-code", "component.code"),
          Param.token("combo-code", "code", "component.code"),
          Param.token("value-concept", "valueCodeableConcept"),
          Param.token("method", "method"),
          Param.reference("encounter", "encounter"),
          Param.reference("performer", "performer"),
          Param.reference("based-on", "basedOn"),
          Param.reference("has-member", "hasMember"),
          Param.reference("derived-from", "derivedFrom"),
          Param.reference("specimen", "specimen")),
      of("ImagingStudy", "subject",
          Param.token("identifier", "identifier"),
          Param.patient("patient", "subject"),
          Param.reference("subject", "subject"),
          Param.date("started", "started"),
          Param.code("status", "status", "http://hl7.org/fhir/imagingstudy-status"),
          Param.token("modality", "series.modality"),
          Param.token("bodysite", "series.bodySite"),
          Param.token("series", "series.uid"),
          Param.token("instance", "series.instance.uid"),
          Param.token("dicom-class", "series.instance.sopClass"),
          Param.token("reason", "reasonCode"),
          Param.reference("basedon", "basedOn"),
          Param.reference("encounter", "encounter"),
          Param.reference("endpoint", "endpoint", "series.endpoint"),
          Param.reference("interpreter", "interpreter"),
          Param.reference("performer", "series.performer.actor"),
          Param.reference("referrer", "referrer")),
      of("Endpoint", null,
          Param.token("identifier", "identifier"),
          Param.string("name", "name"),
          Param.code("status", "status", "http://hl7.org/fhir/endpoint-status"),
          Param.token("connection-type", "connectionType"),
          Param.token("payload-type", "payloadType"),
          Param.reference("organization", "managingOrganization")));

  private static Definition of(String type, String patient, Param... own) {
    Map<String, Param> params = new LinkedHashMap<>();
    Stream.concat(COMMON.stream(), Stream.of(own)).forEach(param -> params.put(param.name(), param));
    return new Definition(type, patient, params);
  }

  private static Map<String, Definition> byType(Definition... definitions) {
    Map<String, Definition> byType = new LinkedHashMap<>();
    for (Definition definition : definitions) byType.put(definition.type(), definition);
    return byType;
  }

  static Set<String> types() {
    return ALL.keySet();
  }

  /** NotFound 404: the type is unknown, or not kept yet (FHIR R4 http.html#general). */
  static Definition of(String type) {
    Definition definition = ALL.get(type);
    if (definition == null)
      throw new Failure.NotFound("This server keeps no resources of that type, but " + String.join(", ", ALL.keySet()));
    return definition;
  }
}

package io.caregrid.contract;

/**
 * What a route asks of whoever calls it. Each route of the house names exactly one ({@link Gate#needs}); a role is a set of them ({@link Roles}).
 */
public enum Access {
  OPEN("nothing: anybody may"),
  FHIR_READ("read and search resources, and watch what devices say"),
  FHIR_WRITE("create, update and delete resources; what was deleted stays in the history"),
  FHIR_HARD_DELETE("remove resources with their history"),
  FHIR_EXPORT("export resources in bulk"),
  FHIR_EXPORT_DEIDENTIFIED("export resources in bulk, de-identified only"),
  FHIR_IMPORT("import resources in bulk"),
  FHIR_CONVERT("convert other formats to FHIR"),
  DICOM_READ("search and retrieve pictures"),
  DICOM_WRITE("store pictures"),
  DICOM_DELETE("delete pictures"),
  DICOM_TAGS("say by which more attributes pictures are found"),
  TELEMETRY_SEND("send what devices measure"),
  MAPPING_PREVIEW("try a mapping on messages that one brings along"),
  ANALYTICS_QUERY("ask the lake in SQL, and run views"),
  OPERATE("see how the node is doing and what it could not use, and say how messages of devices are understood"),
  AUDIT_READ("read who looked at what");

  /** Completes "may …". */
  public final String meaning;

  Access(String meaning) {
    this.meaning = meaning;
  }
}

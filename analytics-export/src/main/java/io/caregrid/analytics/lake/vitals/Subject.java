package io.caregrid.analytics.lake.vitals;

/** Ids out of references. */
final class Subject {
  private static final String HISTORY = "/_history/";

  private Subject() {}

  /** The Patient's id, or the reference when it is one of another server; null when it is no Patient. */
  static String patient(String reference) {
    return reference != null && (reference.startsWith("Patient/") || reference.contains("/Patient/"))
        ? id("Patient", reference)
        : null;
  }

  /** The id in {@code type/id} and {@code type/id/_history/version}; any other reference as it is. */
  static String id(String type, String reference) {
    if (reference == null || !reference.startsWith(type + "/")) return reference;
    String id = reference.substring(type.length() + 1);
    int version = id.indexOf(HISTORY);
    return version < 0 ? id : id.substring(0, version);
  }
}

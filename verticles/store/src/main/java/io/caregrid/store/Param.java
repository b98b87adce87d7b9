package io.caregrid.store;

import java.util.List;

/**
 * One search parameter of one resource type.
 *
 * @param name   as the client writes it
 * @param kind   how values are found in a resource and compared
 * @param paths  where its values stand: element names joined by dots, arrays opened on the way
 * @param system the system a bare code of this element belongs to, or null
 * @param target the only resource type a reference may point to, or null when any
 */
record Param(String name, Kind kind, List<String> paths, String system, String target) {
  enum Kind {
    TOKEN,
    REFERENCE,
    STRING,
    URI,
    /** The type's primary date: it lies in columns of its own. */
    DATE
  }

  static Param token(String name, String... paths) {
    return new Param(name, Kind.TOKEN, List.of(paths), null, null);
  }

  /** An element of FHIR type code, whose system is fixed by the specification. */
  static Param code(String name, String path, String system) {
    return new Param(name, Kind.TOKEN, List.of(path), system, null);
  }

  static Param reference(String name, String... paths) {
    return new Param(name, Kind.REFERENCE, List.of(paths), null, null);
  }

  static Param patient(String name, String path) {
    return new Param(name, Kind.REFERENCE, List.of(path), null, "Patient");
  }

  static Param string(String name, String... paths) {
    return new Param(name, Kind.STRING, List.of(paths), null, null);
  }

  static Param uri(String name, String... paths) {
    return new Param(name, Kind.URI, List.of(paths), null, null);
  }

  static Param date(String name, String... paths) {
    return new Param(name, Kind.DATE, List.of(paths), null, null);
  }
}

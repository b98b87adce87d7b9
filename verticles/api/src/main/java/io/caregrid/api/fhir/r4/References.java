package io.caregrid.api.fhir.r4;

import com.fasterxml.jackson.databind.node.ObjectNode;

/** The text of {@code Reference.reference} (FHIR R4 references.html#literal). */
final class References {
  private References() {}

  /** What is wrong with it; null when nothing is. Completes "Observation.subject.reference …". */
  static String fault(String text, Element of, boolean conditional, Fragments fragments, ObjectNode resource) {
    if (text.isEmpty()) return null; // told as an empty string
    if (text.charAt(0) == '#') return fragment(text, fragments, resource);
    int end = schemeEnd(text);
    if (end > 0) return end == text.length() - 1 ? "is a scheme with nothing behind it" : null;
    int asks = text.indexOf('?');
    if (asks >= 0) {
      if (!conditional) return "is a search: that is possible only inside of a transaction";
      return type(text.substring(0, asks), of);
    }
    String[] parts = text.split("/", -1);
    boolean formed = (parts.length == 2 || parts.length == 4 && parts[2].equals("_history") && Primitive.isId(parts[3]))
        && Primitive.isId(parts[1]);
    return formed
        ? type(parts[0], of)
        : "is neither Type/id, an absolute URL, urn:uuid: or urn:oid:, nor # with the id of a contained resource";
  }

  private static String fragment(String text, Fragments fragments, ObjectNode resource) {
    if (text.length() == 1 && fragments.container == resource)
      return "is #, the container, outside of a contained resource";
    if (text.length() > 1 && !fragments.isThere(text.substring(1)))
      return "breaks FHIR's rule ref-1: nothing with that id is contained in the resource";
    fragments.mention(text);
    return null;
  }

  private static String type(String name, Element of) {
    if (Definitions.R4.resource(name) == null) return "names no resource type of FHIR R4";
    if (of == null || of.targets().isEmpty() || of.targets().contains(name)) return null;
    return "is to a " + name + ", but may be to " + String.join(", ", of.targets().stream().sorted().toList())
        + " only";
  }

  /** Where the colon of {@code https:} or {@code urn:} is; -1 where there is no scheme. */
  private static int schemeEnd(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == ':') return i > 0 ? i : -1;
      boolean sign = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
          || i > 0 && (c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.');
      if (!sign) return -1;
    }
    return -1;
  }
}

package io.caregrid.fhirpath;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a reference's text says of the resource it points to (FHIR R4 references.html#literal).
 *
 * @param base of an absolute URL what stands before the type; else empty
 */
record Target(String base, String type, String id) {

  private static final int LONGEST = 2_000;
  private static final Pattern RESTFUL = Pattern.compile(
      "((?:https?://[^\\s?#]*?/)?)([A-Z][A-Za-z]{1,40})/([A-Za-z0-9\\-.]{1,64})(?:/_history/[A-Za-z0-9\\-.]{1,64})?");

  /** Null when the text does not tell, or names no type of R4: an urn, for example, or a fragment. */
  static Target of(String reference) {
    if (reference == null || reference.length() > LONGEST) return null;
    Matcher found = RESTFUL.matcher(reference);
    if (!found.matches()) return null;
    return new Target(found.group(1), found.group(2), found.group(3));
  }
}

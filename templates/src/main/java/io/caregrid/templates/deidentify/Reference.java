package io.caregrid.templates.deidentify;

import java.util.List;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The forms in which a reference names an id (FHIR R4 references.html#literal); of any other the whole text counts as one. */
final class Reference {
  private static final Pattern RESTFUL = Pattern.compile(
      "((?:https?://[A-Za-z0-9\\\\/.:%$_~-]*/)?([A-Z][A-Za-z]{1,63})/)([A-Za-z0-9\\-.]{1,64})(/_history/[A-Za-z0-9\\-.]{1,64})?");
  private static final List<Pattern> OTHERS = List.of(
      Pattern.compile("(#)([A-Za-z0-9\\-.]{1,64})"),
      Pattern.compile("(urn:oid:)([0-2](?:\\.(?:0|[1-9][0-9]*))+)"),
      Pattern.compile("(urn:uuid:)([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"));
  /** Longer ones are no addresses that anybody wrote. */
  private static final int LONGEST = 2_000;

  private Reference() {}

  /** @param local whether of {@code http://host/fhir/Patient/1/_history/2} only {@code Patient} and the id stay */
  static String withId(String text, boolean local, UnaryOperator<String> change) {
    if (text.length() > LONGEST) return change.apply(text);
    Matcher restful = RESTFUL.matcher(text);
    if (restful.matches() && Types.isResource(restful.group(2))) {
      if (local) return restful.group(2) + "/" + change.apply(restful.group(3));
      String version = restful.group(4) == null ? "" : restful.group(4);
      return restful.group(1) + change.apply(restful.group(3)) + version;
    }
    for (Pattern form : OTHERS) {
      Matcher found = form.matcher(text);
      if (found.matches()) return found.group(1) + change.apply(found.group(2));
    }
    return change.apply(text);
  }
}

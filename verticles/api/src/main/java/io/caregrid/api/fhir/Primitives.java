package io.caregrid.api.fhir;

import ca.uhn.fhir.context.BaseRuntimeChildDefinition;
import ca.uhn.fhir.context.BaseRuntimeElementDefinition;
import ca.uhn.fhir.parser.DataFormatException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeType;
import io.caregrid.contract.OperationOutcome.Issue;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.hl7.fhir.instance.model.api.IPrimitiveType;

/** The form of one primitive value (FHIR R4 datatypes.html#primitive). */
final class Primitives {
  private static final Set<String> NUMBERS = Set.of("integer", "decimal", "positiveInt", "unsignedInt");
  /** Where HAPI's types take what the standard's regular expression does not. Blanks inside a uri are let through: systems in use have them. */
  private static final Map<String, Pattern> FORMS = Map.of(
      "id", Pattern.compile("[A-Za-z0-9\\-.]{1,64}"),
      "code", Pattern.compile("[^\\s]+(\\s[^\\s]+)*"),
      "oid", Pattern.compile("urn:oid:[0-2](\\.(0|[1-9][0-9]*))+"),
      "positiveInt", Pattern.compile("[1-9][0-9]*"),
      "unsignedInt", Pattern.compile("0|[1-9][0-9]*"),
      "integer", Pattern.compile("0|-?[1-9][0-9]*"),
      "instant", Pattern.compile("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?(Z|[+-]\\d\\d:\\d\\d)"));

  private Primitives() {}

  static Optional<Issue> check(JsonNode value, BaseRuntimeElementDefinition<?> type, BaseRuntimeChildDefinition child,
      String place) {
    String name = type.getName();
    if (value.isNull()) {
      return child.getMax() == 1 ? problem("structure", place, " must not be null: leave it out") : Optional.empty();
    }
    if (value.getNodeType() != jsonType(name)) {
      return problem("structure", place, " must be a JSON " + jsonType(name).name().toLowerCase(java.util.Locale.ROOT));
    }
    String text = value.asText();
    if (text.isBlank()) return problem("value", place, " must not be blank: leave it out");
    Pattern form = FORMS.get(name);
    if (form != null && !form.matcher(text).matches()) return problem("value", place, " is not a valid " + name);
    return parsed(text, type, child) ? Optional.empty() : problem(codeOf(name), place, reason(name));
  }

  private static boolean parsed(String text, BaseRuntimeElementDefinition<?> type, BaseRuntimeChildDefinition child) {
    try {
      IPrimitiveType<?> instance = (IPrimitiveType<?>) type.newInstance(child.getInstanceConstructorArguments());
      instance.setValueAsString(text);
      return true;
    } catch (DataFormatException | IllegalArgumentException refused) {
      return false;
    }
  }

  private static String codeOf(String type) {
    return type.equals("code") ? "code-invalid" : "value";
  }

  private static String reason(String type) {
    return type.equals("code") ? " is not one of the codes that FHIR R4 allows here" : " is not a valid " + type;
  }

  private static JsonNodeType jsonType(String type) {
    if (type.equals("boolean")) return JsonNodeType.BOOLEAN;
    return NUMBERS.contains(type) ? JsonNodeType.NUMBER : JsonNodeType.STRING;
  }

  private static Optional<Issue> problem(String code, String place, String text) {
    return Optional.of(Issue.error(code, place + text, place));
  }
}

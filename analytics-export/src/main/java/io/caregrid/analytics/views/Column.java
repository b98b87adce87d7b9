package io.caregrid.analytics.views;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.caregrid.fhirpath.FhirPath;
import io.caregrid.fhirpath.Value;
import java.math.BigDecimal;
import java.util.List;
import java.util.Set;

/**
 * One column as one select fills it.
 *
 * @param index      its place in a row; the branches of a unionAll share theirs
 * @param type       as the ViewDefinition declares it; null when it does not
 * @param collection several values become an array
 * @param place      of its path in the ViewDefinition
 */
record Column(int index, String name, String type, boolean collection, FhirPath path, String place) {

  static final String ROW_INDEX = "rowIndex";
  private static final int MOST_DIGITS = 100;
  private static final JsonNodeFactory JSON = JsonNodeFactory.withExactBigDecimals(true);
  private static final Set<String> WHOLE = Set.of("integer", "integer64", "positiveInt", "unsignedInt");
  private static final Set<String> TEXT = Set.of("string", "code", "id", "uri", "url", "canonical", "oid", "uuid",
      "markdown", "base64Binary", "date", "dateTime", "instant", "time");

  JsonNode value(Focus focus) {
    List<Value> values = focus.values(path, place);
    if (collection) {
      ArrayNode all = JSON.arrayNode(values.size());
      values.forEach(value -> all.add(cell(value)));
      return all;
    }
    if (values.size() > 1)
      throw Focus.failed(place,
          "gives several values for one cell of column " + name + "; say collection: true, or take first()");
    return values.isEmpty() ? JSON.nullNode() : cell(values.get(0));
  }

  /** What a row has where forEachOrNull found nothing: null, but the index is that of the only row. */
  JsonNode nothing() {
    return path.toString().strip().equals("%" + ROW_INDEX) ? JSON.numberNode(0) : JSON.nullNode();
  }

  private JsonNode cell(Value value) {
    JsonNode json = value.json();
    if (type == null || json.isNull() || json.isContainerNode()) return json;
    String declared = type.substring(type.lastIndexOf('/') + 1);
    JsonNode fitting = fitting(declared, json);
    if (fitting == null)
      throw Focus.failed(place, "gives a " + value.typeName() + " for column " + name + ", which is declared as "
          + declared);
    return fitting;
  }

  /** Null when the value cannot be of that type. */
  private static JsonNode fitting(String declared, JsonNode json) {
    if (TEXT.contains(declared)) return json.isTextual() ? json : JSON.textNode(json.asText());
    if (declared.equals("boolean")) return json.isBoolean() ? json : null;
    if (declared.equals("decimal")) return json.isNumber() ? json : null;
    if (!WHOLE.contains(declared)) return json;
    if (!json.isNumber()) return null;
    BigDecimal number = json.decimalValue();
    return json.isIntegralNumber()
        ? json
        : number.precision() - number.scale() < MOST_DIGITS && number.stripTrailingZeros().scale() <= 0
            ? JSON.numberNode(number.toBigInteger())
            : null;
  }
}

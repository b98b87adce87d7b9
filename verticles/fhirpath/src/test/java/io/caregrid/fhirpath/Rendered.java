package io.caregrid.fhirpath;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import org.hl7.fhir.r4.model.Base;
import org.hl7.fhir.r4.model.IdType;
import org.hl7.fhir.r4.model.Resource;

/**
 * Values of the two engines as text of one form: type and value of a primitive, members in the order of their names of all else, numbers without
 * trailing zeros. FHIR's primitives and FHIRPath's own types of the same name are one, as HAPI knows no difference.
 */
final class Rendered {
  static final JsonMapper JSON = JsonMapper.builder()
      .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
      .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
      .nodeFactory(JsonNodeFactory.withExactBigDecimals(true))
      .build();

  private Rendered() {}

  static List<String> ours(List<Value> values) {
    List<String> all = new ArrayList<>();
    for (Value value : values) all.add(ours(value));
    return all;
  }

  private static String ours(Value value) {
    String type = value.type().name().toLowerCase(Locale.ROOT);
    if (value instanceof Quantity quantity) return "quantity " + number(quantity.value()) + " " + quantity.unit();
    if (!(value instanceof Node node)) return type + " " + plain(value.json());
    if (node.json().isContainerNode()) return (node.json().has("resourceType") ? type : "") + sorted(node.json());
    return type + " " + (node.hasValue() ? utc(plain(node.json())) : "");
  }

  static List<String> hapis(List<Base> values) throws Exception {
    List<String> all = new ArrayList<>();
    for (Base value : values) all.add(hapis(value));
    return all;
  }

  private static String hapis(Base value) throws Exception {
    String type = value.fhirType().toLowerCase(Locale.ROOT);
    if (value instanceof org.hl7.fhir.r4.model.Quantity quantity && quantity.getUserString("fhirpath") != null)
      return "quantity " + number(quantity.getValue()) + " " + quantity.getCode();
    if (value instanceof IdType id) return "id " + (id.getIdPart() == null ? "" : id.getIdPart());
    if (!value.isPrimitive()) return (value instanceof Resource ? type : "") + sorted(Hapi.ENGINE.json(value));
    String text = value.primitiveValue();
    if (text == null) return type + " ";
    if (type.equals("datetime") || type.equals("instant")) return type + " " + utc(text);
    boolean number = type.equals("decimal");
    return type + " " + (number ? number(new BigDecimal(text)) : text);
  }

  /** HAPI writes one of the two ways. */
  private static String utc(String text) {
    return text.endsWith("+00:00") ? text.substring(0, text.length() - 6) + "Z" : text;
  }

  private static String plain(JsonNode json) {
    return json.isNumber() ? number(json.decimalValue()) : json.asText();
  }

  private static String number(BigDecimal value) {
    return value.signum() == 0 ? "0" : value.stripTrailingZeros().toPlainString();
  }

  private static String sorted(JsonNode json) {
    if (json.isObject()) {
      TreeMap<String, String> members = new TreeMap<>();
      for (Iterator<String> names = json.fieldNames(); names.hasNext();) {
        String name = names.next();
        members.put(name, sorted(json.get(name)));
      }
      return members.toString();
    }
    if (!json.isArray()) return plain(json);
    List<String> items = new ArrayList<>();
    json.forEach(item -> items.add(sorted(item)));
    return items.toString();
  }
}

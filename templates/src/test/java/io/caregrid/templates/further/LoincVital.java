package io.caregrid.templates.further;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.templates.observation.FhirType;

/**
 * A worked example: a Quantity with a LOINC code in one line. In a mapping:
 *
 * <pre>
 * {"templateType": "LoincVital", "template": {"typeName": "temperature", "loinc": "8310-5", "valueName": "t", "ucum": "Cel"}}
 * </pre>
 */
public final class LoincVital implements FhirType {
  @Override
  public String templateType() {
    return "LoincVital";
  }

  @Override
  public JsonNode codeValue(JsonNode template) {
    if (!template.path("loinc").isTextual()) throw new IllegalArgumentException("loinc is needed.");
    ObjectNode meant = JsonNodeFactory.instance.objectNode();
    meant.set("typeName", template.get("typeName"));
    meant.putArray("codes").addObject().put("system", "http://loinc.org").set("code", template.get("loinc"));
    ObjectNode value = meant.putObject("value").put("valueType", "Quantity").put("system", "http://unitsofmeasure.org");
    value.set("valueName", template.get("valueName"));
    value.set("unit", template.get("ucum"));
    value.set("code", template.get("ucum"));
    return meant;
  }
}

package io.caregrid.templates;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.templates.device.DeviceMapping;
import io.caregrid.templates.observation.FhirMapping;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is wrong with a mapping is said when it is loaded, all at once, with line and column. */
class MappingErrorsTest {
  @Test
  void everyMistakeOfADeviceMappingIsSaidAtOnce() {
    List<String> said = problems(() -> DeviceMapping.parse("""
        {
          "templateType": "CollectionContent",
          "template": [
            {"templateType": "JsonPathContent",
             "template": {
               "typeName": "a",
               "typeMatchExpression": "$..[?(@x]",
               "deviceIdExpression": null,
               "timestampExpresion": "$.t",
               "values": [{"valueName": "v", "valueExpression": "$.v", "required": "yes"}, {"valueName": "w"}, 5]
             }},
            {"templateType": "CalculatedContent", "template": {}},
            {"templateType": "Nonsense", "template": {}},
            {"templateType": "JsonPathContent", "template": []},
            {"templateType": "JsonPathContent", "template": {"typeName": "b", "typeMatchExpression": " ",
               "deviceIdExpression": {"value": "$.d"}, "timestampExpression": "$.t"}}
          ]
        }"""));

    assertEquals(List.of(
        "line 5, column 18: Required property 'DeviceIdExpression' expects a value but got null.",
        "line 5, column 18: Required property 'TimestampExpression' not found in JSON.",
        "line 7, column 31: [TypeMatchExpression] JSONPath $..[?(@x], position 9: an operator is expected (== === != !== <> < <= > >= =~ && ||).",
        "line 9, column 8: Could not find member 'timestampExpresion' on object of type 'JsonPathContentTemplate'. Known are "
            + "correlationIdExpression, deviceIdExpression, encounterIdExpression, patientIdExpression, timestampExpression, typeMatchExpression, "
            + "typeName, values.",
        "line 10, column 76: 'required' must be true or false.",
        "line 10, column 84: Required property 'ValueExpression' not found in JSON.",
        "line 10, column 104: Expected an object for WrappedJsonPathValueExpression.",
        "line 12, column 55: Required property 'TypeName' not found in JSON.",
        "line 12, column 55: Required property 'TypeMatchExpression' not found in JSON.",
        "line 12, column 55: Required property 'DeviceIdExpression' not found in JSON.",
        "line 12, column 55: Required property 'TimestampExpression' not found in JSON.",
        "line 13, column 5: No match found for template type Nonsense.",
        "line 14, column 53: Expected an object for the template property value for template type JsonPathContentTemplate.",
        "line 15, column 94: An expression must be set for [TypeMatchExpression].",
        "line 16, column 30: 'DeviceIdExpression' must be a JSONPath as text."), said);
  }

  @Test
  void everyMistakeOfACalculatedTemplateIsSaidAtOnce() {
    List<String> said = problems(() -> DeviceMapping.parse("""
        {"templateType": "CollectionContent", "template": [
          {"templateType": "CalculatedContent", "template": {
            "typeName": "a", "defaultExpressionLanguage": "XPath",
            "typeMatchExpression": {"value": "to_array(@)[?a", "language": "JmesPath"},
            "deviceIdExpression": {"value": "no(a)", "language": "jmespath"},
            "timestampExpression": {"language": "JsonPath"},
            "patientIdExpression": {"value": "$.p", "langauge": "JsonPath"},
            "values": [{"valueName": "v", "valueExpression": {"value": "add(a)", "language": "JmesPath"}},
                       {"valueName": "w", "valueExpression": 5}]}},
          {"templateType": "CalculatedContentTemplate", "template": {}}]}"""));

    assertEquals(List.of("line 3, column 51: Expression language XPath is unknown. Use JsonPath or JmesPath.",
        "line 4, column 38: [TypeMatchExpression] The following JmesPath expression could not be parsed: to_array(@)[?a. Cause: position 15: ']' is expected.",
        "line 5, column 37: [DeviceIdExpression] The following JmesPath expression could not be parsed: no(a). Cause: position 1: there is no function 'no'.",
        "line 6, column 28: Required property 'Value' not found in JSON.",
        "line 7, column 45: Could not find member 'langauge' on object of type 'TemplateExpression'. Known are language, value.",
        "line 8, column 64: [ValueExpression] The following JmesPath expression could not be parsed: add(a). Cause: position 1: invalid-arity, function add takes 2 arguments and has 1.",
        "line 9, column 54: 'ValueExpression' must be an expression as text, or an object with value and language.",
        "line 10, column 3: No match found for template type CalculatedContentTemplate. It is written CalculatedContent."),
        said);
  }

  @Test
  void everyMistakeOfAFhirMappingIsSaidAtOnce() {
    List<String> said = problems(() -> FhirMapping.parse("""
        {"templateType": "CollectionFhir", "template": [
          {"templateType": "CodeValueFhir", "template": {"typeName": "a", "codes": [], "periodInterval": 50}},
          {"templateType": "CodeValueFhir", "template": {"typeName": "A", "codes": [{"cod": "1"}]}},
          {"templateType": "CodeValueFhir", "template": {"typeName": " ", "codes": []}},
          {"templateType": "CodeValueFhir", "template": {"typeName": "b", "codes": [], "value": {"valueName": "v"}}},
          {"templateType": "CodeValueFhir", "template": {"typeName": "c", "codes": [], "value": {"valueType": "Money", "valueName": "v"}}},
          {"templateType": "CodeValueFhir", "template": {"typeName": "d", "codes": [], "value": {"valueType": "SampledData", "valueName": "v"}}},
          {"templateType": "CodeValueFhir", "template": {"typeName": "e", "codes": [], "value": {"valueType": "SampledData", "valueName": "v", "defaultPeriod": 0}}},
          {"templateType": "CodeValueFhir", "template": {"typeName": "f", "codes": [], "periodInterval": 1440, "value": {"valueType": "SampledData", "valueName": "v", "defaultPeriod": 1}}},
          {"templateType": "CodeValueFhir", "template": {"typeName": "g", "codes": [], "components": [{"codes": []}]}},
          {"templateType": "JsonPathContent", "template": {}}]}"""));

    assertEquals(List.of(
        "line 2, column 98: ObservationPeriodInterval 50 is not supported. Use 0 (Single), 60 (Hourly), 1440 (Daily), -1 (CorrelationId) or minutes that divide a day.",
        "line 3, column 62: Duplicate template defined for type name: 'A'",
        "line 3, column 78: Could not find member 'cod' on object of type 'FhirCode'. Known are code, display, system.",
        "line 4, column 62: Empty type name is not allowed: ' '",
        "line 5, column 89: Property ValueType is missing. Use SampledData, Quantity, CodeableConcept, String, Integer, Boolean, Range or Ratio.",
        "line 6, column 103: Value type Money is unknown. Use SampledData, Quantity, CodeableConcept, String, Integer, Boolean, Range or Ratio.",
        "line 7, column 89: Required property 'DefaultPeriod' not found in JSON.",
        "line 8, column 153: 'defaultPeriod' must be above 0, in milliseconds, a multiple of 0.0001.",
        "line 9, column 177: 'defaultPeriod' 1 gives more than 2000000 samples in one Observation. Use a longer one, or a shorter periodInterval.",
        "line 10, column 95: Required property 'Value' not found in JSON.",
        "line 11, column 3: Expected TemplateType value CodeValueFhirTemplate, actual JsonPathContent."), said);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{", "{\"templateType\":}", "{} {}", "[", "\"x"})
  void whatIsNoJsonSaysWhere(String text) {
    List<String> said = problems(() -> DeviceMapping.parse(text));

    assertEquals(1, said.size());
    assertTrue(text.isEmpty() || said.get(0).startsWith("line 1, column "), said.get(0));
  }

  @ParameterizedTest
  @ValueSource(strings = {"[]", "5", "null", "{}", "{\"templateType\":\"CollectionFhir\",\"template\":[]}",
    "{\"templateType\":\"CollectionContent\"}", "{\"templateType\":\"CollectionContent\",\"template\":[],\"more\":1}",
    "{\"templateType\":\"CollectionContent\",\"template\":[1]}"})
  void whatIsNoCollectionIsRefused(String text) {
    problems(() -> DeviceMapping.parse(text));
  }

  @Test
  void namesMatchWithoutRegardToCaseAndFilesMayHaveComments() {
    DeviceMapping mapping = DeviceMapping.parse(
        """
        \uFEFF// heart rate
        {"TEMPLATETYPE":"collectioncontentTEMPLATE","Template":[{"templatetype":"JSONPATHCONTENT","template":{
          'TypeName':'hr','typematchexpression':"$..[?(@hr)]",'DEVICEIDEXPRESSION':"$.d","TimestampExpression":"$.t",
          "Values":[{"REQUIRED":"True","valuename":"a","ValueExpression":"$.a"},{"valueName":"a","valueExpression":"$.b"},]}},]}""");

    assertEquals(List.of("hr"), mapping.types());
    assertEquals(1, mapping.warnings().size());
    assertTrue(mapping.warnings().get(0).message().contains("'a' is used twice"));
  }

  @Test
  void iotCentralNeverTookTheSuffix() {
    String text = "{\"templateType\":\"CollectionContent\",\"template\":[{\"templateType\":\"%s\",\"template\":"
        + "{\"typeName\":\"a\",\"typeMatchExpression\":\"$\",\"deviceIdExpression\":5}}]}";

    assertEquals(List.of("a"), DeviceMapping.parse(text.formatted("iotcentraljsonpathcontent")).types());
    problems(() -> DeviceMapping.parse(text.formatted("IotCentralJsonPathContentTemplate")));
  }

  @Test
  void unknownMembersOfAValueAreOnlyOdd() {
    FhirMapping mapping = FhirMapping.parse("""
        {"templateType":"CollectionFhir","template":[{"templateType":"CodeValueFhir","template":{"typeName":"a","codes":[],"periodInterval":"hourly",
         "value":{"valueType":"quantity","valueName":"v","precision":2}}}]}""");

    assertEquals(1, mapping.warnings().size());
    assertTrue(mapping.warnings().get(0).message().startsWith("'precision' means nothing"),
        mapping.warnings().toString());
  }

  @Test
  void theVersionFollowsTheText() {
    String text = "{\"templateType\":\"CollectionContent\",\"template\":[]}";

    assertEquals(DeviceMapping.parse(text).version(), DeviceMapping.parse(text).version());
    assertNotEquals(DeviceMapping.parse(text).version(), DeviceMapping.parse(text + " ").version());
    assertTrue(FhirMapping.vitals().version().matches("[0-9a-f]{16}"));
  }

  private static List<String> problems(Executable load) {
    return assertThrows(MappingException.class, load).problems().stream().map(MappingProblem::toString).toList();
  }
}

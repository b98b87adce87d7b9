package io.caregrid.fhirpath;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.TextNode;
import java.time.Clock;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What expressions give on one Observation of ours. HL7's own suite is in {@link SuiteTest}. */
class FhirPathTest {
  private static final JsonMapper JSON = JsonMapper.builder()
      .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
      .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
      .nodeFactory(JsonNodeFactory.withExactBigDecimals(true))
      .build();
  private static final Node OBSERVATION = node("""
      {"resourceType":"Observation","id":"o1","status":"final","effectiveDateTime":"2026-03-01T10:00:00+01:00",
       "code":{"coding":[{"system":"http://loinc.org","code":"8867-4"},{"system":"http://acme.org","code":"hr"}]},
       "subject":{"reference":"Patient/p7"},"device":{"reference":"http://elsewhere.org/Device/1"},
       "valueQuantity":{"value":72.50,"unit":"/min","system":"http://unitsofmeasure.org","code":"/min"},
       "component":[{"code":{"text":"a"},"valueInteger":3},{"code":{"text":"b"},"valueString":"x"},
                    {"code":{"text":"c"},"_valueString":{"extension":[{"url":"why","valueCode":"unknown"}]}}],
       "note":[{"text":"Grüße, 'Ada'"}]}""");

  static Node node(String json) {
    try {
      return Node.resource(JSON.readTree(json));
    } catch (com.fasterxml.jackson.core.JsonProcessingException wrong) {
      throw new IllegalArgumentException(wrong);
    }
  }

  private static String text(String expression) {
    return FhirPath.compile(expression)
        .evaluate(OBSERVATION)
        .stream()
        .map(value -> String.valueOf(value.atom()))
        .toList()
        .toString();
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
      value.ofType(Quantity).value                             | [72.50]
      value.value > 72 and value.unit = '/min'                 | [true]
      value.ofType(string)                                     | []
      component.value.ofType(integer)                          | [3]
      component.value.ofType(string)                           | [x, null]
      component.where(value.hasValue()).code.text              | [a, b]
      component.value.extension('why').value                   | [unknown]
      component[1].code.text                                   | [b]
      component[7].code.text                                   | []
      code.coding.where(system = 'http://loinc.org').code      | [8867-4]
      code.coding.code.join('/')                               | [8867-4/hr]
      (code.coding.code ‖ 'hr' ‖ 'x').count()                  | [3]
      getResourceKey()                                         | [o1]
      subject.getReferenceKey()                                | [p7]
      subject.getReferenceKey(Patient)                         | [p7]
      subject.getReferenceKey(Group)                           | []
      device.getReferenceKey()                                 | []
      effective > @2026-03-01T08:59:00Z                        | [true]
      effective > @2026-03-01                                  | []
      effective.lowBoundary() = @2026-03-01T09:00:00.000Z      | [true]
      status = {}                                              | []
      (status = {}) and false                                  | [false]
      (status = {}) or true                                    | [true]
      component.select($index)                                 | [0, 1, 2]
      component.value.ofType(integer).aggregate($total + $this, 4) | [7]
      Observation.status.type().name                           | [code]
      issued.exists()                                          | [false]
      note.text.length()                                       | [12]
      note.text.matches('^Gr.*Ada')                            | [true]
      1.00 + 0.1                                               | [1.10]
      7 div 2 + 7 mod 2                                        | [4]
      2147483647 + 1                                           | []
      @2024-01-31 + 1 month                                    | [2024-02-29]
      37.0 'Cel' = 37 'Cel'                                    | [true]
      120 'mm[Hg]' = 0.12 'm[Hg]'                              | [true]
      5 'mg' + 5 'mg'                                          | [10 'mg']
      """)
  void gives(String expression, String result) {
    assertEquals(result, text(expression.replace("‖", "|")));
  }

  /** There is an element of that name, once. */
  @Test
  void resourceTypeIsAnElementWhereTheDefinitionsHaveIt() {
    Node scenario = node("""
        {"resourceType":"ExampleScenario","instance":[{"resourceId":"i","resourceType":"Patient"}]}""");

    assertEquals("[i, Patient]", FhirPath.compile("instance.children()").evaluate(scenario).toString());
    assertEquals("[1]", FhirPath.compile("children().count()").evaluate(scenario).toString());
  }

  @Test
  void timesHaveTheSameDigitsInEveryLocale() {
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.forLanguageTag("ar-EG"));
    try {
      assertEquals("[0026-11-20T10:00:00.050Z]",
          FhirPath.compile("@0026-11-20T10:00:00.050Z.toString()").evaluate(OBSERVATION).toString());
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void constantsStandBehindAPercentSign() {
    FhirPath path = FhirPath.compile("code.coding.where(code = %wanted).system", Set.of("wanted"));
    List<Value> wanted = List.of(Node.typed("code", TextNode.valueOf("hr")));

    List<Value> found = path.evaluate(OBSERVATION, OBSERVATION,
        new FhirPath.Context(Map.of("wanted", wanted), Clock.systemUTC()));

    assertEquals("[http://acme.org]", found.toString());
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
      status = 'a' and            | 1 | 17 | a name or a value should be here
      name.given(                 | 1 | 12 | a name or a value should be here
      status = %nothing           | 1 | 10 | there is no constant %nothing
      status.memberOf('x')        | 1 | 8  | memberOf() needs a terminology, and there is none here
      status.where()              | 1 | 8  | where() takes 1 arguments and is given 0
      value.ofType(Quantitty)     | 1 | 14 | there is no type Quantitty
      status = 'open              | 1 | 10 | the text that begins here does not end
      status # 1                  | 1 | 8  | here should be an operator
      @2026-02-31                 | 1 | 1  | there is no such date or time
      'a\\q'                      | 1 | 3  | unknown escape
      status )                    | 1 | 8  | an operator or the end should be here
      99999999999                 | 1 | 1  | an integer has 32 bits
      """)
  void whatCannotBeReadIsToldWithItsPlace(String expression, int line, int column, String reason) {
    FhirPathException refused = assertThrows(FhirPathException.class, () -> FhirPath.compile(expression));

    assertEquals(line + ":" + column + " " + reason, refused.line + ":" + refused.column + " "
        + refused.reason.substring(0, Math.min(reason.length(), refused.reason.length())));
  }

  @Test
  void linesAreCounted() {
    FhirPathException refused = assertThrows(FhirPathException.class,
        () -> FhirPath.compile("status /* two\nlines */ = 'x'\n  and #"));

    assertEquals("3:7", refused.line + ":" + refused.column);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
      component.code.text + 'x'        | 21
      status < 5                       | 8
      valueQuantity.unit               | 1
      code.coding.as(Coding)           | 13
      code.coding.single()             | 13
      note.text.matches('(')           | 11
      component.code.text.upper()      | 21
      """)
  void whatFailsOnAResourceIsToldWithItsPlaceAndWithoutItsValues(String expression, int column) {
    FhirPathException failed = assertThrows(FhirPathException.class,
        () -> FhirPath.compile(expression).evaluate(OBSERVATION));

    assertEquals(column, failed.column, failed.getMessage());
    assertEquals(false, failed.getMessage().contains("Ada"), failed.getMessage());
  }

  @Test
  void typesThatTheDefinitionsDoNotHaveAreReadByTheNamesOfTheirJson() {
    Node later = node("{\"resourceType\":\"Later\",\"active\":true,\"valueQuantity\":{\"value\":2},\"size\":1.5}");

    assertEquals("[2]", FhirPath.compile("valueQuantity.value").evaluate(later).toString());
    assertEquals("[true]", FhirPath.compile("active and size > 1").evaluate(later).toString());
    assertEquals("[]", FhirPath.compile("value").evaluate(later).toString());
  }
}

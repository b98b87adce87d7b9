package io.caregrid.templates.liquid;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Clock;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Each keyword of JSON Schema that is looked at, by {@code validate} as templates use it. */
class JsonSchemaTest {
  private static String rendered(String schema, String value) {
    return Templates
        .of(Map.of("Schemas/V.schema.json", schema.replace('\'', '"'), "root.liquid",
            "{% validate 'Schemas/V.schema.json' %}{\"v\":" + value.replace('\'', '"') + "}{% endvalidate %}"),
            ConversionFilters.all())
        .render("root", Map.of(), Limits.DEFAULT, ZoneOffset.UTC, Clock.systemUTC());
  }

  private static void fits(String schema, String... values) {
    for (String value : values)
      assertEquals("{\"v\":" + value.replace('\'', '"') + "}", rendered("{'properties':{'v':" + schema + "}}", value));
  }

  private static void fails(String schema, String place, String... values) {
    for (String value : values) {
      ConversionException failure = assertThrows(ConversionException.class,
          () -> rendered("{'properties':{'v':" + schema + "}}", value), schema + " takes " + value);
      assertEquals(ErrorCode.UNMATCHED_VALIDATE_BLOCK_CONTENT, failure.code);
      assertTrue(failure.told().contains("Schemas/V.schema.json at " + place), failure.told());
    }
  }

  @Test
  void types() {
    fits("{'type':'integer'}", "1", "1.0", "-3");
    fails("{'type':'integer'}", "/v: type", "1.5", "'1'", "true", "null", "[]", "{}");
    fits("{'type':['string','null']}", "''", "null");
    fails("{'type':['string','null']}", "/v: type", "1", "false");
    fits("{'type':'number'}", "1.5");
    fits("{'type':'boolean'}", "true");
    fails("{'type':'array'}", "/v: type", "{}");
  }

  @Test
  void valuesAndNumbers() {
    fits("{'enum':['a',1,null]}", "'a'", "1.0", "null");
    fails("{'enum':['a',1]}", "/v: enum", "'b'", "2");
    fails("{'const':{'a':[1]}}", "/v: const", "{'a':[2]}");
    fits("{'const':{'a':[1]}}", "{'a':[1]}");
    fits("{'minimum':1,'maximum':3,'multipleOf':0.5}", "1", "3", "2.5", "'x'");
    fails("{'minimum':1}", "/v: minimum", "0.9");
    fails("{'minimum':1,'exclusiveMinimum':true}", "/v: minimum", "1");
    fails("{'exclusiveMinimum':1}", "/v: exclusiveMinimum", "1");
    fails("{'exclusiveMaximum':1}", "/v: exclusiveMaximum", "1");
    fails("{'maximum':1,'exclusiveMaximum':true}", "/v: maximum", "1");
    fails("{'multipleOf':0.5}", "/v: multipleOf", "0.7", "1e999999");
    fits("{'minimum':1e400}", "1e401");
    fails("{'minimum':1e400}", "/v: minimum", "1e399");
    fits("{'const':0.12345678901234567}", "0.12345678901234567", "0.123456789012345670");
    fails("{'const':0.12345678901234567}", "/v: const", "0.12345678901234568");
    fits("{'enum':[12345678901234567890.5]}", "12345678901234567890.5");
    fails("{'enum':[12345678901234567890.5]}", "/v: enum", "12345678901234567890.0");
    fits("{'multipleOf':1e300}", "3e300");
  }

  @Test
  void textsListsAndObjects() {
    fits("{'minLength':1,'maxLength':2,'pattern':'^[a-z\u00fc]+$'}", "'\u00fcb'");
    fails("{'minLength':1,'maxLength':2}", "/v: length", "''", "'abc'");
    fails("{'pattern':'^[a-z]+$'}", "/v: pattern", "'a1'");
    fails("{'pattern':'^[a-z]+$'}", "/v: pattern", "'a\\n'", "'a\\r\\n'");
    fits("{'pattern':'^[[&$]+$'}", "'[&$&'");
    fits("{'pattern':'^[\\\\]&&]{2}\\\\$$'}", "']&$'");
    fails("{'minItems':1,'maxItems':2}", "/v: number of items", "[]", "[1,2,3]");
    fails("{'uniqueItems':true}", "/v: uniqueItems", "[1,1]", "[1,2,1.0]", "[{'a':1},{'a':1.0}]");
    fits("{'uniqueItems':true}", "[1,'1',[1]]");
    fails("{'items':{'type':'string'}}", "/v/1: type", "['a',2]");
    fails("{'items':[{'type':'string'}],'additionalItems':false}", "/v/1: false", "['a',2]");
    fits("{'items':[{'type':'string'}]}", "['a',2]");
    fails("{'required':['a','b']}", "/v: required", "{'a':1}");
    fails("{'minProperties':1,'maxProperties':1}", "/v: number of members", "{}", "{'a':1,'b':2}");
    fails("{'properties':{'a':{}},'patternProperties':{'^x-':{'type':'null'}},'additionalProperties':false}",
        "/v/*: false",
        "{'a':1,'x-1':null,'b':1}");
    fails("{'patternProperties':{'^x-':{'type':'null'}}}", "/v/*: type", "{'x-1':1}");
    fails("{'additionalProperties':{'type':'null'}}", "/v/*: type", "{'a':1}");
  }

  @Test
  void combinations() {
    fits("{'anyOf':[{'type':'string'},{'minimum':3}]}", "'a'", "4");
    fails("{'anyOf':[{'type':'string'},{'minimum':3}]}", "/v: anyOf", "1");
    fails("{'oneOf':[{'minimum':1},{'maximum':3}]}", "/v: oneOf", "2");
    fails("{'allOf':[{'minimum':1},{'maximum':3}]}", "/v: maximum", "4");
    fails("{'not':{'type':'null'}}", "/v: not", "null");
    String list = "{'definitions':{'list':{'properties':{'next':{'$ref':'#/definitions/list'}},'required':['n']}},"
        + "'properties':{'v':{'$ref':'#/definitions/list'}}}";
    assertEquals("{\"v\":{\"n\":1,\"next\":{\"n\":2}}}", rendered(list, "{'n':1,'next':{'n':2}}"));
    ConversionException failure = assertThrows(ConversionException.class, () -> rendered(list, "{'n':1,'next':{}}"));
    assertTrue(failure.told().contains("/v/next: required"), failure.told());
  }

  @Test
  void namesOfMembersThatTheSchemaDoesNotHaveAreNotTold() {
    String schema = "{'properties':{'v':{'additionalProperties':{'properties':{'given':{'type':'array'}}}}}}";
    ConversionException failure = assertThrows(ConversionException.class,
        () -> rendered(schema, "{'Mathilde Brandt':{'given':'M'}}"));
    assertTrue(failure.told().contains("/v/*/given: type"), failure.told());
    assertFalse(failure.told().contains("Brandt"), failure.told());
  }

  @Test
  void aSchemaThatATemplateNamesAndThatIsNotThereRefusesTheSetWithFileAndLine() {
    Map<String, String> files = Map.of("Schemas/V.schema.json", "{}", "root.liquid", "x", "Part/_Name.liquid",
        "{% if never %}\n{% validate 'schemas/v.schema.json' %}{}{% endvalidate %}"
            + "{% validate 'Schemas/W.schema.json' %}{}{% endvalidate %}{% endif %}");
    ConversionException missing = assertThrows(ConversionException.class,
        () -> Templates.of(files, ConversionFilters.all()));
    assertEquals(ErrorCode.TEMPLATE_NOT_FOUND, missing.code);
    assertEquals("Part/Name", missing.template);
    assertEquals(2, missing.line);
    assertTrue(missing.told().contains("'Schemas/W.schema.json'"), missing.told());
  }

  @Test
  void aSchemaThatIsNotUnderstoodRefusesTheSet() {
    for (String schema : List.of("[", "1", "{'if':{}}", "{'properties':{'a':{'contains':{}}}}", "{'pattern':'['}",
        "{'$ref':'#/definitions/none'}", "{'$ref':'http://example.org/x'}", "{'items':[{'dependencies':{}}]}",
        "{'anyOf':{}}", "{'minimum':'3'}", "{'required':true}", "{'minItems':-1}", "{'maxLength':1.5}",
        "{'type':'strng'}",
        "{'enum':'a'}", "{'uniqueItems':'yes'}", "{'multipleOf':0}", "{'multipleOf':1e-400000}",
        "{'multipleOf':1e400000}",
        "{'pattern':5}", "{'type':null}", "{'type':[]}", "{'patternProperties':{'[':{}}}", "{'minItems':1e400}",
        "{'$ref':'#/default','default':{'pattern':'x'}}"))
      assertEquals(ErrorCode.INVALID_JSON_SCHEMA,
          assertThrows(ConversionException.class, () -> rendered(schema, "1"), schema).code);
    ConversionException endless = assertThrows(ConversionException.class, () -> rendered("{'$ref':'#'}", "1"));
    assertTrue(endless.told().contains("nests too deeply"), endless.told());
    ConversionException denied = assertThrows(ConversionException.class, () -> rendered("{'not':{'$ref':'#'}}", "1"));
    assertTrue(denied.told().contains("nests too deeply"), denied.told());
    assertEquals("{\"v\":1}", rendered("{'$schema':'x','title':'t','format':'date','description':'d'}", "1"));
  }
}

package io.caregrid.fhirpath;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.fhirpath.Environment.Reading;
import io.caregrid.fhirpath.Environment.Terminology;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What an expression gets from its environment, and what it is refused without one. */
class EnvironmentTest {
  private static final Node CONDITION = FhirPathTest.node("""
      {"resourceType":"Condition","id":"c1","subject":{"reference":"Patient/p7"},
       "recorder":{"reference":"#doctor"},"asserter":{"reference":"http://acme.org/fhir/Practitioner/9/_history/2"},
       "encounter":{"reference":"urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"},
       "evidence":[{"detail":[{"type":"Observation","identifier":{"value":"x"}},{"reference":"urn:oid:1.2","type":"Media"}]}],
       "modifierExtension":[{"url":"http://acme.org/not-so"}],
       "code":{"coding":[{"system":"http://snomed.info/sct","code":"22298006"}]},
       "severity":{"coding":[{"system":"http://snomed.info/sct","code":"64572001"}]},
       "contained":[{"resourceType":"Practitioner","id":"doctor","name":[{"family":"Blackwell"}],
                     "qualification":[{"issuer":{"reference":"#"},"code":{"text":"MD"}}]}],
       "text":{"status":"generated","div":"<div xmlns=\\"http://www.w3.org/1999/xhtml\\">Heart</div>"}}""");

  private static String text(String expression, Environment environment) {
    return FhirPath.compile(expression, environment).evaluate(CONDITION).toString();
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
      code.memberOf('http://vs')             | memberOf() needs a terminology
      code.coding.subsumes(%resource.code)   | subsumes() needs a terminology
      code.subsumedBy(severity)              | subsumedBy() needs a terminology
      conformsTo('http://acme.org/profile')  | conformsTo() knows FHIR's own types only
      elementDefinition()                    | elementDefinition() is not here
      slice('http://acme.org/p', 's')        | slice() is not here
      code.text.matches('(')                 | the regular expression cannot be read
      Condition.onsetAge.value               | an element that has several types is named without its type
      $that                                  | there is no $that
      """)
  void whatCannotBeDoneIsToldWhenItIsCompiled(String expression, String reason) {
    FhirPathException refused = assertThrows(FhirPathException.class, () -> FhirPath.compile(expression));

    assertTrue(refused.reason.startsWith(reason), refused.reason);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
      Condition.subject.given             | Reference has no element given
      Condition.children().first()        | first() asks for an order
      (Condition.onset as Period).value   | Period has no element value
      """)
  void strictReadingRefusesWhatTheTypeDoesNotHave(String expression, String reason) {
    Environment strict = Environment.PLAIN.with(Reading.STRICT);

    FhirPathException refused = assertThrows(FhirPathException.class, () -> FhirPath.compile(expression, strict));

    assertTrue(refused.reason.startsWith(reason), refused.reason);
    assertEquals("[]", text(expression.replace("children().first()", "subject.given"), Environment.PLAIN));
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
      subject.where(resolve() is Patient).reference        | [Patient/p7]
      subject.where(resolve() is Group).exists()           | [false]
      subject.where(resolve().is(Patient)).exists()        | [true]
      subject.where(resolve() is DomainResource).exists()  | [true]
      asserter.resolve() is Practitioner                   | [true]
      encounter.resolve() is Encounter                     | []
      evidence.detail[1].resolve() is Media                | [true]
      recorder.resolve() is Practitioner                   | [true]
      recorder.resolve().name.family                       | [Blackwell]
      contained.qualification.issuer.resolve().id          | [c1]
      subject.resolve()                                    | []
      subject.resolve().exists()                           | [false]
      """)
  void theTypeOfAReferenceIsToldByItsTextAndNothingIsFetched(String expression, String result) {
    assertEquals(result, text(expression, Environment.PLAIN));
  }

  @Test
  void whatTheCallerCanReachIsResolved() {
    Environment reaching = Environment.PLAIN.with((Environment.References) reference -> reference.equals("Patient/p7")
        ? FhirPathTest.node("{\"resourceType\":\"Patient\",\"id\":\"p7\",\"active\":true}").json()
        : null);

    assertEquals("[true]", text("subject.resolve().active", reaching));
    assertEquals("[]", text("asserter.resolve().active", reaching));
  }

  @Test
  void codesAreAskedOfTheTerminology() {
    List<String> asked = new ArrayList<>();
    Environment coded = Environment.PLAIN.with(new Terminology() {
      @Override
      public Boolean memberOf(JsonNode coded, String valueSet) {
        asked.add(coded.path("coding").path(0).path("code").asText() + " " + valueSet);
        return valueSet.equals("http://heart") ? true : null;
      }

      @Override
      public Boolean subsumes(JsonNode general, JsonNode special) {
        return general.path("coding").path(0).path("code").asText().equals("64572001");
      }
    });

    assertEquals("[true]", text("code.memberOf('http://heart')", coded));
    assertEquals("[]", text("code.memberOf('http://unheard')", coded));
    assertEquals("[true]", text("severity.subsumes(%resource.code)", coded));
    assertEquals("[true]", text("code.subsumedBy(%resource.severity)", coded));
    assertEquals("[false]", text("code.subsumes(%resource.severity)", coded));
    assertEquals(List.of("22298006 http://heart", "22298006 http://unheard"), asked);
  }

  @Test
  void profilesAreAskedOfTheCaller() {
    Environment profiled = Environment.PLAIN
        .with((Environment.Profiles) (element, profile) -> profile.equals("http://acme.org/heart") ? true : null);

    assertEquals("[true]", text("conformsTo('http://acme.org/heart')", profiled));
    assertEquals("[false]", text("conformsTo('http://hl7.org/fhir/StructureDefinition/Patient')", profiled));
    assertThrows(FhirPathException.class, () -> text("conformsTo('http://acme.org/unheard')", profiled));
  }

  @Test
  void tracesAreHeard() {
    List<String> heard = new ArrayList<>();
    Environment traced = Environment.PLAIN
        .with((Environment.Trace) (name, values) -> heard.add(name + " " + values));

    assertEquals("[22298006]", text("code.coding.trace('codes', code).code.trace('them')", traced));
    assertEquals(List.of("codes [22298006]", "them [22298006]"), heard);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
      checkModifiers('http://acme.org/not-so').id                | [c1]
      text.div.htmlChecks()                                      | [true]
      code.htmlChecks()                                          | []
      subject.select(%context.id)                                | [c1]
      %rootResource.id & %resource.id                            | [c1c1]
      subject.type().baseType                                    | [FHIR.Element]
      id.getValue() = 'c1'                                       | [true]
      """)
  void whatFhirAddsIsThere(String expression, String result) {
    assertEquals(result, text(expression, Environment.PLAIN));
  }

  @Test
  void aModifierThatIsNotNamedIsAnError() {
    assertThrows(FhirPathException.class, () -> text("checkModifiers('http://acme.org/other')", Environment.PLAIN));
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
      <div xmlns=\\"http://www.w3.org/1999/xhtml\\"><p style='a'>x<a href='#'>y</a></p></div> | true
      <div><img src='a.png' alt='b'/></div>                  | true
      <div>  </div>                                          | false
      <p>x</p>                                               | false
      <div>x<script>1</script></div>                         | false
      <div onclick='x()'>x</div>                             | false
      <div>&nbsp;x</div>                                     | false
      <!DOCTYPE d [<!ENTITY e SYSTEM 'file:///etc/hostname'>]><div>&e;</div> | false
      <div>x                                                 | false
      """)
  void narrativesKeepTheirRules(String xhtml, boolean kept) {
    assertEquals(kept, Narrative.keepsRules(xhtml.replace("\\", "")));
  }

  @Test
  void whatContainsAResourceIsItsRoot() {
    Node contained = Node.resource(CONDITION.json().path("contained").path(0));
    FhirPath.Context inside = new FhirPath.Context(java.util.Map.of(), java.time.Clock.systemUTC(), CONDITION);

    assertEquals("[doctorc1]",
        FhirPath.compile("%resource.id & %rootResource.id").evaluate(contained, contained, inside).toString());
    assertEquals("[c1]",
        FhirPath.compile("qualification.issuer.resolve().id").evaluate(contained, contained, inside).toString());
  }

  @Test
  void searchParametersMayNameATypeOfMany() {
    Node observation = FhirPathTest.node("""
        {"resourceType":"Observation","component":[{"valueQuantity":{"value":1}},{"valueQuantity":{"value":2}}]}""");
    String expression = "(Observation.component.value as Quantity).value";

    assertEquals("[1, 2]", FhirPath.compile(expression, Environment.SEARCH).evaluate(observation).toString());
    assertThrows(FhirPathException.class, () -> FhirPath.compile(expression).evaluate(observation));
  }

  @Test
  void compiledExpressionsAreKeptAndBounded() {
    Compiled compiled = new Compiled(Environment.PLAIN, 3);

    FhirPath first = compiled.of("id");
    for (String other : List.of("code", "subject")) compiled.of(other);
    assertSame(first, compiled.of("id"));
    compiled.of("encounter");

    assertEquals(3, compiled.size());
    assertSame(first, compiled.of("id"));
    assertThrows(FhirPathException.class, () -> compiled.of("1 +"));
    assertEquals(3, compiled.size());
  }
}

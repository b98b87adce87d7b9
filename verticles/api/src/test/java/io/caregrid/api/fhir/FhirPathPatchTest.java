package io.caregrid.api.fhir;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.contract.Failure;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** FHIR R4 fhirpatch.html on trees. */
class FhirPathPatchTest {
  private static final String PATIENT = "{'resourceType':'Patient','id':'1','active':true,'birthDate':'1980-01-01',"
      + "'name':[{'family':'A','given':['x','y']}],'identifier':[{'system':'urn:a','value':'1'},{'system':'urn:b','value':'2'}]}";

  private static String apply(String resource, String... operations) {
    StringBuilder all = new StringBuilder();
    for (String operation : operations) all.append(all.isEmpty() ? "" : ",").append(operation);
    ObjectNode tree = (ObjectNode) ResourceReader.parsed(bytes(resource), Format.JSON);
    ObjectNode patch = (ObjectNode) ResourceReader
        .parsed(bytes("{'resourceType':'Parameters','parameter':[" + all + "]}"), Format.JSON);
    return FhirPathPatch.read(patch).apply(tree).toString().replace('"', '\'');
  }

  private static byte[] bytes(String json) {
    return json.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
  }

  private static String operation(String type, String path, String rest) {
    String end = rest.isEmpty() ? "" : "," + rest;
    return "{'name':'operation','part':[{'name':'type','valueCode':'" + type + "'},{'name':'path','valueString':'"
        + path
        + "'}" + end + "]}";
  }

  private static String value(String value) {
    return "{'name':'value'," + value + "}";
  }

  @ParameterizedTest
  @CsvSource(delimiter = '#', quoteCharacter = '`', value = {
    "Patient.birthDate # 'valueDate':'1999-09-09' # 'birthDate':'1980-01-01' # 'birthDate':'1999-09-09'",
    "Patient.name[0].family # 'valueString':'B' # 'family':'A' # 'family':'B'",
    "Patient.name.given[1] # 'valueString':'z' # 'given':['x','y'] # 'given':['x','z']",
    "Patient.active # 'valueBoolean':false # 'active':true # 'active':false",
    "Patient.name # 'valueHumanName':{'text':'T'} # 'name':[{'family':'A','given':['x','y']}] # 'name':[{'text':'T'}]"})
  void replacePutsAValueInThePlaceOfTheOneBefore(String path, String value, String before, String after) {
    assertEquals(PATIENT.replace(before.trim(), after.trim()),
        apply(PATIENT, operation("replace", path.trim(), value(value.trim()))));
  }

  @Test
  void aChoiceGetsTheNameOfItsNewTypeAndKeepsItsPlace() {
    String observation = "{'resourceType':'Observation','effectiveDateTime':'2020','_effectiveDateTime':{'id':'e'},'status':'final','code':{'text':'c'}}";

    assertEquals(
        "{'resourceType':'Observation','effectivePeriod':{'start':'2021'},'status':'final','code':{'text':'c'}}",
        apply(observation, operation("replace", "Observation.effective", value("'valuePeriod':{'start':'2021'}"))));
    assertThrows(Failure.Unprocessable.class,
        () -> apply(observation, operation("replace", "Observation.effective", value("'valueString':'x'"))));
  }

  @Test
  void equalValuesAreToldApartByTheirPlace() {
    String two = "{'resourceType':'Patient','communication':[{'language':{'text':'a'},'preferred':true},{'language':{'text':'a'},'preferred':true}]}";

    assertEquals(
        "{'resourceType':'Patient','communication':[{'language':{'text':'a'},'preferred':true},{'language':{'text':'a'},'preferred':false}]}",
        apply(two, operation("replace", "Patient.communication[1].preferred", value("'valueBoolean':false"))));
  }

  @Test
  void addMakesListsLongerAndFillsWhatIsNotThere() {
    String telecom = "{'name':'name','valueString':'telecom'}," + value("'valueContactPoint':{'value':'1'}");
    String given = "{'name':'name','valueString':'given'}," + value("'valueString':'z'");
    String deceased = "{'name':'name','valueString':'deceased'}," + value("'valueDateTime':'2020'");

    String patched = apply(PATIENT, operation("add", "Patient", telecom), operation("add", "Patient.name[0]", given),
        operation("add", "Patient", deceased));

    assertEquals(
        PATIENT.replace("'y']", "'y','z']").replaceAll("}$", ",'telecom':[{'value':'1'}],'deceasedDateTime':'2020'}"),
        patched);
  }

  @Test
  void aBackboneElementIsBuiltFromItsParts() {
    String contact = "{'name':'name','valueString':'contact'},{'name':'value','part':[{'name':'name','valueHumanName':{'text':'C'}},"
        + "{'name':'telecom','valueContactPoint':{'value':'1'}},{'name':'telecom','valueContactPoint':{'value':'2'}},{'name':'gender','valueCode':'male'}]}";

    assertEquals(
        "{'resourceType':'Patient','contact':[{'name':{'text':'C'},'telecom':[{'value':'1'},{'value':'2'}],'gender':'male'}]}",
        apply("{'resourceType':'Patient'}", operation("add", "Patient", contact)));
  }

  @Test
  void insertMoveAndDeleteWorkOnPlacesInAList() {
    String insert = "{'name':'index','valueInteger':1}," + value("'valueIdentifier':{'value':'new'}");
    String move = "{'name':'source','valueInteger':2},{'name':'destination','valueInteger':0}";

    assertEquals(PATIENT.replace("},{'system':'urn:b'", "},{'value':'new'},{'system':'urn:b'"),
        apply(PATIENT, operation("insert", "Patient.identifier", insert)));
    assertEquals(
        PATIENT.replaceAll("'identifier':.*",
            "'identifier':[{'system':'urn:b','value':'2'},{'system':'urn:a','value':'1'},{'value':'new'}]}"),
        apply(PATIENT, operation("insert", "Patient.identifier", insert),
            operation("move", "Patient.identifier", move)));
    assertEquals(PATIENT.replace("{'system':'urn:a','value':'1'},", ""),
        apply(PATIENT, operation("delete", "Patient.identifier.where(system = \\u0027urn:a\\u0027)", "")));
    assertEquals(PATIENT, apply(PATIENT, operation("delete", "Patient.maritalStatus", "")));
    assertEquals("{'resourceType':'Patient','identifier':[{'value':'new'}]}", apply("{'resourceType':'Patient'}",
        operation("insert", "Patient.identifier", insert.replace("'valueInteger':1", "'valueInteger':0"))));
  }

  @Test
  void whatAPrimitiveHasBesideItsValueGoesWithIt() {
    String both = "{'resourceType':'Patient','birthDate':'1980','_birthDate':{'id':'b'},'name':[{'given':['a','b'],'_given':[null,{'id':'g'}]}]}";

    assertEquals("{'resourceType':'Patient','name':[{'given':['b'],'_given':[{'id':'g'}]}]}",
        apply(both, operation("delete", "Patient.birthDate", ""), operation("delete", "Patient.name.given[0]", "")));
    assertEquals(both.replace("['a','b']", "['b','a']").replace("[null,{'id':'g'}]", "[{'id':'g'},null]"),
        apply(both, operation("move", "Patient.name.given",
            "{'name':'source','valueInteger':1},{'name':'destination','valueInteger':0}")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"Patient.maritalStatus.text", "Patient.name.given", "Patient", "Patient.name.given.count()",
    "Patient.active.not()", "1 + 1", "Patient.name[0].family.substring(0,1)"})
  void whatIsNotOneElementCannotBeReplaced(String path) {
    assertThrows(Failure.Unprocessable.class,
        () -> apply(PATIENT, operation("replace", path, value("'valueString':'x'"))));
  }

  @Test
  void whatIsNotPossibleIsUnprocessable() {
    String gender = "{'name':'name','valueString':'birthDate'}," + value("'valueDate':'2000-01-01'");
    assertThrows(Failure.Unprocessable.class, () -> apply(PATIENT, operation("add", "Patient", gender)));
    assertThrows(Failure.Unprocessable.class, () -> apply(PATIENT,
        operation("add", "Patient", "{'name':'name','valueString':'nonsense'}," + value("'valueString':'x'"))));
    assertThrows(Failure.Unprocessable.class, () -> apply(PATIENT,
        operation("insert", "Patient.identifier",
            "{'name':'index','valueInteger':5}," + value("'valueIdentifier':{}"))));
    assertThrows(Failure.Unprocessable.class, () -> apply(PATIENT,
        operation("insert", "Patient.identifier[0]",
            "{'name':'index','valueInteger':0}," + value("'valueIdentifier':{}"))));
    assertThrows(Failure.Unprocessable.class, () -> apply(PATIENT, operation("delete", "Patient", "")));
  }

  @Test
  void whatIsNoPatchIsInvalid() {
    assertThrows(Failure.Invalid.class, () -> apply(PATIENT));
    assertThrows(Failure.Invalid.class, () -> apply(PATIENT, operation("frobnicate", "Patient.active", "")));
    assertThrows(Failure.Invalid.class, () -> apply(PATIENT, operation("replace", "Patient.active", "")));
    assertThrows(Failure.Invalid.class, () -> apply(PATIENT, operation("delete", "Patient.(", "")));
    assertThrows(Failure.Invalid.class,
        () -> apply(PATIENT, "{'name':'operation','part':[{'name':'type','valueCode':'delete'}]}"));
    assertThrows(Failure.Invalid.class, () -> apply(PATIENT, "{'name':'else','valueString':'x'}"));
    assertThrows(Failure.Invalid.class,
        () -> apply(PATIENT, operation("insert", "Patient.identifier", value("'valueIdentifier':{}"))));
  }

  @Test
  void nothingIsNestedDeeperThanCanBeReadAgain() {
    String nested = "{'url':'u','extension':[".repeat(80) + "{'id':'deep','url':'u'}" + "]}".repeat(80);
    String first = "{'name':'name','valueString':'extension'}," + value("'valueExtension':" + nested);
    String second = "{'name':'name','valueString':'extension'},"
        + value("'valueExtension':" + nested.replace("deep", "deeper"));

    assertThrows(Failure.Unprocessable.class, () -> apply(PATIENT, operation("add", "Patient", first),
        operation("add", "Patient.descendants().where(id = \\u0027deep\\u0027)", second)));
  }

  @Test
  void manyOperationsOnALargeResourceEnd() {
    String names = IntStream.range(0, 20_000).mapToObj(i -> "{'text':'" + i + "'}").collect(Collectors.joining(","));
    String[] operations = new String[1_000];
    Arrays.fill(operations, operation("replace", "Patient.name[0].text", value("'valueString':'z'")));

    assertThrows(Failure.TooCostly.class,
        () -> apply("{'resourceType':'Patient','name':[" + names + "]}", operations));
  }

  @Test
  @Tag("full")
  void pathsThatTakeLongTogetherEndThePatch() {
    String names = IntStream.range(0, 1_500).mapToObj(i -> "{'text':'" + i + "'}").collect(Collectors.joining(","));
    String path = "Patient.name.where($this in %resource.name.skip(1)).where(text = \\u0027none\\u0027)";
    String[] operations = new String[1_000];
    Arrays.fill(operations, operation("delete", path, ""));

    assertTimeout(Duration.ofSeconds(120), () -> assertThrows(Failure.TooCostly.class,
        () -> apply("{'resourceType':'Patient','name':[" + names + "]}", operations)));
  }
}

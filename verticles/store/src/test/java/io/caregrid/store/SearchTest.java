package io.caregrid.store;

import static io.caregrid.store.Room.CALLER;
import static io.caregrid.store.Room.fails;
import static io.caregrid.store.Room.get;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.contract.Failure;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a search finds, and what it refuses to look for. */
class SearchTest extends Searching {
  @ParameterizedTest(name = "{0} → {1}")
  @CsvSource(delimiter = '>', quoteCharacter = '"', emptyValue = "", value = {
    "Patient?_id=ada > ada",
    "Patient?_id=ada,bob,carl > bob ada",
    "Patient?_id=ada,bob&_id:not=ada > bob",
    "Patient?_type=Patient > bob ada",
    "Patient?_type=Device,Observation > ''",
    "Patient?_type:not=Patient > ''",
    "Observation?subject:Patient._type=Patient&code=8310-5 > temp",
    "Observation?subject:Patient._type=Observation > ''",
    "PlanDefinition?url=http://here/walk > walk2 walk1",
    "PlanDefinition?url=http://here/walk|2 > walk2",
    "PlanDefinition?url=http://here/walk|3,http://here/Walk > ''",
    "Observation?date=2026-11-20T11:00:00 01:00 > hr1",
    "Patient?_id=ada,bob&_id:not=ada,bob > ''",
    "Patient?_id=a' or 1=1 -- > ''",
    "Patient?identifier=urn:mrn|MRN\\|7\\,1 > ada",
    "Patient?identifier=MRN\\|7\\,1 > ada",
    "Patient?identifier=urn:mrn| > ada",
    "Patient?identifier=|bare > ada",
    "Patient?identifier=urn:other|bare > ''",
    "Patient?identifier='; drop table r_patient; -- > ''",
    "Patient?family=lovelace > ada",
    "Patient?family=LØVELACE-nandu > ada",
    "Patient?family=l,smithson > bob ada",
    "Patient?family=lovex > ''",
    "Patient?family=smithsonian > ''",
    "Patient?family:exact=smithson > ''",
    "Patient?family:exact=Smithson > bob",
    "Patient?name=bob smith > bob",
    "Patient?given=aug > ada",
    "Patient?gender=female > ada",
    "Patient?gender=http://hl7.org/fhir/administrative-gender|male > bob",
    "Patient?gender:not=male > ada",
    "Patient?identifier:missing=true > bob",
    "Patient?identifier:missing=false > ada",
    "Patient?family:contains=LACE > ada",
    "Patient?family:contains=mit,LACE > bob ada",
    "Patient?family:contains=x > ''",
    "Patient?name:contains=b s > bob",
    "Patient?identifier:of-type=v2|MR|MRN\\|7\\,1 > ada",
    "Patient?identifier:of-type=v2|MC|MRN\\|7\\,1 > ''",
    "Patient?identifier:text=medical rec > ada",
    "Patient?_sort=family > ada bob",
    "Patient?_sort=-family > bob ada",
    "Patient?_sort=gender,birthdate > ada bob",
    "Patient?_sort=-gender > bob ada",
    "Patient?_sort=_id > ada bob",
    "Patient?_sort=-_id > bob ada",
    "Patient?_text=NURSE says > bob",
    "Patient?_text=nurse doctor > ''",
    "Patient?_text=(doctor OR nurse) and hello > bob",
    "Patient?_text=(doctor OR surgeon) and hello > ''",
    "Patient?_text=doctor or nurse says hello > bob",
    "Patient?_text=says (nurse (hello or bye)) > bob",
    "Patient?_text=) nurse ( > ''",
    "Patient?_text=or nurse > bob",
    "Patient?_text=and or () > ''",
    "Patient?_content=augusta > ada",
    "Patient?_list=ward > bob",
    "Patient?_has:Observation:patient:code=8310-5 > ada",
    "Patient?_has:Observation:subject:code=8867-4 > bob ada",
    "Patient?_has:Observation:patient:code=8867-4&gender=female > ada",
    "Patient?_has:Observation:patient:device.identifier=monitor-07 > ada",
    "Device?_has:Observation:device:patient.family=lovelace > mon-1",
    "Observation?subject:Patient.family=lovelace > temp hr2 hr1",
    "Observation?patient.family=smithsonite > ''",
    "Observation?patient.gender=male,female&code=8867-4 > hrBob hr2 hr1",
    "Observation?subject.name=bob > undated hrBob",
    "Observation?device.patient.family=lovelace > hr1",
    "Observation?device:Device.identifier=urn:dev|monitor-07 > hr1",
    "Observation?patient._has:Device:patient:status=active > temp hr2 hr1",
    "Patient?birthdate=1985 > ada",
    "Patient?birthdate=lt1960 > bob",
    "Patient?_sort=birthdate > bob ada",
    "Device?identifier=urn:dev|monitor-07 > mon-1",
    "Device?identifier=monitor-07 > mon-2 mon-1",
    "Device?identifier=urn:dev|monitor-07,urn:other|monitor-07,urn:x|y > mon-2 mon-1",
    "Device?patient=ada > mon-1",
    "Device?patient=Patient/ada > mon-1",
    "Observation?patient=ada > temp hr2 hr1",
    "Observation?subject=Patient/ada > temp hr2 hr1",
    "Observation?subject=ada > other temp hr2 hr1",
    "Observation?subject:Patient=ada > temp hr2 hr1",
    "Observation?subject=Group/ada > other",
    "Observation?patient=Patient/ada,Patient/bob&code=http://loinc.org|8867-4 > hrBob hr2 hr1",
    "Observation?patient=ada&code=8867-4 > hr2 hr1",
    "Observation?patient=ada&code=x-8867-4&status=final > hr2 hr1",
    "Observation?code=local|8867-4 > ''",
    "Observation?code=8310-5,1-1 > undated temp",
    "Observation?code=x-8867-4&code=8867-4 > hrBob hr2 hr1",
    "Observation?device=Device/mon-1 > hr1",
    "Observation?device=mon-1 > hr1",
    "Observation?category=cat|vital-signs > temp",
    "Observation?status=preliminary > undated",
    "Observation?date=2026-11-20 > hr2 hr1",
    "Observation?date=eq2026-11 > hrBob temp hr2 hr1",
    "Observation?date=ne2026-11-20 > other hrBob temp",
    "Observation?date=gt2026-11-20 > other hrBob",
    "Observation?date=lt2026-11-20 > hrBob temp",
    "Observation?date=ge2026-11-20 > other hrBob hr2 hr1",
    "Observation?date=le2026-11-20 > hrBob temp hr2 hr1",
    "Observation?date=sa2026-11-20 > other",
    "Observation?date=eb2026-11-20 > temp",
    "Observation?date=ap2026-11-20 > other hrBob temp hr2 hr1",
    "Observation?date=ge2026-11-20T11:00&date=lt2026-11-20T12:00:00+00:00 > hrBob hr2",
    "Observation?date=2026-11-20T10:00:00Z > hr1",
    "Observation?date=2026-11-20T11:00:00+01:00 > hr1",
    "Observation?date=2026-11-19,2026-11-20T10:00 > temp hr1",
    "Observation?date:missing=true > undated",
    "Observation?_lastUpdated=2026-11-20T11:00:00Z > hr2 hr1",
    "Observation?_lastUpdated=ge2026-11-20T12:00:00.005Z > other undated hrBob temp",
    "Observation?_lastUpdated=gt2026-11-20T12:00:00.005Z > ''",
    "Observation?_lastUpdated=lt2026-11-20T12:00 > hr2 hr1",
    "Observation?_lastUpdated=le2026-11-20T11:00 > hr2 hr1",
    "Observation?_lastUpdated=ne2026-11-20T12:00 > hr2 hr1",
    "Observation?patient=ada&_sort=-date > hr2 hr1 temp",
    "Observation?patient=ada&_sort=date > temp hr1 hr2",
    "Observation?_sort=-date > other hr2 hr1 temp hrBob undated",
    "Observation?_sort=-_lastUpdated > other undated hrBob temp hr2 hr1",
    "Observation?_sort=_lastUpdated > hr1 hr2 temp hrBob undated other",
    "Observation?patient=nobody > ''",
    "Observation?patient= > other undated hrBob temp hr2 hr1",
    "Observation? > other undated hrBob temp hr2 hr1",
    "ImagingStudy?patient=ada > ct",
    "ImagingStudy?subject=Patient/ada > ct",
    "ImagingStudy?patient:missing=true > mr",
    "ImagingStudy?identifier=urn:dicom:uid|urn:oid:1.2.3 > ct",
    "ImagingStudy?identifier=ACC-1 > ct",
    "ImagingStudy?started=2026-11-20T08:00:00Z > ct",
    "ImagingStudy?started=lt2026-11 > mr",
    "ImagingStudy?_sort=started > mr ct",
    "ImagingStudy?status=available > mr ct",
    "ImagingStudy?modality=urn:dcm|CT > ct",
    "ImagingStudy?modality=CT,MR > mr ct",
    "ImagingStudy?bodysite=chest > ct",
    "ImagingStudy?series=1.2.4.1 > mr",
    "ImagingStudy?instance=1.2.3.1.1 > ct",
    "ImagingStudy?dicom-class=urn:ietf:rfc:3986|urn:oid:1.2.840.1 > ct",
    "ImagingStudy?endpoint=Endpoint/wado > ct",
    "ImagingStudy?referrer=Practitioner/house > ct",
    "CarePlan?instantiates-canonical:PlanDefinition.title=walking m > any",
    "CarePlan?instantiates-canonical:PlanDefinition.status=retired > any old",
    "CarePlan?instantiates-canonical:PlanDefinition.version=1 > any old",
    "CarePlan?instantiates-canonical.title=nothing > ''",
    "PlanDefinition?_has:CarePlan:instantiates-canonical:subject=Patient/carl > walk1",
    "PlanDefinition?_has:CarePlan:instantiates-canonical:subject=Patient/dora > walk2 walk1",
    "Endpoint?connection-type=dicom-wado-rs > wado",
    "Endpoint?name=pic > wado",
    "Endpoint?status=http://hl7.org/fhir/endpoint-status|active > wado"})
  void aSearchFindsWhatFhirSaysItFinds(String text, String expected) {
    assertEquals(expected.equals("''") ? "" : expected, found(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"Patient?nonsense=1", "Patient?birthdate=yesterday", "Patient?birthdate=ge",
    "Patient?birthdate=2026-13", "Patient?birthdate=2026-11-20T10", "Patient?birthdate=2026-11-20T10",
    "Patient?birthdate=0000", "Patient?birthdate=10000", "Patient?birthdate=0000-01-01T00:00:00Z",
    "Patient?birthdate:contains=x", "Patient?family:text=x", "Patient?gender=|",
    "Patient?_sort=nonsense", "Patient?_sort=birthdate,-nonsense", "Patient?gender:exact=x",
    "Patient?gender:contains=x",
    "Patient?identifier:missing=perhaps", "Patient?identifier:of-type=a|b", "Observation?subject.nonsense=x",
    "Observation?subject:Device.birthdate=1", "Observation?subject:Nonsense=x", "Observation?subject:nonsense=x",
    "Observation?subject:Nonsense.name=x", "Observation?date=20 Nov 2026", "Observation?code.text=x",
    "Observation?_has:x:y=z",
    "Patient?_has:Observation:code:code=z", "Patient?_has:Observation:patient:nonsense=z", "Patient?_has:Observation=z",
    "Observation?value-quantity=heavy", "Observation?value-quantity=5|mg", "Observation?value-quantity=5|a|b|c",
    "Observation?value-quantity=1e9999", "Observation?code-value-quantity=8480-6",
    "Observation?code-value-quantity=8480-6$",
    "Observation?code-value-quantity=8480-6$1$2", "Observation?code-value-quantity:exact=8480-6$1",
    "Observation?_include=Observation", "Observation?_include=Nonsense:subject",
    "Observation?_include=Observation:code",
    "Observation?_include:often=Observation:subject", "Observation?_revinclude=*:subject", "Location?near=here",
    "Location?near=1|2|3|leagues", "Location?near=1|2|-3|km", "Observation?code:in=http://nowhere",
    "Observation?code:below=x",
    "Patient?_text:exact=x", "Patient?_id:exact=x", "Patient?_lastUpdated:not=2026"})
  void whatCannotBeReadIsRefused(String text) {
    fails(Failure.Invalid.class, 400, store.search(CALLER, query(text, 100, "none", null)));
  }

  @Test
  void aSearchOfEndlessAlternativesIsTooCostlyAndALongOneIsNot() {
    String ids = IntStream.range(0, 9_000).mapToObj(i -> "n" + i).collect(Collectors.joining(",")) + ",ada";
    assertEquals("ada", found("Patient?_id=" + ids));
    assertEquals("mon-1", found("Device?identifier=" + ids.replace("ada", "urn:dev|monitor-07")));
    assertEquals("other temp hr2 hr1", found("Observation?subject=" + ids.replace("n", "Patient/n")));
    for (String costly : List.of("Patient?_id=" + ids + "," + ids, "Patient?identifier=" + ids + "," + ids,
        "Patient?birthdate=" + "2020,".repeat(300), "Observation?value-quantity=" + "gt1,".repeat(300),
        "Patient?name:contains=" + "x,".repeat(300), "Observation?code-value-quantity=" + "a$1,".repeat(300),
        "Patient?" + "gender=male&".repeat(150), "Observation?_lastUpdated=" + "gt2020,".repeat(300)))
      fails(Failure.TooCostly.class, 422, store.search(CALLER, query(costly, 10, "none", null)));
  }

  @Test
  void aNulInAValueFindsNothing() {
    assertEquals("", found("Patient?identifier=a\0b"));
    assertEquals("", found("Patient?family=a\0b"));
    assertEquals("", found("Patient?_id=a\0b"));
    fails(Failure.Invalid.class, 400, store.search(CALLER, query("Patient?birthdate=2026\0", 100, "none", null)));
  }

  @Test
  void unknownParametersAreNamedForWhoeverDecidesAboutThem() {
    assertEquals(List.of("nonsense", "subject:Patient.nonsense", "_sort"), FhirStore.unknown(
        query("Observation?nonsense:exact=1&code=2&subject.name=3&subject:Patient.nonsense=3&_id=4&_lastUpdated=2026"
            + "&_sort=date&_sort=nonsense", 1, "none", null)));
  }

  @Test
  void whatIsDeletedIsNotFound() {
    put("Device", "gone", "'identifier':[{'value':'gone-1'}]");
    assertEquals("gone", found("Device?identifier=gone-1"));

    get(store.delete(CALLER, "Device", "gone", OptionalInt.empty()));

    assertEquals("", found("Device?identifier=gone-1"));
    assertEquals("", found("Device?_id=gone"));
  }

  @Test
  void aRowFoundOnlyByACollidingHashIsLeftOut() {
    put("Device", "collide", "'identifier':[{'value':'right-1'}]");
    room.sql("update r_device set tok = tok || $1::bigint where id = 'collide'", Hash.of("identifier=wrong-1"));

    assertEquals("", found("Device?identifier=wrong-1"));
    assertEquals("collide", found("Device?identifier=right-1"));
    get(store.delete(CALLER, "Device", "collide", OptionalInt.empty()));
  }

  @Test
  void onlyWhatHasAUrlWithAVersionIsNamedByIt() {
    List<String> named = Definition.types().stream().filter(type -> Canonical.isNamed(Definition.of(type))).toList();

    assertTrue(named.containsAll(List.of("PlanDefinition", "ValueSet", "Library", "Questionnaire")), named::toString);
    assertTrue(List.of("Device", "Contract", "Subscription", "Patient").stream().noneMatch(named::contains),
        named::toString);
    assertTrue(Canonical.isElsewhere("http://there/fhir/Patient/ada"));
    assertFalse(Canonical.isElsewhere("http://there/ValueSet/x|2"));
    assertFalse(Canonical.isElsewhere("urn:oid:1.2.3"));
  }

  @Test
  void whatIsPartOfAnotherIsBelowItHoweverManyStepsAway() {
    put("Location", "house", "'name':'House'");
    put("Location", "floor", "'partOf':{'reference':'Location/house'}");
    put("Location", "room", "'partOf':{'reference':'Location/floor'}");
    put("Location", "snake", "'partOf':{'reference':'Location/snake'}");
    put("Procedure", "in-house", procedure("'location':{'reference':'Location/house'}"));
    put("Procedure", "in-room", procedure("'location':{'reference':'Location/room'}"));
    put("Procedure", "in-snake", procedure("'location':{'reference':'Location/snake'}"));
    put("Encounter", "stay", "'status':'finished','class':{'code':'IMP'}");
    put("Encounter", "visit",
        "'status':'finished','class':{'code':'IMP'},'partOf':{'reference':'Encounter/stay'}");
    put("Procedure", "while-staying", procedure("'encounter':{'reference':'Encounter/stay'}"));

    assertEquals("in-room in-house", found("Procedure?location:below=house"));
    assertEquals("in-room", found("Procedure?location:below=Location/floor"));
    assertEquals("in-snake in-room in-house", found("Procedure?location:below=house,snake"));
    assertEquals("in-room in-house", found("Procedure?location:above=room"));
    assertEquals("while-staying", found("Procedure?encounter:above=visit"));
    assertEquals("", found("Procedure?encounter:below=visit"));
    assertEquals("room", found("Location?partof:below=floor"));
    assertEquals("", found("Procedure?location:below=nowhere"));
    assertEquals("in-room in-house",
        found("Procedure?location:below=" + "house,floor,".repeat(99) + "Location/room"), "each looked up once");
    fails(Failure.Invalid.class, 400, store.search(CALLER, query("Procedure?subject:below=ada", 9, "none", null)));
    fails(Failure.Invalid.class, 400,
        store.search(CALLER, query("Procedure?subject:below=Patient/ada", 9, "none", null)));
  }

  @Test
  void whatLooksUpWhatIsPartOfWhatIsAWay() {
    String below = "&location:below=house".repeat(60);

    get(store.search(CALLER, query("Procedure?status=completed" + below, 9, "none", null)));
    fails(Failure.TooCostly.class, 422,
        store.search(CALLER, query("Procedure?location:above=house" + below, 9, "none", null)));
  }

  private static String procedure(String fields) {
    return "'status':'completed','subject':{'reference':'Patient/eve'}," + fields;
  }

  @Test
  void whoRefersToAPartRefersToTheWhole() {
    put("Questionnaire", "asking", "'status':'active','url':'http://here/ask','version':'2','title':'Asking'");
    put("Questionnaire", "asked", "'status':'retired','url':'http://here/ask','version':'1','title':'Asked'");
    put("QuestionnaireResponse", "first", "'status':'completed','questionnaire':'http://here/ask|2#first'");

    assertEquals("first", found("QuestionnaireResponse?questionnaire.title=asking"));
    assertEquals("", found("QuestionnaireResponse?questionnaire.title=asked"));
    assertEquals("asking", found("Questionnaire?_has:QuestionnaireResponse:questionnaire:status=completed"));
    assertEquals("Questionnaire/asking",
        included("QuestionnaireResponse?_include=QuestionnaireResponse:questionnaire"));
    assertEquals("QuestionnaireResponse/first",
        included("Questionnaire?_id=asking&_revinclude=QuestionnaireResponse:questionnaire"));
    assertEquals("", included("Questionnaire?_id=asked&_revinclude=QuestionnaireResponse:questionnaire"));
  }

  @Test
  void belowAUrlAreItsVersions() {
    put("CarePlan", "newer",
        "'status':'active','intent':'plan','subject':{'reference':'Patient/eve'},'instantiatesCanonical':['http://here/run|1.2']");
    put("CarePlan", "newest",
        "'status':'active','intent':'plan','subject':{'reference':'Patient/eve'},'instantiatesCanonical':['http://here/run|12']");

    assertEquals("newest newer", found("CarePlan?instantiates-canonical:below=http://here/run"));
    assertEquals("newer", found("CarePlan?instantiates-canonical:below=http://here/run|1"));
    fails(Failure.Invalid.class, 400,
        store.search(CALLER, query("CarePlan?instantiates-canonical:above=http://here/run", 9, "none", null)));
  }

  @Test
  void belowAMimeTypeIsWhatItsParametersSay() {
    String letter = "'status':'current','content':[{'attachment':{'contentType':'@','url':'http://here/1'}}]";
    put("DocumentReference", "plain", letter.replace("@", "text/xml"));
    put("DocumentReference", "utf8", letter.replace("@", "text/XML; charset=UTF-8"));
    put("DocumentReference", "other", letter.replace("@", "text/xmlish"));

    assertEquals("plain", found("DocumentReference?contenttype=text/xml"));
    assertEquals("utf8 plain", found("DocumentReference?contenttype:below=text/xml"));
    assertEquals("other utf8 plain", found("DocumentReference?contenttype:below=text"));
  }

  @Test
  void aSecondSortSortsWithinTheFirst() {
    assertEquals(found("Patient?_id=ada,bob&_sort=gender,-birthdate"),
        found("Patient?_id=ada,bob&_sort=gender&_sort=-birthdate"));
    assertEquals("bob ada", found("Patient?_id=ada,bob&_sort=active&_sort=gender"));
  }

  /** Twelve generations, and beside each of them one that has the same parent. */
  @Test
  void chainsAndReverseChainsGoAsDeepAsAnybodyBuilds() {
    for (int i = 0; i < 12; i++) {
      String above = i == 0 ? "" : ",'partOf':{'reference':'Organization/deep-" + (i - 1) + "'}";
      put("Organization", "deep-" + i, "'name':'Generation " + i + "'" + above);
      put("Organization", "beside-" + i, "'name':'Beside " + i + "'" + above);
    }
    put("Patient", "deep", "'managingOrganization':{'reference':'Organization/deep-9'}");
    put("Observation", "deep", "'status':'final','code':{'text':'x'},'subject':{'reference':'Patient/deep'}");

    assertEquals("beside-10 deep-10", found("Organization?" + "partof.".repeat(10) + "name=Generation 0"));
    assertEquals("beside-11 deep-11", found("Organization?" + "partof:Organization.".repeat(10) + "_id=deep-1"));
    assertEquals("", found("Organization?" + "partof.".repeat(10) + "name=Beside 0"));
    assertEquals("deep-1", found("Organization?" + "_has:Organization:partof:".repeat(10) + "name=Generation 11"));
    assertEquals("deep-0", found("Organization?" + "_has:Organization:partof:".repeat(10) + "name=Beside 10"));
    assertEquals("deep",
        found("Observation?subject:Patient.organization." + "partof.".repeat(9) + "name=Generation 0"));
    assertEquals("deep-0", found("Organization?" + "_has:Organization:partof:".repeat(9)
        + "_has:Patient:organization:_has:Observation:subject:_id=deep"));
    assertEquals("beside-6 deep-6", found("Organization?" + "partof.".repeat(5) + "_has:Organization:partof:".repeat(5)
        + "name=Generation 6"));
    assertEquals("temp hr2 hr1",
        found("Observation?" + "subject:Patient._has:Observation:patient:".repeat(6) + "code=8310-5"));
    assertEquals("ada", found("Patient?" + "_has:Observation:patient:subject:Patient.".repeat(7) + "family=lovelace"));

    for (int i = 0; i < 12; i++) {
      get(store.delete(CALLER, "Organization", "deep-" + i, OptionalInt.empty()));
      get(store.delete(CALLER, "Organization", "beside-" + i, OptionalInt.empty()));
    }
    get(store.delete(CALLER, "Observation", "deep", OptionalInt.empty()));
    get(store.delete(CALLER, "Patient", "deep", OptionalInt.empty()));
  }

  @Test
  void codesOfValueSetsInTheStoreAreMeantByTheirUrl() {
    put("CodeSystem", "signs",
        "'url':'urn:signs','status':'active','content':'complete','concept':[{'code':'vital','concept':["
            + "{'code':'8867-4'},{'code':'temp','concept':[{'code':'8310-5'}]}]},{'code':'1-1'}]");
    put("ValueSet", "hearts",
        "'url':'http://here/hearts','status':'active','compose':{'include':[{'system':'" + FilledStore.LOINC
            + "','concept':[{'code':'8867-4'},{'code':'1-1'}]}],'exclude':[{'system':'" + FilledStore.LOINC
            + "','concept':[{'code':'1-1'}]}]}");
    put("ValueSet", "below", "'url':'http://here/below','status':'active','compose':{'include':[{'system':'urn:signs',"
        + "'filter':[{'property':'concept','op':'is-a','value':'vital'}]}]}");
    put("ValueSet", "both",
        "'url':'http://here/both','status':'active','compose':{'include':[{'valueSet':['http://here/hearts']},"
            + "{'system':'local'}]}");
    put("ValueSet", "odd", "'url':'http://here/odd','status':'active','compose':{'include':[{'system':'urn:signs',"
        + "'filter':[{'property':'colour','op':'=','value':'red'}]}]}");
    put("Device", "signed", "'type':{'coding':[{'system':'urn:signs','code':'8310-5'}]}");

    assertEquals("hrBob hr2 hr1", found("Observation?code:in=http://here/hearts"));
    assertEquals("hrBob hr2 hr1", found("Observation?code:in=ValueSet/hearts"));
    assertEquals("other undated temp", found("Observation?code:not-in=http://here/hearts"));
    assertEquals("other undated hrBob temp hr2 hr1", found("Observation?code:in=http://here/both"));
    assertEquals("signed", found("Device?type:in=http://here/below"));
    assertEquals("signed", found("Device?type:below=urn:signs|vital"));
    assertEquals("signed", found("Device?type:above=urn:signs|8310-5"));
    assertEquals("", found("Device?type:below=urn:signs|1-1"));
    fails(Failure.Invalid.class, 400, store.search(CALLER, query("Device?type:in=http://here/odd", 1, "none", null)));
    for (String id : List.of("hearts", "below", "both", "odd"))
      get(store.delete(CALLER, "ValueSet", id, OptionalInt.empty()));
    get(store.delete(CALLER, "Device", "signed", OptionalInt.empty()));
    get(store.delete(CALLER, "CodeSystem", "signs", OptionalInt.empty()));
  }
}

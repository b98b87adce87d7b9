package io.caregrid.store;

import static io.caregrid.store.Room.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What each kind of parameter means, prefix by prefix and modifier by modifier, asked of one resource and without a database. */
class PredicateTest {
  private static final Instant NOW = Instant.parse("2026-11-20T12:00:00Z");
  private static final String UCUM = "http://unitsofmeasure.org";

  private static ObjectNode resource(String name) {
    return switch (name) {
      case "mg" -> quantity("'value':5.4,'unit':'milligram','system':'" + UCUM + "','code':'mg'");
      case "own" -> quantity("'value':5.4,'unit':'mg','system':'urn:own','code':'mg'");
      case "bare" -> quantity("'value':5.4");
      case "fever" -> quantity("'value':39.0,'unit':'C','system':'" + UCUM + "','code':'Cel'");
      case "under" -> quantity("'value':5,'comparator':'<','system':'" + UCUM + "','code':'mg'");
      case "samples" ->
        json("{'resourceType':'Observation','id':'x','valueSampledData':{'origin':{'value':100,'unit':'mg','system':'"
            + UCUM + "','code':'mg'},'period':1,'factor':2,'dimensions':1,'lowerLimit':1,'data':'-10 E 0 5.5 U'}}");
      case "pressure" -> json(
          "{'resourceType':'Observation','id':'x','status':'final','code':{'coding':[{'system':'http://loinc.org','code':'85354-9'}]},"
              + "'component':[{'code':{'coding':[{'system':'http://loinc.org','code':'8480-6'}]},'valueQuantity':{'value':120,'system':'"
              + UCUM + "','code':'mm[Hg]'}},"
              + "{'code':{'coding':[{'system':'http://loinc.org','code':'8462-4'}]},'valueQuantity':{'value':80,'system':'"
              + UCUM
              + "','code':'mm[Hg]'}}]}");
      case "goal" -> json("{'resourceType':'Goal','id':'x','target':[{'dueDate':'2026-11-20'},{'dueDate':'2027-02'}]}");
      case "trial" ->
        json("{'resourceType':'DeviceRequest','id':'x','occurrencePeriod':{'start':'2026-03-01','end':'2027-01-15'}}");
      case "charge" -> json(
          "{'resourceType':'ChargeItem','id':'x','factorOverride':100,'priceOverride':{'value':12.50,'currency':'EUR'}}");
      case "person" -> json(
          "{'resourceType':'Patient','id':'x','active':true,'deceasedDateTime':'2020-01-01','name':[{'family':'Ñandú','given':['Ana María']}],"
              + "'identifier':[{'system':'urn:i','value':'7','type':{'text':'Passport','coding':[{'system':'v2','code':'PPN'}]}}],"
              + "'address':[{'use':'home','city':'Łódź'}],'telecom':[{'system':'phone','value':'555-1'},{'system':'email','value':'a@b.org'}],"
              + "'managingOrganization':{'identifier':{'system':'urn:org','value':'acme'}},'generalPractitioner':[{'reference':'Practitioner/p1/_history/3'},{'reference':'http://a.org/fhir/Organization/o'}]}");
      case "mother" -> json("{'resourceType':'Patient','id':'x'}");
      case "form" -> json("{'resourceType':'Questionnaire','id':'x','url':'http://a.org/fhir/Q/1'}");
      case "oid" -> json("{'resourceType':'Questionnaire','id':'x','url':'urn:oid:1.2.3'}");
      case "answer" ->
        json("{'resourceType':'QuestionnaireResponse','id':'x','questionnaire':'http://a.org/base|2.0'}");
      case "section" ->
        json("{'resourceType':'QuestionnaireResponse','id':'x','questionnaire':'http://a.org/base|2.0#part'}");
      case "place" ->
        json("{'resourceType':'Location','id':'x','position':{'longitude':-83.6945691,'latitude':42.25475478}}");
      case "letter" -> json(
          "{'resourceType':'DocumentReference','id':'x','relatesTo':[{'code':'replaces','target':{'reference':'DocumentReference/old'}},"
              + "{'code':'signs','target':{'reference':'DocumentReference/other'}}]}");
      default -> throw new IllegalArgumentException(name);
    };
  }

  private static ObjectNode quantity(String fields) {
    return json(
        "{'resourceType':'Observation','id':'x','code':{'coding':[{'system':'http://loinc.org','code':'1-1','display':'Drug  Dose'}],'text':'How much'},"
            + "'valueQuantity':{" + fields + "}}");
  }

  @ParameterizedTest(name = "{0}: {1}")
  @CsvSource(delimiter = '>', quoteCharacter = '"', value = {
    "mg > value-quantity=5.4 5.4|UCUM|mg 5.4||mg 5.4||milligram 5 0.0054|UCUM|g 0.0054000|UCUM|g 5400|UCUM|ug eq5.4|UCUM|mg > 5.40001 5.5 5.3|UCUM|mg 5.4||g 5.4|urn:own|mg 5.4|UCUM|g 5.4|UCUM|mL 6",
    "mg > value-quantity=gt5.3 ge5.4 le5.4 lt5.5 sa5.3 eb5.5 ap5.0 ne5.3 ap5.9|UCUM|mg gt5|UCUM|mg lt0.006|UCUM|g gt5300|UCUM|ug > gt5.4 lt5.4 sa5.4 eb5.4 ge5.41 le5.39 ap4.8 ne5.4 gt0.006|UCUM|g lt5300|UCUM|ug",
    "own > value-quantity=5.4 5.4|urn:own|mg 5.4||mg > 5.4|UCUM|mg 0.0054|UCUM|g",
    "bare > value-quantity=5.4 gt5 > 5.4||mg 5.4|UCUM|mg 5.4|UCUM|1",
    "fever > value-quantity=102.2|UCUM|[degF] 312.15|UCUM|K gt101|UCUM|[degF] 39|UCUM|Cel > gt103|UCUM|[degF] 39|UCUM|K",
    "under > value-quantity=lt5 lt1 le0|UCUM|mg ap1|UCUM|mg eb6 lt0.004|UCUM|g > 5 4 gt5 sa1 eb5 ap6",
    "samples > value-quantity=100 111 gt110 lt81 ge111 le80 80|UCUM|mg 0.1|UCUM|g ap120 gt0.11|UCUM|g > gt111 lt80 112 79 200 ap300|UCUM|mg 100|UCUM|mL",
    "samples > combo-value-quantity=95.5 > 300",
    "samples > value-quantity:missing=false > true",
    "pressure > component-value-quantity=120 80 gt100|UCUM|mm[Hg] ge15|UCUM|kPa lt11|UCUM|kPa > 100 gt120 gt17|UCUM|kPa",
    "pressure > component-code-value-quantity=8480-6$gt100 8480-6$120|UCUM|mm[Hg] http://loinc.org|8462-4$le80 8480-6$80,8462-4$80 > 8462-4$gt100 8480-6$80 8462-4$120 85354-9$120",
    "pressure > combo-code-value-quantity=8480-6$120 > 85354-9$120 8462-4$120",
    "pressure > combo-code=85354-9 8480-6 http://loinc.org|8462-4 > 8462 urn:x|8462-4",
    "pressure > value-quantity:missing=true > false",
    "pressure > code-value-quantity:missing=true > false",
    "pressure > component-code-value-quantity:missing=false > true",
    "goal > target-date=2026-11-20 2026-11 2026 2027-02 2027 ge2027 le2026-11-20 sa2026-12 eb2026-12 gt2026-11-20 ne2026-11-20 lt2026-11-21 ap2026-11-20 > 2026-11-21 2025 2027-02-01 sa2027-03 eb2026-11-20 gt2027-02 lt2026-11-20",
    "trial > event-date=gt2026 lt2027 ap2026-06 ge2026 le2027 ne2026 sa2025 eb2028 lt2026-03-02 > 2026 2027 2026-03 2026,2027 sa2026-03 eb2027-01-15 lt2026-03-01 gt2027",
    "charge > factor-override=100 1e2 ge100 le100 ap91 ap109 ne99 gt99.999 100.0 > 99.4 101 gt100 lt100 ap90 ap112 ne100 99.95",
    "charge > price-override=12.5 12.50||EUR 12.5|urn:iso:std:iso:4217|EUR gt12||EUR > 12.5||USD 14 gt12||USD 12.5|UCUM|EUR",
    "person > family=nandu NANDU Ñan ñandú n > andu nandux x",
    "person > family:exact=Ñandú > Nandu ñandú Ñand",
    "person > family:contains=ndu AND ú > x",
    "person > name=ana ana%maria nandu > maria",
    "person > address-city=lodz > odz",
    "person > address=lo > odz",
    "person > phonetic=nandu > x",
    "person > identifier=7 urn:i|7 urn:i| > |7 urn:x|7 8 7x",
    "person > identifier:of-type=v2|PPN|7 > v2|MR|7 v2|PPN|8 x|PPN|7",
    "person > identifier:text=pass PORT > 7",
    "person > active=true http://hl7.org/fhir/special-values|true > false",
    "person > deceased=true > false",
    "mother > deceased=false > true",
    "person > death-date=2020 gt2019 > 2021",
    "person > phone=555-1 > a@b.org",
    "person > email=a@b.org > 555-1",
    "person > telecom=555-1 a@b.org phone|555-1 > 555",
    "person > address-use=home http://hl7.org/fhir/address-use|home > work",
    "person > organization:identifier=acme urn:org|acme > urn:x|acme urn:org",
    "person > organization:missing=false > true",
    "person > general-practitioner=p1 Practitioner/p1 Practitioner/p1/_history/1 http://a.org/fhir/Organization/o > p2 Patient/p1 Organization/o o",
    "person > general-practitioner:Practitioner=p1 Practitioner/p1 > Practitioner/p2",
    "person > general-practitioner:Organization=http://a.org/fhir/Organization/o > p1 o",
    "person > link:missing=true > false",
    "person > _content=ana%lodz > berlin",
    "form > url=http://a.org/fhir/Q/1 > http://a.org/fhir/Q http://a.org/fhir/q/1 1",
    "form > url:below=http://a.org/fhir/ http://a.org/fhir/Q http://a.org/fhir/Q/1 > http://a.org/fhir/Q/1/x http://b.org",
    "form > url:above=http://a.org/fhir/Q/1/2/3 http://a.org/fhir/Q/1 > http://a.org/fhir/Q http://a.org/fhir/Q/12",
    "oid > url:below=urn:oid:1.2.3 > urn:oid:1.2 urn u",
    "oid > url:above=urn:oid:1.2.3 > urn:oid:1.2.3/4",
    "answer > questionnaire=http://a.org/base http://a.org/base|2.0 > http://a.org/base|1.0 http://a.org/bas",
    "section > questionnaire=http://a.org/base http://a.org/base|2.0 http://a.org/base|2.0#part > http://a.org/base|2 http://a.org/base#part",
    "place > near=42.256|-83.69|1|km 42.256|-83.69 42.256|-83.69|2000|m 42.25|-83|60 42.256|-83.69|1|mi > 42.256|-83.69|0.1|km 52.5|13.4|100|km 42.25|-83|10",
    "letter > relationship=DocumentReference/old$replaces old$replaces DocumentReference/other$signs > DocumentReference/old$signs other$replaces",
    "mg > code:text=dose MUCH drug%d > heart",
    "mg > code=1-1 http://loinc.org|1-1 http://loinc.org| > |1-1 1 http://loinc.org|1"})
  void aParameterMeans(String name, String query, String not) {
    int equals = query.indexOf('=');
    String param = query.substring(0, equals);
    ObjectNode resource = resource(name.strip());
    for (String value : query.substring(equals + 1).strip().split(" ")) {
      assertEquals(true, holds(resource, param, value), param + "=" + value);
    }
    for (String value : not.strip().split(" ")) assertEquals(false, holds(resource, param, value), param + "=" + value);
  }

  /** And the database would look the resource up: what holds is among the candidates. */
  private static boolean holds(ObjectNode resource, String param, String value) {
    String type = resource.path("resourceType").asText();
    List<SearchQuery.Param> params = List.of(
        new SearchQuery.Param(param.strip(), value.replace("UCUM", UCUM).replace('%', ' ')));
    SearchPlan plan = SearchTerms.of(new SearchQuery(type, params, 1, "none", null), NOW).plan(null).result();
    Values values = new Values(Definition.of(type), resource);
    Postings postings = Postings.of(values);
    boolean kept = plan.criteria()
        .stream()
        .allMatch(one -> (one.any() == null || one.any().stream().anyMatch(postings.tokens()::contains))
            && one.none().stream().noneMatch(postings.tokens()::contains));
    boolean holds = plan.holds(values);
    if (holds && plan.criteria().stream().allMatch(one -> one.none().isEmpty()))
      assertTrue(kept, param + "=" + value + " is no candidate among " + Arrays.toString(postings.tokens().toArray()));
    return holds && kept;
  }
}

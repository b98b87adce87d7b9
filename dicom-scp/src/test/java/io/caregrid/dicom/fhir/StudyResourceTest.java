package io.caregrid.dicom.fhir;

import static io.caregrid.dicom.fhir.Pictures.CT;
import static io.caregrid.dicom.fhir.Pictures.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.parser.StrictErrorHandler;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.store.ImageStudies.Instance;
import io.caregrid.store.ImageStudies.Series;
import io.caregrid.store.ImageStudies.Study;
import java.time.ZoneId;
import java.util.List;
import org.hl7.fhir.r4.model.ImagingStudy;
import org.junit.jupiter.api.Test;

class StudyResourceTest {
  private static final FhirContext FHIR = FhirContext.forR4();
  private static final ObjectNode SUBJECT = json("{'display':'Jane Doe'}");
  private final StudyResource resources = new StudyResource(ZoneId.of("Europe/Berlin"), "Endpoint/wado");

  private static Study full() {
    ObjectNode study = json("{'00080020':{'vr':'DA','Value':['20260704']},'00080030':{'vr':'TM','Value':['093000']},"
        + "'00080050':{'vr':'SH','Value':['ACC 1']},'00081030':{'vr':'LO','Value':['Chest']},"
        + "'00080090':{'vr':'PN','Value':[{'Alphabetic':'House^Gregory^^Dr.'}]},"
        + "'00081060':{'vr':'PN','Value':[{'Alphabetic':'Read^Ann'}]},"
        + "'00081032':{'vr':'SQ','Value':[{'00080100':{'vr':'SH','Value':['24627-2']},"
        + "'00080102':{'vr':'SH','Value':['LN']},'00080104':{'vr':'LO','Value':['CT Chest']}}]}}");
    Series late = new Series("1.2.9",
        json("{'00080060':{'vr':'CS','Value':['SR']},'00200011':{'vr':'IS','Value':[9]}}"),
        List.of(new Instance("1.2.9.1", "1.2.840.10008.5.1.4.1.1.88.11", null)));
    Series early = new Series("1.2.2",
        json("{'00080060':{'vr':'CS','Value':['CT']},'00200011':{'vr':'IS','Value':['2']},"
            + "'0008103E':{'vr':'LO','Value':['Axial']},'00200060':{'vr':'CS','Value':['L']},"
            + "'00080021':{'vr':'DA','Value':['20260704']}}"),
        List.of(new Instance("1.2.2.20", CT, "20"), new Instance("1.2.2.3", CT, "3")));
    return new Study(study, List.of(late, early));
  }

  @Test
  void aStudyBecomesWhatFhirsMappingSays() {
    assertEquals(
        json(
            """
        {'resourceType':'ImagingStudy',
         'identifier':[{'system':'urn:dicom:uid','value':'urn:oid:1.2'},
           {'type':{'coding':[{'system':'http://terminology.hl7.org/CodeSystem/v2-0203','code':'ACSN'}]},'value':'ACC 1'}],
         'status':'available',
         'modality':[{'system':'http://dicom.nema.org/resources/ontology/DCM','code':'CT'},
           {'system':'http://dicom.nema.org/resources/ontology/DCM','code':'SR'}],
         'subject':{'display':'Jane Doe'},
         'started':'2026-07-04T09:30:00+02:00',
         'referrer':{'display':'Dr. Gregory House'},'interpreter':[{'display':'Ann Read'}],
         'endpoint':[{'reference':'Endpoint/wado'}],
         'numberOfSeries':2,'numberOfInstances':3,
         'procedureCode':[{'coding':[{'system':'http://loinc.org','code':'24627-2','display':'CT Chest'}],'text':'CT Chest'}],
         'description':'Chest',
         'series':[
           {'uid':'1.2.2','number':2,'modality':{'system':'http://dicom.nema.org/resources/ontology/DCM','code':'CT'},
            'description':'Axial','numberOfInstances':2,
            'laterality':{'system':'http://snomed.info/sct','code':'419161000','display':'Unilateral left'},
            'started':'2026-07-04',
            'instance':[
              {'uid':'1.2.2.3','sopClass':{'system':'urn:ietf:rfc:3986','code':'urn:oid:1.2.840.10008.5.1.4.1.1.2'},'number':3},
              {'uid':'1.2.2.20','sopClass':{'system':'urn:ietf:rfc:3986','code':'urn:oid:1.2.840.10008.5.1.4.1.1.2'},'number':20}]},
           {'uid':'1.2.9','number':9,'modality':{'system':'http://dicom.nema.org/resources/ontology/DCM','code':'SR'},
            'numberOfInstances':1,
            'instance':[{'uid':'1.2.9.1','sopClass':{'system':'urn:ietf:rfc:3986','code':'urn:oid:1.2.840.10008.5.1.4.1.1.88.11'}}]}]}"""),
        resources.of("1.2", full(), SUBJECT));
  }

  @Test
  void hapiReadsItStrictly() {
    ImagingStudy study = parsed(resources.of("1.2", full(), SUBJECT));

    assertEquals("1.2.2.3", study.getSeriesFirstRep().getInstanceFirstRep().getUid());
    assertEquals(ImagingStudy.ImagingStudyStatus.AVAILABLE, study.getStatus());
  }

  @Test
  void aStudyThatSaysNothingIsStillValid() {
    Study bare = new Study(json("{}"), List.of(new Series("1.1", json("{'00200011':{'vr':'IS','Value':['-1']}}"),
        List.of(new Instance("1.1.1", CT, "minus one")))));

    ObjectNode resource = resources.of("1", bare, SUBJECT);

    assertEquals(1, parsed(resource).getNumberOfInstances());
    assertEquals("unknown", resource.at("/series/0/modality/extension/0/valueCode").asText());
    for (String absent : List.of("started", "modality", "referrer", "description", "procedureCode"))
      assertFalse(resource.has(absent), absent);
    assertFalse(resource.at("/series/0").has("number"));
  }

  @Test
  void theIdIsTheUidWhereFhirAllowsIt() {
    String longest = "1.2.840.10008.1234567890.1234567890.1234567890.1234567890.123456";
    assertEquals(64, longest.length());
    assertEquals(longest, StudyResource.id(longest));
    assertEquals(64, StudyResource.id("not_a uid").length());
  }

  static ImagingStudy parsed(ObjectNode resource) {
    return FHIR.newJsonParser()
        .setParserErrorHandler(new StrictErrorHandler())
        .parseResource(ImagingStudy.class, resource.toString());
  }
}

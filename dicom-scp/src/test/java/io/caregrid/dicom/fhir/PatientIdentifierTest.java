package io.caregrid.dicom.fhir;

import static io.caregrid.dicom.fhir.Pictures.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class PatientIdentifierTest {
  private static final String ID = "'00100020':{'vr':'LO','Value':[' 4711 ']}";

  private static PatientIdentifier of(String attributes, String systemOfNobody) {
    return PatientIdentifier.of(new Attributes(json("{" + attributes + "}")), systemOfNobody);
  }

  private static String issuer(String issuer) {
    return ID + ",'00100021':{'vr':'LO','Value':['" + issuer + "']}";
  }

  private static String qualified(String id, String type) {
    return issuer("HOSP") + ",'00100024':{'vr':'SQ','Value':[{'00400032':{'vr':'UT','Value':['" + id
        + "']},'00400033':{'vr':'CS','Value':['" + type + "']}}]}";
  }

  @Test
  void theIssuersUniversalIdIsTheSystem() {
    assertEquals(new PatientIdentifier("urn:oid:1.2.3", "", "4711"), of(qualified("1.2.3", "ISO"), "urn:ours"));
    assertEquals(new PatientIdentifier("http://hosp.example/mrn", "", "4711"),
        of(qualified("http://hosp.example/mrn", "URI"), ""));
    assertEquals(new PatientIdentifier("urn:uuid:0f0a51b1-6a43-4a4f-9c0f-9f6d34a5c001", "", "4711"),
        of(qualified("0F0A51B1-6A43-4A4F-9C0F-9F6D34A5C001", "UUID"), ""));
  }

  @Test
  void anIssuerThatIsAnAddressIsTheSystem() {
    assertEquals(new PatientIdentifier("urn:oid:2.16.840.1", "", "4711"), of(issuer("2.16.840.1"), "urn:ours"));
    assertEquals(new PatientIdentifier("urn:mrn", "", "4711"), of(issuer("urn:mrn"), "urn:ours"));
  }

  @Test
  void anIssuerThatIsANameMustBeNamedByBoth() {
    PatientIdentifier named = of(issuer("HOSP"), "urn:ours");

    assertEquals(new PatientIdentifier("", "HOSP", "4711"), named);
    assertEquals(named, of(qualified("hosp.example", "DNS"), "urn:ours"));
    assertTrue(named.matches(json("{'system':'urn:any','value':'4711','assigner':{'display':'HOSP'}}")));
    assertFalse(named.matches(json("{'system':'urn:any','value':'4711','assigner':{'display':'OTHER'}}")));
    assertFalse(named.matches(json("{'system':'urn:ours','value':'4711'}")));
  }

  @Test
  void withoutAnIssuerTheConfiguredSystemCounts() {
    assertEquals(new PatientIdentifier("urn:ours", "", "4711"), of(ID, "urn:ours"));
    assertTrue(of(ID, "").matches(json("{'system':'urn:any','value':'4711'}")));
    assertFalse(of(ID, "urn:ours").matches(json("{'system':'urn:any','value':'4711'}")));
    assertFalse(of(ID, "").matches(json("{'value':'47111'}")));
  }

  @Test
  void withoutAPatientIdThereIsNone() {
    assertNull(of("'00100021':{'vr':'LO','Value':['HOSP']}", "urn:ours"));
    assertNull(of("'00100020':{'vr':'LO','Value':['  ']}", "urn:ours"));
  }

  @Test
  void anIdIsNoSearchSyntax() {
    assertEquals("a\\,b\\|c\\$\\\\", new PatientIdentifier("", "", "a,b|c$\\").asToken());
  }
}

package io.caregrid.api.pages;

import io.caregrid.api.Ward;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.LocalDate;
import java.util.List;

/** Patients of every sort: one with a long story, one with nothing, one with 20,000 Observations, and some whose records are odd. */
final class People {
  static final String RICH = "rich";
  static final String EMPTY = "empty";
  static final String HUGE = "huge";
  static final String ODD = "odd";
  static final String WARY = "wary";
  static final String NOTED = "noted";
  private static final int NOTES = 600;
  static final int HUGE_OBSERVATIONS = 20_000;
  static final int HUGE_MEASURES = 25;
  private static final int BUNDLE = 1000;
  /** Text that would leave its mark on the page if anything read it as HTML. */
  static final String SCRIPT = "<script>window.broken=1</script><img src=x onerror=window.broken=1>\"'`javascript:window.broken=1";
  private final Ward ward;

  People(Ward ward) {
    this.ward = ward;
  }

  void moveIn() {
    rich();
    put("{'resourceType':'Patient','id':'empty','name':[{'family':'Leer','given':['Lea']}],'gender':'female','birthDate':'2001'}");
    odd();
    wary();
    noted();
    put("{'resourceType':'Patient','id':'synthetic','name':[{'family':'Brekke496','given':['Adela471']}],'identifier':[{'value':'SYN-77'}]}");
    put("{'resourceType':'Patient','id':'nameless','identifier':[{'value':'NN-0001'}],'deceasedBoolean':true,'active':false}");
    put("{'resourceType':'Patient','id':'chinese','name':[{'text':'李小明','family':'李','given':['小明']},{'text':'Li Xiaoming'}],'birthDate':'1988-02'}");
    put("{'resourceType':'Patient','id':'arabic','name':[{'text':'فاطمة الزهراء','family':'الزهراء'}],'identifier':[{'value':'MRN-2044'}]}");
    for (int n = 0; n < 60; n++) {
      put("{'resourceType':'Patient','id':'many-%d','name':[{'family':'Massey','given':['N%d']}],'identifier':[{'value':'SER-%03d-X'}]}"
          .formatted(n, n, n));
    }
  }

  /** A woman with twelve years of everything. */
  private void rich() {
    put("""
        {'resourceType':'Patient','id':'rich','active':true,'identifier':[{'type':{'text':'MRN'},'system':'urn:example:mrn','value':'MRN-1099'},
         {'system':'urn:example:insurance','value':'A123456780'}],
         'name':[{'use':'official','family':'Müller','given':['Anna','Sofia']},{'use':'maiden','family':'Łukasiewicz'}],
         'telecom':[{'system':'phone','value':'+49 30 901820'}],'gender':'female','birthDate':'1970-03-12',
         'address':[{'line':['Lindenstraße 7'],'postalCode':'10969','city':'Berlin'}],'communication':[{'language':{'text':'German'}}]}""");
    condition("c1", "Essential hypertension", "2015-04-02", "active");
    condition("c2", "Asthma", "1983", "active");
    condition("c3", "Fracture of wrist", "2019-01-20", "resolved");
    condition("c4", "Sprain, no date", null, "resolved");
    for (String[] medicine : new String[][] {{"m1", "Ramipril 5 mg", "active", "1 tablet in the morning"},
      {"m2", "Salbutamol inhaler", "active", "1 to 2 puffs as needed"},
      {"m3", "Ibuprofen 400 mg", "stopped", "as needed"}}) {
      put("""
          {'resourceType':'MedicationRequest','id':'%s','status':'%s','intent':'order','authoredOn':'2024-05-0%s','subject':{'reference':'Patient/rich'},
           'medicationCodeableConcept':{'text':'%s'},'dosageInstruction':[{'text':'%s'}]}"""
          .formatted(medicine[0], medicine[2], medicine[0].substring(1), medicine[1], medicine[3]));
    }
    put("""
        {'resourceType':'AllergyIntolerance','id':'a1','patient':{'reference':'Patient/rich'},'criticality':'high','code':{'text':'Penicillin'},
         'clinicalStatus':{'coding':[{'system':'http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical','code':'active'}]},
         'reaction':[{'manifestation':[{'text':'Hives'}]}]}""");
    for (int year = 2014; year <= 2026; year++) {
      put("""
          {'resourceType':'Encounter','id':'e%d','status':'finished','class':{'code':'AMB','display':'ambulatory'},'type':[{'text':'Check-up'}],
           'period':{'start':'%d-06-03T09:00:00Z','end':'%d-06-03T09:30:00Z'},'subject':{'reference':'Patient/rich'}}"""
          .formatted(year, year, year));
      for (int month : List.of(1, 6)) measures(year, month);
    }
    put("""
        {'resourceType':'ImagingStudy','id':'i1','status':'available','identifier':[{'system':'urn:dicom:uid','value':'urn:oid:1.2.3.4'}],
         'subject':{'reference':'Patient/rich'},'started':'2019-01-20T18:20:00Z','description':'X-ray of the left wrist','numberOfInstances':2,
         'modality':[{'system':'http://dicom.nema.org/resources/ontology/DCM','code':'DX'}]}""");
    put("{'resourceType':'Binary','id':'letter','contentType':'text/plain','data':'RGVhciBjb2xsZWFndWU='}");
    put("""
        {'resourceType':'DocumentReference','id':'d1','status':'current','date':'2019-02-01T08:00:00Z','subject':{'reference':'Patient/rich'},
         'description':'Discharge letter','content':[{'attachment':{'contentType':'text/plain','url':'Binary/letter','title':'Letter'}}]}""");
    put("""
        {'resourceType':'Procedure','id':'p1','status':'completed','performedDateTime':'2019-01-21','subject':{'reference':'Patient/rich'},
         'code':{'text':'Closed reduction'}}""");
    put("""
        {'resourceType':'Immunization','id':'v1','status':'completed','occurrenceDateTime':'2021-05','patient':{'reference':'Patient/rich'},
         'vaccineCode':{'text':'COVID-19 mRNA'}}""");
  }

  /** A man of whom one must know: twelve allergies, of which the undated one is the worst, and prescriptions that are none. */
  private void wary() {
    put("{'resourceType':'Patient','id':'wary','name':[{'family':'Vorsicht','given':['Veit']}],'link':[{'other':{'reference':'Patient/empty'},'type':'replaces'}]}");
    for (int n = 0; n < 12; n++) {
      put("""
          {'resourceType':'AllergyIntolerance','id':'wary-a%d','patient':{'reference':'Patient/wary'},'code':{'text':'Pollen %d'},'criticality':'low','recordedDate':'20%02d-01-01',%s}"""
          .formatted(n, n, 10 + n, status("allergyintolerance-clinical", "clinicalStatus", "active", "Active")));
    }
    put("""
        {'resourceType':'AllergyIntolerance','id':'wary-worst','patient':{'reference':'Patient/wary'},'code':{'text':'Latex'},'criticality':'high',%s}"""
        .formatted(status("allergyintolerance-clinical", "clinicalStatus", "active", "Active")));
    for (String[] doubt : new String[][] {{"refuted", "Refuted", "Epilepsy"},
      {"entered-in-error", "Entered in Error", "Gout"},
      {"provisional", "Provisional", "Lupus"}}) {
      put("{'resourceType':'Condition','id':'wary-%s','subject':{'reference':'Patient/wary'},'code':{'text':'%s'},%s}"
          .formatted(doubt[0], doubt[2], status("condition-ver-status", "verificationStatus", doubt[0], doubt[1])));
    }
    for (String[] medicine : new String[][] {{"order", "false", "Ramipril"}, {"plan", "false", "Statin"},
      {"order", "true", "Aspirin"}}) {
      put("""
          {'resourceType':'MedicationRequest','id':'wary-%s','status':'active','intent':'%s','doNotPerform':%s,'subject':{'reference':'Patient/wary'},
           'authoredOn':'2020-01-01','medicationCodeableConcept':{'text':'%s'}}"""
          .formatted(medicine[2], medicine[0], medicine[1], medicine[2]));
    }
    put("""
        {'resourceType':'DiagnosticReport','id':'wary-r','status':'final','code':{'text':'Biopsy'},'subject':{'reference':'Patient/wary'},'issued':'2024-01-01T10:00:00Z',
         'presentedForm':[{'contentType':'text/plain','title':'Findings','url':'Binary/letter'},{'contentType':'text/plain','title':'Scan','data':'U0VDUkVU'}]}""");
  }

  private static String status(String system, String element, String code, String display) {
    return "'%s':{'text':'%s','coding':[{'system':'http://terminology.hl7.org/CodeSystem/%s','code':'%s','display':'%s'}]}"
        .formatted(element, display, system, code, display);
  }

  /** More notes without a code than rounds are read for one look, and behind them one heart rate. */
  private void noted() {
    put("{'resourceType':'Patient','id':'noted','name':[{'family':'Notiz','given':['Nora']}]}");
    JsonArray entries = new JsonArray();
    for (int n = 0; n <= NOTES; n++) {
      entries.add(new JsonObject().put("request", new JsonObject().put("method", "POST").put("url", "Observation"))
          .put("resource", new JsonObject(
              "{'resourceType':'Observation','status':'final','code':%s,'subject':{'reference':'Patient/noted'},'effectiveDateTime':'%s','valueInteger':71}"
                  .formatted(n < NOTES ? "{'text':'Note'}" : code("8867-4", "Heart rate"),
                      LocalDate.of(2026, 1, 1).minusDays(n))
                  .replace('\'', '"'))));
    }
    transaction(entries);
  }

  private void condition(String id, String name, String onset, String status) {
    put("""
        {'resourceType':'Condition','id':'%s','subject':{'reference':'Patient/rich'},'code':{'text':'%s'},%s
         'clinicalStatus':{'coding':[{'system':'http://terminology.hl7.org/CodeSystem/condition-clinical','code':'%s'}]}}"""
        .formatted(id, name, onset == null ? "" : "'onsetDateTime':'" + onset + "',", status));
  }

  private void measures(int year, int month) {
    String at = "%d-%02d-03T09:10:00Z".formatted(year, month);
    int n = (year - 2014) * 2 + month / 6;
    observe("w" + n, "29463-7", "Body weight", at, "'valueQuantity':{'value':%d.50,'unit':'kg'}".formatted(62 + n % 7));
    observe("b" + n, "85354-9", "Blood pressure", at,
        """
            'component':[{'code':{'text':'Systolic'},'valueQuantity':{'value':%d,'unit':'mmHg'}},{'code':{'text':'Diastolic'},'valueQuantity':{'value':%d,'unit':'mmHg'}}]"""
            .formatted(128 + n * 3 % 21, 78 + n * 5 % 14));
    observe("s" + n, "72166-2", "Tobacco smoking status", at, "'valueCodeableConcept':{'text':'Never smoked'}");
  }

  private void observe(String id, String loinc, String name, String at, String value) {
    put("{'resourceType':'Observation','id':'%s','status':'final','code':%s,'subject':{'reference':'Patient/rich'},'effectiveDateTime':'%s',%s}"
        .formatted(id, code(loinc, name), at, value));
  }

  private static String code(String loinc, String name) {
    return "{'coding':[{'system':'http://loinc.org','code':'%s','display':'%s'}]}".formatted(loinc, name);
  }

  /** A record in which every text is an attack. */
  private void odd() {
    JsonObject text = new JsonObject().put("text", SCRIPT);
    JsonObject patient = new JsonObject().put("reference", "Patient/odd").put("display", SCRIPT);
    send(new JsonObject().put("resourceType", "Patient")
        .put("id", ODD)
        .put("name", new JsonArray().add(new JsonObject().put("text", SCRIPT + " Odd"))
            .add(new JsonObject().put("family", SCRIPT).put("use", "nickname"))
            .add(new JsonObject().put("given", new JsonArray().add("Second"))))
        .put("identifier", new JsonArray().add(new JsonObject().put("value", SCRIPT).put("type", text)))
        .put("telecom", new JsonArray().add(new JsonObject().put("system", "other").put("value", SCRIPT)))
        .put("address", new JsonArray().add(new JsonObject().put("text", SCRIPT)))
        .put("communication", new JsonArray().add(new JsonObject().put("language", text)))
        .put("birthDate", "1890")
        .put("deceasedDateTime", "1960-05"));
    send(new JsonObject().put("resourceType", "Condition")
        .put("id", "odd-c")
        .put("code", text)
        .put("subject", patient)
        .put("onsetString", SCRIPT));
    send(new JsonObject().put("resourceType", "Observation")
        .put("id", "odd-o")
        .put("status", "final")
        .put("code", text)
        .put("subject", patient)
        .put("valueString", SCRIPT));
    send(new JsonObject().put("resourceType", "Observation")
        .put("id", "odd-e")
        .put("status", "entered-in-error")
        .put("code", text)
        .put("subject", patient)
        .put("effectiveDateTime", "1950"));
    send(new JsonObject().put("resourceType", "MedicationRequest")
        .put("id", "odd-m")
        .put("status", "active")
        .put("intent", "order")
        .put("subject", patient)
        .put("medicationCodeableConcept", text)
        .put("dosageInstruction", new JsonArray().add(text)));
    send(new JsonObject().put("resourceType", "Encounter")
        .put("id", "odd-x")
        .put("status", "unknown")
        .put("class", new JsonObject().put("code", "AMB").put("display", SCRIPT))
        .put("subject", patient));
    send(new JsonObject().put("resourceType", "ImagingStudy")
        .put("id", "odd-i")
        .put("status", "available")
        .put("subject", patient)
        .put("description", SCRIPT)
        .put("identifier", new JsonArray().add(
            new JsonObject().put("system", "urn:dicom:uid").put("value", "urn:oid:1.2\" onclick=\"window.broken=1"))));
    send(new JsonObject().put("resourceType", "DocumentReference")
        .put("id", "odd-d")
        .put("status", "current")
        .put("subject", patient)
        .put("description", SCRIPT)
        .put("content", new JsonArray().add(new JsonObject().put("attachment",
            new JsonObject().put("url", "javascript:window.broken=1").put("title", SCRIPT)))));
  }

  /** Written by transactions, as a migration would. */
  void moveInHuge() {
    put("{'resourceType':'Patient','id':'huge','name':[{'family':'Viel','given':['Vera']}],'birthDate':'1950-01-01'}");
    LocalDate first = LocalDate.parse("2000-01-01");
    for (int from = 0; from < HUGE_OBSERVATIONS; from += BUNDLE) {
      JsonArray entries = new JsonArray();
      for (int n = from; n < from + BUNDLE; n++) {
        int measure = n < HUGE_MEASURES ? n : 0;
        entries.add(new JsonObject().put("request", new JsonObject().put("method", "POST").put("url", "Observation"))
            .put("resource", new JsonObject(
                "{'resourceType':'Observation','status':'final','code':%s,'subject':{'reference':'Patient/huge'},'effectiveDateTime':'%s','valueQuantity':{'value':%d,'unit':'u'}}"
                    .formatted(code("1000-" + measure, "Measure " + measure), first.plusDays(n / 2),
                        n % 97)
                    .replace('\'', '"'))));
      }
      transaction(entries);
    }
  }

  private void transaction(JsonArray entries) {
    JsonObject bundle = new JsonObject().put("resourceType", "Bundle").put("type", "transaction").put("entry", entries);
    int status = ward.send("POST", "/fhir", bundle.encode()).statusCode();
    if (status != 200) throw new IllegalStateException("a bundle gave " + status);
  }

  /** As it is written: 62.50 keeps its last digit. */
  private void put(String json) {
    String written = json.replace('\'', '"');
    send(new JsonObject(written), written);
  }

  private void send(JsonObject resource) {
    send(resource, resource.encode());
  }

  private void send(JsonObject resource, String written) {
    String address = "/fhir/" + resource.getString("resourceType") + "/" + resource.getString("id");
    var answer = ward.send("PUT", address, written);
    if (answer.statusCode() != 201)
      throw new IllegalStateException(address + " gave " + answer.statusCode() + " " + answer.bodyAsString());
  }
}

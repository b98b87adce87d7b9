package io.caregrid.templates.bundle;

import static io.caregrid.templates.bundle.Samples.OWN;
import static io.caregrid.templates.bundle.Samples.converted;
import static io.caregrid.templates.bundle.Samples.entries;
import static io.caregrid.templates.bundle.Samples.resource;
import static io.caregrid.templates.bundle.Samples.resources;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.templates.liquid.ConversionException;
import io.caregrid.templates.liquid.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

class OwnTemplatesTest {
  private static final String PID = "PID|1||700123^^^NORTH^MR||Brandt^Mathilde||19610412|F\r";

  private static String header(String type) {
    return "MSH|^~\\&|LAB|NORTH|C|H|20261103||" + type + "|1|P|2.5\r";
  }

  @Test
  void theListOfFilesNamesAllOfThem() throws IOException {
    for (String set : List.of("hl7v2", "ccda", "fhirtohl7v2")) {
      Path folder = Path.of("src/main/resources", set);
      try (Stream<Path> files = Files.walk(folder)) {
        Set<String> there = files.filter(Files::isRegularFile)
            .map(each -> folder.relativize(each).toString().replace('\\', '/'))
            .filter(each -> !each.equals("files.txt"))
            .collect(Collectors.toCollection(TreeSet::new));
        assertEquals(there, OwnTemplates.files(set).keySet(), set);
      }
    }
  }

  @Test
  void everySampleIsATransactionThatSaysEachThingOnceAndTheSameEachTime() {
    for (String name : Samples.names()) {
      JsonNode bundle = converted(name);
      assertEquals("transaction", bundle.path("type").asText(), name);
      Set<String> urls = new HashSet<>();
      for (JsonNode entry : bundle.path("entry")) {
        assertTrue(urls.add(entry.path("fullUrl").asText()), name + " " + entry.path("fullUrl"));
        assertTrue(Set.of("PUT", "POST").contains(entry.at("/request/method").asText()), entry.toString());
      }
      assertEquals(bundle, converted(name), name);
      assertReferencesLead(bundle, urls, name);
      Bundles.transaction(converted(name));
    }
  }

  private static void assertReferencesLead(JsonNode bundle, Set<String> urls, String name) {
    for (JsonNode reference : bundle.findValues("reference"))
      assertTrue(urls.contains(reference.asText()), name + " refers to " + reference + ", which is not in it");
  }

  @Test
  void aPatientIsOneAndTheSameInAllMessagesThatNameHisNumber() {
    Map<String, Set<String>> found = new HashMap<>();
    for (String name : List.of("adt_a01.hl7", "adt_a03.hl7", "adt_a08_delete.hl7", "orm_o01.hl7")) {
      JsonNode patient = entries(converted(name), "Patient").get(0);
      found.computeIfAbsent("urls", none -> new HashSet<>()).add(patient.path("fullUrl").asText());
      String condition = patient.at("/request/method").asText().equals("PUT")
          ? patient.at("/request/url").asText().substring("Patient?".length())
          : patient.at("/request/ifNoneExist").asText();
      found.computeIfAbsent("conditions", none -> new HashSet<>()).add(condition);
    }

    assertEquals(Set.of("identifier=urn%3Acaregrid%3Aauthority%3ANORTH%7C700123"), found.get("conditions"));
    assertEquals(1, found.get("urls").size());
    assertNotEquals(found.get("urls"),
        Set.of(entries(converted("adt_a04.hl7"), "Patient").get(0).path("fullUrl").asText()));
  }

  @Test
  void onlyAMessageAboutThePatientChangesWhoIsKnownAlready() {
    assertEquals("PUT", entries(converted("adt_a01.hl7"), "Patient").get(0).at("/request/method").asText());
    for (String name : List.of("oru_r01.hl7", "orm_o01.hl7", "siu_s12.hl7", "vxu_v04.hl7", "ccd.xml")) {
      JsonNode patient = entries(converted(name), "Patient").get(0);
      assertEquals("POST", patient.at("/request/method").asText(), name);
      assertTrue(patient.at("/request/ifNoneExist").asText().startsWith("identifier="), name);
    }
  }

  @Test
  void admissionTellsWhoWhereAndWhy() {
    JsonNode bundle = converted("adt_a01.hl7");
    JsonNode patient = resource(bundle, "Patient");
    JsonNode encounter = resource(bundle, "Encounter");

    assertEquals("Brandt", patient.at("/name/0/family").asText());
    assertEquals("urn:oid:2.999.1.1", patient.at("/identifier/1/system").asText());
    assertEquals("postal", patient.at("/address/1/type").asText());
    assertEquals(1, patient.path("contact").size());
    assertEquals("IMP", encounter.at("/class/code").asText());
    assertEquals("2026-11-03T09:00:00+01:00", encounter.at("/period/start").asText());
    assertEquals(2, encounter.path("diagnosis").size());
    assertEquals(3, resources(bundle, "Practitioner").size());
    assertEquals(List.of("Paracetamol", "Peanut"),
        resources(bundle, "AllergyIntolerance").stream().map(each -> each.at("/code/text").asText()).toList());
    assertEquals("71.50", resources(bundle, "Observation").get(0).at("/valueQuantity/value").decimalValue().toString());
    assertEquals("finished", resource(converted("adt_a03.hl7"), "Encounter").path("status").asText());
  }

  @Test
  void whatIsDeletedOrBlankIsNotThere() {
    JsonNode patient = resource(converted("adt_a08_delete.hl7"), "Patient");

    assertEquals("{\"family\":\"Brandt\",\"given\":[\"Mathilde\"]}", patient.at("/name/0").toString());
    assertEquals("1961-04", patient.path("birthDate").asText());
    assertEquals("[{\"city\":\"Kiel\"}]", patient.path("address").toString());
    assertFalse(patient.toString().contains("\\\""), patient.toString());
    assertEquals(1, resources(converted("adt_a08_delete.hl7"), "AllergyIntolerance").size());
  }

  @Test
  void aMergeReplacesTheOldPatient() {
    List<JsonNode> patients = entries(converted("adt_a40.hl7"), "Patient");
    JsonNode stays = patients.get(0);
    JsonNode goes = patients.get(1);

    assertEquals("replaces", stays.at("/resource/link/0/type").asText());
    assertEquals(goes.path("fullUrl"), stays.at("/resource/link/0/other/reference"));
    assertEquals("replaced-by", goes.at("/resource/link/0/type").asText());
    assertFalse(goes.at("/resource/active").asBoolean(true));
    assertTrue(goes.at("/request/url").asText().endsWith("700999"));
  }

  @Test
  void whoHasNoNumberIsAPatientOfHisMessage() {
    JsonNode entry = entries(converted("adt_a04_nobody.hl7"), "Patient").get(0);

    assertEquals("Patient/" + entry.at("/resource/id").asText(), entry.at("/request/url").asText());
    assertNotEquals(entry.at("/resource/id"),
        entries(converted("x.hl7", Samples.text("adt_a04_nobody.hl7").replace("|S-10|", "|S-11|")), "Patient").get(0)
            .at("/resource/id"));
  }

  @Test
  void otherSeparatorsAreReadAndTheUsualOnesAreText() {
    JsonNode patient = resource(converted("odd_separators.hl7"), "Patient");

    assertEquals("O|Hara^Jr", patient.at("/name/0/family").asText());
    assertEquals("urn:oid:2.999.4", patient.at("/identifier/0/system").asText());
    assertEquals("E-78", patient.at("/identifier/1/value").asText());
  }

  @Test
  void aResultIsWhatWasSent() {
    JsonNode bundle = converted("oru_r01.hl7");
    Map<String, String> values = StreamSupport.stream(bundle.path("entry").spliterator(), false)
        .map(entry -> entry.path("resource"))
        .filter(each -> each.path("resourceType").asText().equals("Observation"))
        .collect(Collectors.toMap(
            each -> each.at("/code/coding/0/code").asText() + " " + each.path("id").asText().substring(0, 0),
            OwnTemplatesTest::value, (one, other) -> one + " and " + other));

    assertEquals(
        "valueQuantity{\"value\":5.60,\"unit\":\"mmol/L\",\"system\":\"http://unitsofmeasure.org\",\"code\":\"mmol/L\"} and "
            + "valueQuantity{\"value\":6.1,\"unit\":\"mmol/L\",\"system\":\"http://unitsofmeasure.org\",\"code\":\"mmol/L\"} and "
            + "dataAbsentReason{\"coding\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/data-absent-reason\",\"code\":\"unknown\"}]}",
        values.get("2345-7 "));
    assertEquals(
        "valueQuantity{\"value\":5,\"comparator\":\"<\",\"unit\":\"U/L\",\"system\":\"http://unitsofmeasure.org\",\"code\":\"U/L\"}",
        values.get("1920-8 "));
    assertEquals("valueQuantity{\"value\":100,\"comparator\":\">\",\"unit\":\"IU/mL\"}", values.get("5195-3 "));
    assertEquals("valueRatio{\"numerator\":{\"value\":1},\"denominator\":{\"value\":128}}", values.get("5334-8 "));
    assertEquals("valueRange{\"low\":{\"value\":3,\"unit\":\"/HPF\"},\"high\":{\"value\":5,\"unit\":\"/HPF\"}}",
        values.get("13945-1 "));
    assertEquals("valueString\"2+\"", values.get("5799-2 "));
    assertEquals("valueString\"straw & clear\"", values.get("5778-6 "));
    assertEquals("valueString\"first line\\nsecond line\\nthird | line\"", values.get("8251-1 "));
    assertEquals("valueString\"Impression: no \\\"acute\\\" change \\\\ stable\"", values.get("11502-2 "));
    assertTrue(values.get("5196-1 ").contains("260385009"));
    assertEquals("valueDateTime\"2026-10-01\" and valueString\"unknown\"", values.get("8665-2 "));
    assertEquals("valueDateTime\"2026-11-03T09:59:30.5+01:00\"", values.get("19994-3 "));
    assertEquals("valueTime\"09:15:00\"", values.get("30182-6 "));
    assertEquals("valueString\"not done\"", values.get("1975-2 "));
    assertEquals("valueString\"140, 141 mmol/L\"", values.get("2951-2 "));
    assertEquals("valueQuantity{\"value\":0.5,\"unit\":\"mmol/L\"}", values.get("2823-3 "));
  }

  private static String value(JsonNode observation) {
    return StreamSupport.stream(((Iterable<String>) observation::fieldNames).spliterator(), false)
        .filter(name -> name.startsWith("value") || name.equals("dataAbsentReason"))
        .map(name -> name + observation.get(name))
        .collect(Collectors.joining());
  }

  @Test
  void aReportHoldsItsResultsItsFormAndNothingOfTheNext() {
    List<JsonNode> reports = resources(converted("oru_r01.hl7"), "DiagnosticReport");

    assertEquals(20, reports.get(0).path("result").size());
    assertEquals("JVBERi0xLjQK", reports.get(0).at("/presentedForm/0/data").asText());
    assertEquals("application/pdf", reports.get(0).at("/presentedForm/0/contentType").asText());
    assertEquals("Sample slightly haemolytic\nsecond line", reports.get(0).path("conclusion").asText());
    assertEquals("2026-11-03T11:29:00+01:00", reports.get(0).path("issued").asText());
    assertEquals("registered", reports.get(1).path("status").asText());
    assertFalse(reports.get(1).has("result"));
    assertEquals("fasting", resources(converted("oru_r01.hl7"), "Observation").get(0).at("/note/0/text").asText());
  }

  @Test
  void aCorrectedResultIsTheSameObservation() {
    String obr = "OBR|1|P-1|F-1^NORTHLAB|24323-8^Panel^LN\r";
    String first = header("ORU^R01") + PID + obr + "OBX|7|NM|2345-7^Glucose^LN||5.6|mmol/L|||||F\r";
    String second = header("ORU^R01").replace("|1|P", "|2|P") + PID + obr
        + "OBX|1|NM|2345-7^Glucose^LN||6.5|mmol/L|||||C\r";

    JsonNode before = resource(converted("x.hl7", first), "Observation");
    JsonNode after = resource(converted("x.hl7", second), "Observation");
    assertEquals(before.path("id"), after.path("id"));
    assertEquals("corrected", after.path("status").asText());
  }

  @Test
  void ordersAppointmentsAndVaccinations() {
    JsonNode orders = converted("orm_o01.hl7");
    assertEquals(List.of("active stat", "revoked "), resources(orders, "ServiceRequest").stream()
        .map(each -> each.path("status").asText() + " " + each.path("priority").asText())
        .toList());
    assertEquals("Aspirin", resource(orders, "MedicationRequest").at("/medicationCodeableConcept/text").asText());
    JsonNode booked = resource(converted("siu_s12.hl7"), "Appointment");
    assertEquals("booked 2026-12-01T10:00:00+01:00 30 3", booked.path("status").asText() + " "
        + booked.path("start").asText() + " " + booked.path("minutesDuration") + " "
        + booked.path("participant").size());
    JsonNode open = resource(converted("siu_s12_open.hl7"), "Appointment");
    assertEquals("proposed 2026-12-01T10:00:00+01:00",
        open.path("status").asText() + " " + open.at("/requestedPeriod/0/start").asText());
    List<JsonNode> given = resources(converted("vxu_v04.hl7"), "Immunization");
    assertEquals("completed 2026-11-06T09:55:00+01:00 LOT-7 2",
        given.get(0).path("status").asText() + " " + given.get(0).path("occurrenceDateTime").asText() + " "
            + given.get(0).path("lotNumber").asText() + " "
            + given.get(0).at("/protocolApplied/0/doseNumberPositiveInt"));
    assertEquals("not-done 2026-11-06",
        given.get(1).path("status").asText() + " " + given.get(1).path("occurrenceDateTime").asText());
  }

  @Test
  void whatCannotBeConvertedSaysWhy() {
    assertEquals(ErrorCode.TEMPLATE_DATA_MISMATCH, refused(header("ADT^A01")).code);
    assertEquals(ErrorCode.TEMPLATE_NOT_FOUND, refused(header("ADT^A99") + PID).code);
    assertEquals(ErrorCode.NULL_OR_EMPTY_ROOT_TEMPLATE, refused(header("") + PID).code);
    assertEquals(ErrorCode.INVALID_HL7V2_MESSAGE, refused("PID|1").code);
    assertEquals(ErrorCode.NULL_OR_WHITE_SPACE_INPUT, refused(" ").code);
    assertEquals(ErrorCode.DUPLICATE_HL7V2_SEPARATORS, refused("MSH|^^\\&|A\r").code);
    assertEquals(ErrorCode.INVALID_DATE_TIME_FORMAT,
        refused(header("ADT^A08") + PID.replace("19610412", "19610231")).code);
    assertEquals(ErrorCode.TEMPLATE_DATA_MISMATCH,
        ((Outcome.Refused) OWN.convert(Conversions.CCDA, Conversion.Kind.HL7V2, null, header("ADT^A01"))).why().code);
    assertEquals(ErrorCode.TEMPLATE_FOLDER_NOT_FOUND,
        ((Outcome.Refused) OWN.convert("other", Conversion.Kind.HL7V2, null, header("ADT^A01"))).why().code);
  }

  @Test
  void onlyWhatIsUcumIsCalledSo() {
    for (String unit : List.of("mmol/L", "kg", "mm[Hg]", "10*3/uL", "/min", "mL/min/{1.73_m2}", "%", "ng/mL", "[degF]",
        "m[IU]/L", "{score}", "g/dL", "kg/m2"))
      assertTrue(quantity(unit).contains("unitsofmeasure"), unit);
    for (String unit : List.of("mcg", "10+3/ul", "Puffs", "mg/actuat", "tablet", "mm Hg", "U/", "//", "x".repeat(50)))
      assertFalse(quantity(unit).contains("unitsofmeasure"), unit);
  }

  private static String quantity(String unit) {
    String message = header("ORU^R01") + PID + "OBR|1||F-1\rOBX|1|NM|1||7|" + unit + "^^UCUM\r";
    return resource(converted("x.hl7", message), "Observation").path("valueQuantity").toString();
  }

  /** Whatever is cut out of a sample or put into it: a Bundle that only writes, or a refusal with a code. */
  @Test
  void damagedSamplesGiveABundleOrACode() {
    long seed = Long.getLong("caregrid.test.seed", 20261123);
    Random random = new Random(seed);
    List<String> bits = List.of("|", "^", "~", "&", "\\", "\"", "\"\"", "{", "}", "]", "\\X22\\", "\r", "<", "&quot;",
        "\"}},{\"request\":{\"method\":\"DELETE\",\"url\":\"Patient/x\"}}",
        "&quot;}},{&quot;request&quot;:{&quot;method&quot;:&quot;DELETE&quot;}}");
    for (int i = 0; i < 600; i++) {
      String name = Samples.names().get(random.nextInt(Samples.names().size()));
      StringBuilder text = new StringBuilder(Samples.text(name));
      for (int changes = random.nextInt(4); changes >= 0; changes--) {
        int at = random.nextInt(text.length());
        if (random.nextInt(3) == 0) text.delete(at, Math.min(text.length(), at + 1 + random.nextInt(12)));
        else text.insert(at, bits.get(random.nextInt(bits.size())));
      }
      Outcome outcome = name.endsWith(".xml") ? OWN.ccda(text.toString()) : OWN.hl7v2(text.toString());
      if (!(outcome instanceof Outcome.Converted done)) continue;
      for (JsonNode entry : Bundles.transaction(done.bundle()).path("entry"))
        assertTrue(entry.at("/request/url").asText().startsWith(entry.at("/resource/resourceType").asText()),
            "seed " + seed + ": " + entry);
    }
  }

  private static ConversionException refused(String message) {
    return assertInstanceOf(Outcome.Refused.class, OWN.hl7v2(message)).why();
  }

  @Test
  void theRootIsGuessedFromWhatTheHeaderSays() {
    assertInstanceOf(Outcome.Converted.class, OWN.hl7v2(header("ADT^A07^ADT_A01") + PID));
    assertInstanceOf(Outcome.Converted.class, OWN.hl7v2(header("ORU") + PID));
    assertInstanceOf(Outcome.Converted.class, OWN.convert("MicrosoftHealth/FhirConverter:default",
        Conversion.Kind.HL7V2, "ADT_A28", header("X^Y") + PID));
  }

  @Test
  void whatIsOfTwoPatientsIsRefused() {
    String second = PID.replace("700123", "700124");
    String result = "OBR|1||F-1\rOBX|1|NM|1||7\r";

    assertEquals(ErrorCode.TEMPLATE_DATA_MISMATCH, refused(header("ORU^R01") + PID + result + second + result).code);
    assertEquals(ErrorCode.INVALID_HL7V2_MESSAGE,
        refused(header("ORU^R01") + PID + result + header("ORU^R01") + second + result).code);
    assertEquals(ErrorCode.TEMPLATE_DATA_MISMATCH,
        refused(header("ADT^A40") + PID + "MRG|1\r" + second + "MRG|2\r").code);
  }

  @Test
  void sameNumbersOfOtherPatientsHospitalsOrKindsAreOthers() {
    String result = "OBR|1||1001^LAB|1^Panel\rOBX|1|NM|1||7\rSPM|1|5\r";
    String here = header("ORU^R01") + PID + result;
    for (String other : List.of(here.replace("700123", "700124"), here.replace("|LAB|NORTH|", "|LAB|SOUTH|"),
        here.replace("^MR", "^AN"), here.replace("700123^^^NORTH^MR", "|700123^^^NORTH"))) {
      for (JsonNode entry : converted("x.hl7", here).path("entry"))
        for (JsonNode its : converted("x.hl7", other).path("entry"))
          assertNotEquals(entry.path("fullUrl"), its.path("fullUrl"), other);
    }
    JsonNode patient = entries(converted("oru_r01.hl7"), "Patient").get(0);
    assertEquals("urn:caregrid:authority:NORTHLAB:NORTH", patient.at("/resource/identifier/0/system").asText());
    String both = header("ADT^A01") + PID.replace("NORTH^MR", "NORTH^MR~777^^^NORTH^AN");
    assertEquals("urn:caregrid:authority:NORTH:AN",
        resource(converted("x.hl7", both), "Patient").at("/identifier/1/system").asText());
  }

  @Test
  void messagesWithoutAControlIdAreToldApart() {
    String message = header("ADT^A04").replace("|1|P", "||P") + "PID|1||||Unknown^One\r";

    assertEquals(converted("x.hl7", message), converted("x.hl7", message));
    assertNotEquals(resource(converted("x.hl7", message), "Patient").path("id"),
        resource(converted("x.hl7", message.replace("One", "Two")), "Patient").path("id"));
  }

  @Test
  void aVisitWithoutANumberIsChangedByAdtOnly() {
    String visit = PID + "PV1|1|I" + "|".repeat(42) + "20261103\r";
    JsonNode adt = entries(converted("x.hl7", header("ADT^A01") + visit), "Encounter").get(0);
    JsonNode oru = entries(converted("x.hl7", header("ORU^R01") + visit), "Encounter").get(0);

    assertEquals("PUT", adt.at("/request/method").asText());
    assertEquals("POST", oru.at("/request/method").asText());
    assertEquals(adt.at("/request/url").asText(), "Encounter?" + oru.at("/request/ifNoneExist").asText());
    assertEquals("urn:caregrid:visit", oru.at("/resource/identifier/0/system").asText());
    assertTrue(entries(converted("x.hl7", header("ADT^A31") + visit), "Encounter").isEmpty());
  }

  @Test
  void aMergeLeavesTheSurvivorAndFindsTheOldByItsRecordNumber() {
    JsonNode bundle = converted("x.hl7", header("ADT^A40") + PID + "MRG|5^^^NORTH^AN~700999^^^NORTH^MR\r");
    List<JsonNode> patients = entries(bundle, "Patient");

    assertEquals("POST", patients.get(0).at("/request/method").asText());
    assertTrue(patients.get(1).at("/request/url").asText().endsWith("NORTH%7C700999"));
    assertEquals(1, entries(converted("x.hl7", header("ADT^A40")
        + PID.replace("^MR", "^MR~700999^^^NORTH") + "MRG|700999^^^NORTH^MR\r"), "Patient").size());
  }

  @Test
  void tooManyResultsAreRefusedBeforeTheyAreATree() {
    StringBuilder message = new StringBuilder(header("ORU^R01") + PID + "OBR|1||F-1\r");
    for (int i = 1; i <= 11_000; i++) message.append("OBX|").append(i).append("|NM|1||").append(i).append('\r');

    assertEquals(ErrorCode.TEMPLATE_RENDERING_ERROR, refused(message.toString()).code);
  }

  @Test
  void whatIsWithdrawnIsNotTold() {
    String file = "OBR|1||F-1\rOBX|1|ED|PDF||A^AP^PDF^Hex^25504446||||||";
    assertEquals("JVBERg==", resource(converted("x.hl7", header("ORU^R01") + PID + file + "F\r"), "DiagnosticReport")
        .at("/presentedForm/0/data")
        .asText());
    assertFalse(resource(converted("x.hl7", header("ORU^R01") + PID + file + "W\r"), "DiagnosticReport")
        .has("presentedForm"));
    String deleted = PID + "PV1|1|I\rDG1|1||I20.0^Angina^I10" + "|".repeat(18) + "D\r";
    JsonNode bundle = converted("x.hl7", header("ADT^A08") + deleted);
    JsonNode condition = resource(bundle, "Condition");
    assertEquals("entered-in-error", condition.at("/verificationStatus/coding/0/code").asText());
    assertFalse(condition.has("clinicalStatus") || resource(bundle, "Encounter").has("diagnosis"));
    String reopened = PID + "PV1|1|I" + "|".repeat(43) + "20261104\r";
    assertEquals("in-progress", resource(converted("x.hl7", header("ADT^A13") + reopened), "Encounter")
        .path("status")
        .asText());
  }

  @Test
  void twoThousandResultsFitInOneReport() {
    StringBuilder message = new StringBuilder(header("ORU^R01") + PID + "OBR|1||F-1\r");
    for (int i = 1; i <= 2000; i++) message.append("OBX|").append(i).append("|NM|1||").append(i).append("\r");

    assertEquals(2000, resources(converted("x.hl7", message.toString()), "Observation").size());
  }
}

package io.caregrid.ingest.hl7;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.ingest.hl7.Translation.Dead;
import io.caregrid.store.Hl7Known;
import io.caregrid.store.Step;
import io.caregrid.templates.bundle.Outcome;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

class TranslationTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final byte[] MESSAGE = Ward.admitted("1", "p1", "Berg").getBytes(StandardCharsets.US_ASCII);

  private static List<Step> steps(String entries) throws Exception {
    ObjectNode bundle = (ObjectNode) JSON
        .readTree(
            "{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":[" + entries.replace('\'', '"') + "]}");
    return new Translation(text -> new Outcome.Converted(bundle, List.of()), Ward::check).steps(MESSAGE,
        id(MESSAGE), "");
  }

  private static String id(byte[] message) {
    return Translation.known(message, "").id();
  }

  private static String dead(String entry) {
    Dead dead = assertThrows(Dead.class, () -> steps(entry), entry);
    return dead.reason + ": " + dead.getMessage();
  }

  @Test
  void lineEndsBlankLinesAndFramesMakeNoOtherMessage() {
    String message = new String(MESSAGE, StandardCharsets.US_ASCII);
    String former = former(MESSAGE);

    assertEquals(new Hl7Known(former, null, kin(message, former), false), Translation.known(MESSAGE, ""),
        "as most are sent, the id is the one it always had");
    for (String same : List.of(message.replace("\r", "\n"), message.replace("\r", "\r\n"), message.strip(),
        message + "\r\n\r\n", "\r\n" + message, message.replace("\rPID", "\r \r\n\rPID"), message + "\u001c\r",
        "\u00ef\u00bb\u00bf" + message)) {
      byte[] bytes = same.getBytes(StandardCharsets.ISO_8859_1);
      assertEquals(new Hl7Known(former, former(bytes), kin(message, former, former(bytes)), false),
          Translation.known(bytes, ""), same);
    }
    for (String other : List.of(message.replace("Berg", "berg"), message.replace("|P|", "| P|"),
        message.replace("EVN||20261120\r", ""), message + "ZZZ\r"))
      assertNotEquals(former, id(other.getBytes(StandardCharsets.US_ASCII)), other);
  }

  @Test
  void whatTheBytesLeaveOpenIsPartOfTheMessageItsCharacterSet() {
    byte[] open = Ward.admitted("1", "p", "M\u00fcller").getBytes(StandardCharsets.ISO_8859_1);
    byte[] told = Ward.admitted("1", "p", "M\u00fcller")
        .replace("|P|2.5\r", "|P|2.5||||||8859/1\r")
        .getBytes(StandardCharsets.ISO_8859_1);

    assertNotEquals(Translation.known(open, "8859/1").id(), Translation.known(open, "8859/2").id());
    assertTrue(Translation.known(open, "8859/1").open());
    assertEquals(Translation.known(open, "8859/1"), Translation.known(open, "ISO-8859-1"), "however it is written");
    assertEquals(former(open), Translation.known(open, "8859/1").former());
    assertEquals(former(told), Translation.known(told, "8859/2").id(), "it says it itself");
    assertFalse(Translation.known(told, "8859/2").open());
    assertEquals(Translation.known(MESSAGE, ""), Translation.known(MESSAGE, "8859/2"),
        "ASCII is the same in all of them");
  }

  /** By which it was known before, however its lines ended. @param message with CR @param but without these */
  private static List<String> kin(String message, String... but) {
    List<String> kin = new ArrayList<>();
    for (String end : List.of("\r", "\r\n", "\n")) {
      String all = message.replace("\r", end);
      for (String form : List.of(all, all.substring(0, all.length() - end.length())))
        kin.add(former(form.getBytes(StandardCharsets.ISO_8859_1)));
    }
    kin.removeAll(List.of(but));
    return kin;
  }

  /** By which messages were known before: their bytes. */
  private static String former(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException impossible) {
      throw new AssertionError(impossible);
    }
  }

  @Test
  void moreThanOneTransactionDoesInItsTimeIsDead() throws Exception {
    String one = "{'resource':{'resourceType':'Observation'},'request':{'method':'POST','url':'Observation'}}";
    String most = (one + ",").repeat(Translation.MOST_ENTRIES - 1) + one;

    assertEquals(Translation.MOST_ENTRIES, steps(most).size());
    assertTrue(dead(most + "," + one).startsWith("too-large: the templates made 10001 resources"));
  }

  @Test
  void whatTemplatesWriteBecomesSteps() throws Exception {
    List<Step> steps = steps(
        """
        {'fullUrl':'urn:uuid:a','resource':{'resourceType':'Patient','id':'p'},'request':{'method':'PUT','url':'Patient/p'}},
        {'resource':{'resourceType':'Patient'},'request':{'method':'PUT','url':'Patient?identifier=urn:x%7C1&name=b+c'}},
        {'resource':{'resourceType':'Encounter'},'request':{'method':'POST','url':'Encounter','ifNoneExist':'identifier=v|2'}}""");

    assertEquals("p", assertInstanceOf(Step.Update.class, steps.get(0)).id());
    assertEquals("urn:uuid:a", steps.get(0).fullUrl());
    assertEquals("Patient?identifier=urn:x|1&name=b c", steps.get(1).where().toString());
    assertEquals("Encounter?identifier=v|2", assertInstanceOf(Step.Create.class, steps.get(2)).where().toString());
  }

  @Test
  void whatIsCreatedWithoutAConditionGetsTheIdThatItsMessageGivesIt() throws Exception {
    String two = """
        {'resource':{'resourceType':'Observation'},'request':{'method':'POST','url':'Observation'}},
        {'resource':{'resourceType':'Observation'},'request':{'method':'POST','url':'Observation'}}""";

    List<Step> steps = steps(two);

    assertEquals(steps.get(0).id(), steps(two).get(0).id());
    assertNotEquals(steps.get(0).id(), steps.get(1).id());
    assertEquals(steps.get(0).id(), steps.get(0).resource().path("id").asText());
    assertTrue(steps.get(0).id().matches("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), steps.get(0).id());
  }

  @Test
  void anythingElseIsNotStored() {
    for (String entry : List.of(
        "{'request':{'method':'DELETE','url':'Patient/victim'}}",
        "{'resource':{'resourceType':'Patient','id':'v'},'request':{'method':'DELETE','url':'Patient/v'}}",
        "{'resource':{'resourceType':'Patient','id':'v'},'request':{'method':'PATCH','url':'Patient/v'}}",
        "{'resource':{'resourceType':'Patient','id':'v'},'request':{'method':'PUT','url':'Patient/other'}}",
        "{'resource':{'resourceType':'Patient','id':'v'},'request':{'method':'PUT','url':'Patient/v?_hardDelete=true'}}",
        "{'resource':{'resourceType':'Patient','id':'v'},'request':{'method':'PUT','url':'Patient/v','ifMatch':'W/1'}}",
        "{'resource':{'resourceType':'Patient'},'request':{'method':'PUT','url':'Patient?identifier='}}",
        "{'resource':{'resourceType':'Patient'},'request':{'method':'POST','url':'Observation'}}",
        "{'resource':{'resourceType':'Patient'},'request':{'method':'POST','url':'Patient/$everything'}}",
        "{'resource':{'resourceType':'StructureDefinition'},'request':{'method':'POST','url':'StructureDefinition'}}",
        "{'resource':{'resourceType':'Subscription'},'request':{'method':'POST','url':'Subscription'}}",
        "{'resource':{'resourceType':'Patient'}}", "1"))
      assertTrue(dead(entry).startsWith("forbidden-entry: entry 1 of what the templates made is not stored: "), entry);
    assertEquals("nothing-made: the templates made no resource of it", dead(""));
  }

  @Test
  void whatIsAgainstTheRulesIsNotStoredAndSaidWithItsPlace() {
    assertEquals("not-fhir: Patient at Patient.name[0]: not a name",
        dead(
            "{'resource':{'resourceType':'Patient','name':[{'family':'Error'}]},'request':{'method':'POST','url':'Patient'}}"));
  }

  @Test
  void theCharacterSetIsThatOfMsh18OrTheOneThatWasSaid() throws Exception {
    byte[] latin = Ward.admitted("1", "p", "M\u00fcller").getBytes(StandardCharsets.ISO_8859_1);
    Translation translation = new Translation(Ward::convert, Ward::check);

    assertEquals("M\u00fcller", translation.steps(latin, id(latin), "8859/1")
        .get(0)
        .resource()
        .at("/name/0/family")
        .asText());
    assertEquals("charset",
        assertThrows(Dead.class, () -> translation.steps(latin, id(latin), "")).reason);
    byte[] told = Ward.admitted("1", "p", "M\u00fcller")
        .replace("|P|2.5\r", "|P|2.5||||||UNICODE UTF-8\r")
        .getBytes(StandardCharsets.UTF_8);
    assertEquals("M\u00fcller",
        translation.steps(told, id(told), "8859/1").get(0).resource().at("/name/0/family").asText());
  }
}

package io.caregrid.templates.bundle;

import static io.caregrid.templates.bundle.Samples.converted;
import static io.caregrid.templates.bundle.Samples.entries;
import static io.caregrid.templates.bundle.Samples.resource;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Clock;
import java.time.ZoneId;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What the house's templates are told: by the configuration, and by the sender's header. */
class OwnSettingsTest {
  private static final Conversions SHARING = Conversions.load(Map.of(), Set.of("NORTH"), Conversions.DOOR,
      ZoneId.of("Europe/Berlin"), Clock.systemUTC());
  private static final String PID = "PID|1||700123^^^NORTH^MR||Brandt^Mathilde||19610412|F\r";

  private static String result(String sender, String authority) {
    return "MSH|^~\\&|LAB|" + sender + "|C|H|20261103||ORU^R01|1|P|2.5\r" + PID.replace("NORTH", authority)
        + "OBR|1||F-1\rOBX|1|NM|1||7\r";
  }

  private static String patient(Conversions conversions, String message) {
    JsonNode bundle = assertInstanceOf(Outcome.Converted.class, conversions.hl7v2(message)).bundle();
    return entries(bundle, "Patient").get(0).at("/request/ifNoneExist").asText();
  }

  @Test
  void aSharedAuthorityMeansTheSameWhoeverSaysItAndEveryOtherItsSenders() {
    assertEquals("identifier=urn%3Acaregrid%3Aauthority%3ANORTH%7C700123", patient(SHARING, result("SOUTH", "NORTH")));
    assertEquals(patient(SHARING, result("NORTH", "NORTH")), patient(SHARING, result("SOUTH", "NORTH")));
    assertNotEquals(patient(SHARING, result("NORTH", "MRN")), patient(SHARING, result("SOUTH", "MRN")));
    assertNotEquals(patient(Samples.OWN, result("NORTH", "NORTH")), patient(Samples.OWN, result("SOUTH", "NORTH")));
  }

  private static String admitted(String sent) {
    return admitted(sent, "20261103090000");
  }

  private static String admitted(String sent, String at) {
    String message = "MSH|^~\\&|HIS|NORTH|C|H|" + sent + "||ADT^A01|1|P|2.5\r" + PID + "PV1|1|I" + "|".repeat(42)
        + at + "\r";
    return resource(converted("x.hl7", message), "Encounter").at("/period/start").asText();
  }

  @Test
  void anOffsetOfTheHeaderIsThatOfAllTimesThatNameNone() {
    assertEquals("2026-11-03T09:00:00+01:00", admitted("20261103101500"), "the zone of the configuration");
    assertEquals("2026-11-03T09:00:00-05:00", admitted("20261103101500-0500"));
    assertEquals("2026-11-03T09:00:00+05:30", admitted("20261103101500.123+0530"));
    assertEquals("2026-11-03T09:00:00Z", admitted("202611031015+0000"));
    assertEquals("2026-11-03T09:00:00+01:00", admitted("20261103101500+9900"), "no offset at all");
    String own = admitted("20261103101500-0500^S");
    assertEquals("2026-11-03T09:00:00-05:00", own);
  }

  @Test
  void anOffsetThatTheConfiguredZoneHasAtThatTimeIsThatZoneAcrossAChangeOfClocks() {
    assertEquals("2026-10-20T09:00:00+02:00", admitted("20261103101500+0100", "20261020090000"), "in summer");
    assertEquals("2026-11-03T09:00:00+01:00", admitted("20261103101500+0100"));
    assertEquals("2026-02-03T09:00:00+01:00", admitted("20260703+0200", "20260203090000"));
    assertEquals("2026-02-03T09:00:00+01:00", admitted("20261025023000+0100", "20260203090000"), "an hour twice");
    assertEquals("2026-10-20T09:00:00+01:00", admitted("20260703101500+0100", "20261020090000"),
        "in July Berlin has another offset");
    assertEquals("2026-10-20T09:00:00+01:00", admitted("20261399101500+0100", "20261020090000"), "no date");
  }
}

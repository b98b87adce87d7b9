package io.caregrid.platform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalKafka;
import io.caregrid.engines.LocalPostgres;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.hl7.fhir.r4.model.Observation;
import org.hl7.fhir.r4.model.Patient;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Readings of a device on their way to HAPI's FHIR server, which takes Keycloak's tokens: whatever happens to it, to a token or to the node, it has them all in the end, once. */
@Tag("full")
@ExtendWith(Engines.class)
class RemoteNodeIT {
  private static final Duration PATIENCE = Duration.ofSeconds(90);
  @TempDir
  Path data;
  private int second;

  private static void target(Map<String, String> settings, String name, String url, Keycloak keycloak, String secret) {
    String key = "tell.targets." + name + ".";
    settings.put(key + "kind", "fhir");
    settings.put(key + "url", url);
    settings.put(key + "tokenEndpoint", keycloak.issuer() + "/protocol/openid-connect/token");
    settings.put(key + "clientId", "to-remote");
    settings.put(key + "secret", secret);
    settings.put(key + "resource", "true");
    settings.put(key + "roles", "FHIR Data Reader");
    settings.put(key + "identity", "create");
    settings.put(key + "every", "0s");
  }

  @Test
  void whatDevicesMeasureIsOnHapisServerOnceWhateverHappens(LocalPostgres postgres, LocalKafka kafka)
      throws Exception {
    try (Keycloak keycloak = Keycloak.start(data.resolve("keycloak.log"));
        HapiPeer hapi = new HapiPeer(keycloak.issuer(), keycloak.issuer() + "/protocol/openid-connect/certs");
        ServerSocket closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Map<String, String> settings = TestNode.settings(postgres, kafka, data.resolve("node"));
      target(settings, "cloud", hapi.url(), keycloak, "remote-secret");
      settings.put("tell.targets.cloud.batch", "10");
      target(settings, "liar", hapi.url(), keycloak, "not-the-secret");
      target(settings, "away", "http://127.0.0.1:" + closed.getLocalPort() + "/fhir", keycloak, "remote-secret");
      try (Platform node = TestNode.start(settings)) {
        itArrives(node, hapi);
        whoeverElseWritesThereLosesNothing(node, hapi);
        troublePasses(node, hapi);
        aTokenEnds(node, hapi);
        othersAreNotHeldUp(node);
        manyGoTogether(node, hapi);
      }
      aNodeIsKilledBeforeItNotesTheAnswer(settings, hapi);
    }
  }

  /** One reading more; waits until it is the last of those there. */
  private void sent(String http, HapiPeer hapi) throws Exception {
    String last = post(http);
    arrived(hapi, last);
  }

  private String post(String http) throws Exception {
    int rate = 60 + second;
    post(http, 1, second++, rate);
    return Integer.toString(rate);
  }

  private static void post(String http, int n, int second, int rate) throws Exception {
    String reading = "{\"deviceId\":\"monitor-%d\",\"patientId\":\"MRN-%d\",\"time\":\"2026-03-01T10:%02d:%02dZ\",\"heartRate\":%d}"
        .formatted(n, n, second / 60, second % 60, rate);
    assertEquals(202, TestNode.post(http + "/ingest", "application/json", reading).statusCode());
  }

  private static void arrived(HapiPeer hapi, String rate) throws Exception {
    int second = Integer.parseInt(rate) - 60;
    TestNode.eventually(PATIENCE, "reading " + rate + " is there", () -> {
      String[] all = samples(hapi).split(" ");
      return all.length > second && all[second].equals(rate) ? true : null;
    });
  }

  private static String samples(HapiPeer hapi) {
    Observation one = one(hapi);
    return one == null ? "" : one.getValueSampledData().getData();
  }

  /** Of the Patient whom {@link #post} measures; null: not there. */
  private static Observation one(HapiPeer hapi) {
    return of(hapi, "MRN-1");
  }

  private static Observation of(HapiPeer hapi, String number) {
    for (Patient patient : hapi.patients.all())
      for (Observation one : hapi.observations.all())
        if (patient.getIdentifierFirstRep().getValue().equals(number)
            && one.getSubject().getReference().equals("Patient/" + patient.getIdElement().getIdPart()))
          return one;
    return null;
  }

  private static JsonNode state(Platform node, String target) throws Exception {
    for (JsonNode one : TestNode.json(node.http() + "/tell").path("targets"))
      if (one.path("name").asText().equals(target)) return one;
    return null;
  }

  private void itArrives(Platform node, HapiPeer hapi) throws Exception {
    sent(node.http(), hapi);
    sent(node.http(), hapi);

    Observation one = one(hapi);
    assertEquals(1, hapi.observations.all().size());
    assertEquals(1, hapi.patients.all().size());
    assertEquals("MRN-1", hapi.patients.all().get(0).getIdentifierFirstRep().getValue());
    assertEquals("Patient/" + hapi.patients.all().get(0).getIdElement().getIdPart(), one.getSubject().getReference());
    assertEquals(hapi.devices.all().get(0).getPatient().getReference(), one.getSubject().getReference());
    assertEquals(0, hapi.refused);
  }

  private void whoeverElseWritesThereLosesNothing(Platform node, HapiPeer hapi) throws Exception {
    Observation theirs = one(hapi).copy();
    String[] samples = theirs.getValueSampledData().getData().split(" ");
    samples[3000] = "199";
    theirs.getValueSampledData().setData(String.join(" ", samples));
    theirs.addNote().setText("turned over");
    hapi.observations.put(theirs, theirs.getIdElement().getIdPart(), null, null);

    sent(node.http(), hapi);

    assertEquals("199", samples(hapi).split(" ")[3000]);
    assertEquals("turned over", one(hapi).getNoteFirstRep().getText());
  }

  private void troublePasses(Platform node, HapiPeer hapi) throws Exception {
    for (int fault : new int[] {429, 500, 1}) {
      hapi.fault = fault;
      String rate = post(node.http());
      String expected = fault == 1 ? "no answer in time" : "HTTP " + fault;
      TestNode.eventually(PATIENCE, expected,
          () -> expected.equals(state(node, "cloud").path("error").asText()) ? true : null);
      hapi.fault = 0;
      arrived(hapi, rate);
    }
    hapi.stop();
    String rate = post(node.http());
    TestNode.eventually(PATIENCE, "it is away",
        () -> state(node, "cloud").path("error").asText().startsWith("nobody answers") ? true : null);
    hapi.open();
    arrived(hapi, rate);
    assertEquals(0, state(node, "cloud").path("dead").asInt());
  }

  /** They are good for twenty seconds, of which the node uses sixteen. */
  private void aTokenEnds(Platform node, HapiPeer hapi) throws Exception {
    int before = hapi.tokens.size();
    TestNode.eventually(PATIENCE, "two tokens more", () -> {
      sent(node.http(), hapi);
      return hapi.tokens.size() >= before + 2 ? true : null;
    });
    assertEquals(0, hapi.refused, "none was shown " + HapiPeer.LEEWAY_SECONDS + " s after its end");
  }

  private static void othersAreNotHeldUp(Platform node) throws Exception {
    assertTrue(state(node, "liar").path("error").asText().startsWith("the token endpoint gives no token"),
        state(node, "liar").toString());
    assertNotNull(state(node, "away").path("error").textValue());
    assertTrue(state(node, "away").path("waiting").asInt() > 0);
    assertEquals("well", state(node, "cloud").path("state").asText());
  }

  /** Until some of five devices that measure at once have gone in one Bundle. */
  private void manyGoTogether(Platform node, HapiPeer hapi) throws Exception {
    AtomicInteger round = new AtomicInteger();
    TestNode.eventually(PATIENCE, "a batch", () -> {
      int second = round.getAndIncrement() % 60;
      for (int n = 2; n < 7; n++) post(node.http(), n, second, 100 + n);
      return hapi.batches.get() > 0 ? true : null;
    });
    for (int n = 2; n < 7; n++) {
      String number = "MRN-" + n;
      String rate = Integer.toString(100 + n);
      int last = (round.get() - 1) % 60;
      TestNode.eventually(PATIENCE, number + " is there to the last", () -> {
        Observation one = of(hapi, number);
        String[] all = one == null ? new String[0] : one.getValueSampledData().getData().split(" ");
        return all.length > last && all[last].equals(rate) ? true : null;
      });
    }
    TestNode.eventually(PATIENCE, "nothing waits",
        () -> state(node, "cloud").path("waiting").asInt() == 0 ? true : null);
    assertEquals(6, hapi.observations.all().size());
    assertEquals(0, state(node, "cloud").path("dead").asInt());
  }

  private void aNodeIsKilledBeforeItNotesTheAnswer(Map<String, String> settings, HapiPeer hapi) throws Exception {
    Map<String, String> child = new HashMap<>(settings);
    int versions = hapi.observations.versions();
    try (ChildNode node = ChildNode.start(data.resolve("child.log"), child)) {
      hapi.observations.swallows = true;
      String rate = post(node.http());
      arrived(hapi, rate);
      node.kill();
    }
    hapi.observations.swallows = false;
    try (Platform node = TestNode.start(settings)) {
      TestNode.eventually(PATIENCE, "nothing waits",
          () -> state(node, "cloud").path("waiting").asInt() == 0 ? true : null);
      assertEquals(6, hapi.observations.all().size());
      assertEquals(versions + 1, hapi.observations.versions(), "it was sent again, and changed nothing");
      sent(node.http(), hapi);
    }
    for (int i = 0; i < second; i++) assertEquals(Integer.toString(60 + i), samples(hapi).split(" ")[i]);
  }
}

package io.caregrid.device;

import static io.caregrid.device.StoreBench.CALLER;
import static io.caregrid.device.StoreBench.get;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.cluster.IdentityConfig;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.store.ChangeFeed;
import io.caregrid.store.Sequencer;
import io.caregrid.templates.observation.Identity;
import io.vertx.core.Future;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Engines.class)
class DeviceIdentityIT {
  private static final IdentityConfig LOOKUP = new IdentityConfig("Lookup", "");
  private static final IdentityConfig CREATE = new IdentityConfig("Create", "");
  private static final ObjectMapper JSON = new ObjectMapper();
  private StoreBench bench;

  @BeforeEach
  void open(LocalPostgres postgres) {
    bench = new StoreBench(postgres);
  }

  @AfterEach
  void close() {
    bench.close();
  }

  @Test
  void lookupFindsTheDeviceAndThePatientItIsLinkedTo() {
    device("d1", "", "monitor-1", "Patient/p1");

    assertEquals(known("d1", "p1"), owner(LOOKUP, "monitor-1", null));
    assertEquals(known("d1", "p1"), owner(LOOKUP, "monitor-1", "somebody else"));
  }

  @Test
  void lookupSaysWhyAReadingBelongsToNobody() {
    device("d1", "", "twice", "Patient/p1");
    device("d2", "", "twice", "Patient/p1");
    device("d3", "", "alone", null);
    device("d4", "", "elsewhere", "http://elsewhere.example/Patient/p1");

    assertEquals("unknown-device", reason(LOOKUP, "nobody", null));
    assertEquals("ambiguous-device", reason(LOOKUP, "twice", null));
    assertEquals("device-without-patient", reason(LOOKUP, "alone", null));
    assertEquals("device-without-patient", reason(LOOKUP, "elsewhere", null));
  }

  @Test
  void aDeviceOrPatientThatCannotBeReadTakesNoOtherDeviceWithIt() throws Exception {
    device("d1", "", "lost", "Patient/p1");
    device("d2", "", "fine", "Patient/p2");
    device("d3", "", "patient-lost", null);
    get(bench.fhir.update(CALLER, "Patient", "p3", resource("Patient", "p3", "", "MRN-3"), OptionalInt.empty()));
    try (var other = bench.connect(); var sql = other.createStatement()) {
      sql.executeUpdate("update r_device set body = '\\x09' where id = 'd1'");
      sql.executeUpdate("update r_patient set body = '\\x09' where id = 'p3'");
    }
    DeviceIdentity identity = new DeviceIdentity(bench.fhir, CREATE);
    Owner.Claim lost = identity.claim("lost", null, null);
    Owner.Claim fine = identity.claim("fine", null, null);
    Owner.Claim patient = identity.claim("patient-lost", "MRN-3", null);
    Owner.Claim fresh = identity.claim("fresh", "MRN-4", null);

    Map<Owner.Claim, Owner> owners = get(identity.owners(List.of(lost, fine, patient, fresh)));

    assertEquals("unreadable-device", ((Owner.Unknown) owners.get(lost)).reason());
    assertEquals("unreadable-device", ((Owner.Unknown) owners.get(patient)).reason());
    assertEquals(known("d2", "p2"), owners.get(fine));
    assertEquals(Owner.Known.class, owners.get(fresh).getClass());
    assertEquals(1, bench.count("select count(*) from r_device where id not in ('d1', 'd2', 'd3')"));
  }

  @Test
  void aConfiguredSystemNarrowsTheLookup() {
    device("d1", "urn:ward", "twice", "Patient/p1");
    device("d2", "urn:other", "twice", "Patient/p2");

    assertEquals(known("d1", "p1"), owner(new IdentityConfig("Lookup", "urn:ward"), "twice", null));
    assertEquals("unknown-device", reason(new IdentityConfig("Lookup", "urn:nowhere"), "twice", null));
  }

  @Test
  void createMakesWhatIsMissingUnderTheConnectorsIds() {
    Owner owner = owner(new IdentityConfig("Create", "urn:ward"), "monitor-1", "MRN-1");

    Owner.Known known = (Owner.Known) owner;
    assertEquals("72f52a7a0951f983dff6f69b709b8fa73742a747bc21f8cf772a935e3ab2806e", known.identity().patient());
    assertEquals("566aeb6d42276daaa45992794aaac4f987c342ecf97260ad5d67d482fafad9ca", known.identity().device());
    JsonNode device = read("Device", known.identity().device());
    assertEquals("Patient/" + known.identity().patient(), device.path("patient").path("reference").asText());
    assertEquals("urn:ward", device.path("identifier").path(0).path("system").asText());
    assertEquals("MRN-1",
        read("Patient", known.identity().patient()).path("identifier").path(0).path("value").asText());
  }

  @Test
  void createUsesThePatientThatIsThere() {
    ObjectNode patient = resource("Patient", "p7", "urn:mrn", "MRN-7");
    get(bench.fhir.update(CALLER, "Patient", "p7", patient, OptionalInt.empty()));

    assertEquals("p7", ((Owner.Known) owner(CREATE, "monitor-7", "MRN-7")).identity().patient());
  }

  @Test
  void createLinksADeviceThatHasNoPatient() {
    device("d3", "", "alone", null);

    Owner.Known owner = (Owner.Known) owner(CREATE, "alone", "MRN-3");

    assertEquals("d3", owner.identity().device());
    assertEquals("Patient/" + owner.identity().patient(),
        read("Device", "d3").path("patient").path("reference").asText());
  }

  @Test
  void createNeverStoresOnAnotherPatient() {
    assertEquals(Owner.Known.class, owner(CREATE, "monitor-1", "MRN-1").getClass());

    assertEquals("patient-mismatch", reason(CREATE, "monitor-1", "MRN-2"));
    assertEquals(Owner.Known.class, owner(CREATE, "monitor-1", null).getClass());
    assertEquals(1, bench.count("select count(*) from r_patient"));
  }

  @Test
  void createNeedsAPatient() {
    assertEquals("no-patient-identifier", reason(CREATE, "monitor-1", null));
    assertEquals(0, bench.count("select count(*) from r_device"));
  }

  @Test
  void anIdentifierThatCannotBeKeptBelongsToNobody() {
    assertEquals("invalid-identifier", reason(CREATE, "nul\u0000", "MRN-1"));
    assertEquals("invalid-identifier", reason(CREATE, "monitor-1", "half \ud83d"));
    assertEquals("unknown-device", reason(LOOKUP, "nul\u0000", null));
  }

  @Test
  void severalCreatorsMakeOneOfEach() {
    List<Owner.Claim> claims = IntStream.range(0, 40)
        .mapToObj(i -> new Owner.Claim("monitor-" + i, "MRN-" + i / 2))
        .toList();

    Future.all(IntStream.range(0, 4).mapToObj(i -> new DeviceIdentity(bench.fhir, CREATE).owners(claims)).toList())
        .await();

    assertEquals(20, bench.count("select count(*) from r_patient"));
    assertEquals(40, bench.count("select count(*) from r_device"));
    assertEquals(0, bench.count("select count(*) from r_device where ver > 1"));
  }

  @Test
  void identifiersMayHoldWhatSearchUsesForItself() {
    List<String> odd = List.of("a,b", "a|b", "a$b", "a\\b", "Monitor Ünïcødé 7", "a&b=c", "\\,", "心電図");
    List<Owner.Claim> claims = odd.stream().map(device -> new Owner.Claim(device, "MRN " + device)).toList();
    Map<Owner.Claim, Owner> made = get(new DeviceIdentity(bench.fhir, CREATE).owners(claims));

    Map<Owner.Claim, Owner> found = get(new DeviceIdentity(bench.fhir, CREATE).owners(claims));

    assertEquals(made, found);
    for (String device : odd)
      assertEquals(made.get(new Owner.Claim(device, "MRN " + device)), owner(LOOKUP, device, null));
    assertEquals(odd.size(), bench.count("select count(*) from r_device"));
  }

  @Test
  void manyDevicesAreLookedUpTogether() {
    List<Owner.Claim> claims = IntStream.range(0, 130).mapToObj(i -> new Owner.Claim("monitor-" + i, null)).toList();
    for (Owner.Claim claim : claims)
      if (!claim.device().endsWith("7")) device("id-" + claim.device(), "", claim.device(), "Patient/p1");

    Map<Owner.Claim, Owner> owners = get(new DeviceIdentity(bench.fhir, LOOKUP).owners(claims));

    assertEquals(130, owners.size());
    owners.forEach(
        (claim, owner) -> assertEquals(!claim.device().endsWith("7"), owner instanceof Owner.Known, claim.device()));
  }

  @Test
  void anEncounterIsLookedUpAndIsNeverAnotherPatients() {
    device("d1", "", "monitor-1", "Patient/p1");
    encounter("e1", "visit-1", "Patient/p1");
    encounter("e2", "visit-2", "Patient/p2");
    encounter("e3", "visit-3", null);
    encounter("e4", "visit-3", null);
    encounter("e5", "visit-5", null);

    assertEquals(new Owner.Known(new Identity("d1", "p1", "e1")), visit(LOOKUP, "visit-1"));
    assertEquals(new Owner.Known(new Identity("d1", "p1", "e5")), visit(LOOKUP, "visit-5"));
    assertEquals(known("d1", "p1"), visit(LOOKUP, " "));
    assertEquals("encounter-mismatch", ((Owner.Unknown) visit(LOOKUP, "visit-2")).reason());
    assertEquals("ambiguous-encounter", ((Owner.Unknown) visit(LOOKUP, "visit-3")).reason());
    assertEquals("unknown-encounter", ((Owner.Unknown) visit(LOOKUP, "nowhere")).reason());
    assertEquals("no-encounter-identifier",
        ((Owner.Unknown) visit(new IdentityConfig("LookupWithEncounter", ""), null)).reason());
  }

  @Test
  void aDeviceThatGoesFromPatientToPatientIsWhoseItWasThen() {
    device("d1", "", "monitor-1", "Patient/p3");
    use("u1", "d1", "p1", "active", "\"start\":\"2026-03-01T08:00:00Z\",\"end\":\"2026-03-01T10:00:00Z\"");
    use("u2", "d1", "p2", "completed", "\"start\":\"2026-03-01T12:00:00Z\",\"end\":\"2026-03-02\"");
    use("u3", "d1", "p9", "entered-in-error", "\"start\":\"2026-01-01\"");
    DeviceIdentity identity = new DeviceIdentity(bench.fhir, LOOKUP);
    Owner.Claim claim = identity.claim("monitor-1", null, null);
    Owner owner = get(identity.owners(List.of(claim))).get(claim);

    Map<String, String> whose = Map.of("2026-03-01T07:59:59.999Z", "p3", "2026-03-01T08:00:00Z", "p1",
        "2026-03-01T10:00:00.500Z", "p1", "2026-03-01T10:00:01Z", "p3", "2026-03-01T12:00:00Z", "p2",
        "2026-03-02T23:59:59Z", "p2", "2026-03-03T00:00:00Z", "p3");

    whose.forEach((time, patient) -> assertEquals(known("d1", patient), owner.at(Instant.parse(time)), time));
  }

  @Test
  void twoPatientsAtOnceAreNobodys() {
    device("d1", "", "monitor-1", null);
    use("u1", "d1", "p1", "active", "\"start\":\"2026-03-01\"");
    use("u2", "d1", "p2", "active", "\"start\":\"2026-03-05\"");
    DeviceIdentity identity = new DeviceIdentity(bench.fhir, LOOKUP);
    Owner.Claim claim = identity.claim("monitor-1", null, null);
    Owner owner = get(identity.owners(List.of(claim))).get(claim);

    assertEquals(known("d1", "p1"), owner.at(Instant.parse("2026-03-04T12:00:00Z")));
    assertEquals("ambiguous-link", ((Owner.Unknown) owner.at(Instant.parse("2026-03-06T12:00:00Z"))).reason());
    assertEquals("device-without-patient", ((Owner.Unknown) owner.at(Instant.parse("2026-02-01T12:00:00Z"))).reason());
  }

  @Test
  void aDeviceOfNobodysIsWhoseItsParentIs() {
    device("monitor", "", "monitor-1", "Patient/p1");
    child("module", "module-1", "monitor");
    child("channel", "channel-1", "module");
    child("a", "circle-a", "b");
    child("b", "circle-b", "a");

    assertEquals(known("channel", "p1"), owner(LOOKUP, "channel-1", null));
    assertEquals(known("module", "p1"), owner(CREATE, "module-1", null));
    assertEquals("device-without-patient", reason(LOOKUP, "circle-a", null));
  }

  @Test
  void whatChangedIsAskedAnewAndNothingElse() {
    device("d1", "", "monitor-1", "Patient/p1");
    child("c1", "channel-1", "d1");
    device("d2", "", "monitor-2", "Patient/p1");
    DeviceIdentity identity = new DeviceIdentity(bench.fhir, LOOKUP);
    Owner.Claim one = identity.claim("monitor-1", null, null);
    Owner.Claim channel = identity.claim("channel-1", null, null);
    Owner.Claim other = identity.claim("monitor-2", null, null);
    Owner.Claim unknown = identity.claim("monitor-3", null, null);
    List<Owner.Claim> all = List.of(one, channel, other, unknown);
    get(identity.owners(all));
    device("d1", "", "monitor-1", "Patient/p2");
    device("d2", "", "monitor-2", "Patient/p2");
    device("d3", "", "monitor-3", "Patient/p2");
    assertEquals(known("d1", "p1"), get(identity.owners(all)).get(one), "remembered");

    identity.forget(List.of("Device/d1"));

    Map<Owner.Claim, Owner> owners = get(identity.owners(all));
    assertEquals(known("d1", "p2"), owners.get(one));
    assertEquals(known("c1", "p2"), owners.get(channel), "drawn from its parent");
    assertEquals(known("d3", "p2"), owners.get(unknown), "what nobody knew may be known now");
    assertEquals(known("d2", "p1"), owners.get(other), "not looked at again");
    use("u1", "d2", "p7", "active", "\"start\":\"2026-03-01\"");
    identity.forget(List.of("DeviceUseStatement/u1"));
    assertEquals(known("d2", "p7"), get(identity.owners(all)).get(other).at(Instant.parse("2026-03-02T00:00:00Z")));
  }

  @Test
  void whoseADeviceIsNowIsToldWithSinceWhenAtTheLatest() throws Exception {
    device("d1", "", "monitor-1", "Patient/p1");
    device("d2", "", "monitor-2", null);
    child("c1", "channel-1", "d1");
    use("u1", "d1", "p7", "active", "\"start\":\"2026-03-01\",\"end\":\"2026-03-02\"");
    DeviceIdentity identity = new DeviceIdentity(bench.fhir, LOOKUP);
    List<String> all = List.of("d1", "d2", "c1", "gone");

    Map<String, DeviceIdentity.InUse> owners = get(identity.patientsOf(all));

    Instant stated = get(bench.fhir.read(CALLER, "DeviceUseStatement", "u1")).updated();
    assertEquals(Map.of("d1", new DeviceIdentity.InUse("p1", stated), "c1", new DeviceIdentity.InUse("p1", stated)),
        owners, "something was written then that says whose it is");
    Instant began = Instant.now().minusSeconds(600);
    use("u2", "d1", "p8", "active", "\"start\":\"" + began + "\"");
    use("u3", "d1", "p9", "active", "\"start\":\"" + Instant.now().plusSeconds(600) + "\"");
    try (var other = bench.connect(); var sql = other.createStatement()) {
      sql.executeUpdate("update r_device set upd = now() - interval '1 hour'");
      sql.executeUpdate("update r_deviceusestatement set upd = now() - interval '1 hour'");
    }
    assertEquals(new DeviceIdentity.InUse("p8", began), get(identity.patientsOf(all)).get("c1"), "a use began later");
  }

  @Test
  void oneMoreCarrierOfAnIdentifierIsNoticedByItsComing() {
    device("d1", "", "monitor-1", "Patient/p1");
    device("d2", "", "monitor-2", "Patient/p1");
    child("c1", "channel-1", "later");
    DeviceIdentity identity = new DeviceIdentity(bench.fhir, LOOKUP);
    List<Owner.Claim> all = List.of(identity.claim("monitor-1", null, null), identity.claim("monitor-2", null, null),
        identity.claim("channel-1", null, null));
    get(identity.owners(all));
    device("d3", "", "monitor-1", "Patient/p2");
    device("later", "", "base-1", "Patient/p3");
    device("d2", "", "monitor-2", "Patient/p2");

    get(identity.forget(List.of("Device/d3", "Device/later", "Device/gone")));

    Map<Owner.Claim, Owner> owners = get(identity.owners(all));
    assertEquals("ambiguous-device", ((Owner.Unknown) owners.get(all.get(0))).reason());
    assertEquals(known("d2", "p1"), owners.get(all.get(1)), "not looked at again");
    assertEquals(known("c1", "p3"), owners.get(all.get(2)), "its parent has come");
  }

  @Test
  void everyNodeHearsOfAChangeWhoeverMadeItAlsoWhenAllListenersHaveSeenIt() {
    device("d1", "", "monitor-1", "Patient/p1");
    ChangeFeed feed = new ChangeFeed(bench.database);
    Sequencer sequencer = Sequencer.start(bench.database);
    Await.until("stamped", () -> get(feed.head(CALLER)).position() > 0);
    List<DeviceIdentity> nodes = List.of(watched(feed), watched(feed));
    for (DeviceIdentity node : nodes) Await.until("p1", () -> whose(node, "monitor-1").equals(known("d1", "p1")));
    get(feed.register(CALLER, "quick"));

    device("d1", "", "monitor-1", "Patient/p2");

    for (DeviceIdentity node : nodes)
      Await.until("p2", () -> whose(node, "monitor-1").equals(known("d1", "p2"))
          && "p2".equals(node.patientOf("monitor-1")));
    get(sequencer.stop());
  }

  @Test
  void aWatchThatMayHaveMissedAChangeHasAllForgotten() throws Exception {
    device("d1", "", "monitor-1", "Patient/p1");
    execute("delete from change_queue");
    DeviceIdentity node = watched(new ChangeFeed(bench.database));
    Await.until("remembered", () -> {
      whose(node, "monitor-1");
      return "p1".equals(node.patientOf("monitor-1"));
    });
    device("d1", "", "monitor-1", "Patient/p2");
    execute("delete from change_queue");
    assertEquals(known("d1", "p1"), whose(node, "monitor-1"), "nobody has told it");

    execute("update feed_head set position = 2");
    execute("insert into feed values (1, 2, gen_random_uuid(), 'Device', 'another', 1, 'C', now(), now())");

    Await.until("p2", () -> whose(node, "monitor-1").equals(known("d1", "p2")));
  }

  @Test
  void ofMoreThanCanBeReadWhatChangedIsForgottenAndTheRestDoubted() {
    device("d1", "", "monitor-1", "Patient/p1");
    device("d2", "", "monitor-2", "Patient/p1");
    DeviceIdentity identity = new DeviceIdentity(bench.fhir, LOOKUP);
    whose(identity, "monitor-1");
    whose(identity, "monitor-2");
    device("d1", "", "monitor-1", "Patient/p2");
    device("d2", "", "monitor-2", "Patient/p2");

    get(identity.forget(Stream.concat(Stream.of("Device/d1"), IntStream.range(0, 500).mapToObj(n -> "Device/n" + n))
        .toList()));

    assertEquals(known("d1", "p2"), whose(identity, "monitor-1"));
    assertEquals(known("d2", "p1"), whose(identity, "monitor-2"), "for a minute at most");
  }

  // ----

  private DeviceIdentity watched(ChangeFeed feed) {
    DeviceIdentity identity = new DeviceIdentity(bench.fhir, LOOKUP);
    get(bench.vertx.deployVerticle(new IdentityWatch(feed, identity)));
    return identity;
  }

  private static Owner whose(DeviceIdentity identity, String device) {
    Owner.Claim claim = identity.claim(device, null, null);
    return get(identity.owners(List.of(claim))).get(claim);
  }

  private void execute(String sql) throws SQLException {
    try (Connection connection = bench.connect()) {
      connection.createStatement().execute(sql);
    }
  }

  private Owner visit(IdentityConfig config, String encounter) {
    DeviceIdentity identity = new DeviceIdentity(bench.fhir, config);
    Owner.Claim claim = identity.claim("monitor-1", null, encounter);
    return get(identity.owners(List.of(claim))).get(claim).at(Readings.NOON);
  }

  private void encounter(String id, String value, String patient) {
    ObjectNode encounter = resource("Encounter", id, "", value);
    encounter.put("status", "in-progress").putObject("class").put("code", "IMP");
    if (patient != null) encounter.putObject("subject").put("reference", patient);
    get(bench.fhir.update(CALLER, "Encounter", id, encounter, OptionalInt.empty()));
  }

  private void child(String id, String value, String parent) {
    ObjectNode device = resource("Device", id, "", value);
    device.putObject("parent").put("reference", "Device/" + parent);
    get(bench.fhir.update(CALLER, "Device", id, device, OptionalInt.empty()));
  }

  private void use(String id, String device, String patient, String status, String period) {
    try {
      ObjectNode use = (ObjectNode) JSON.readTree("{\"resourceType\":\"DeviceUseStatement\",\"id\":\"" + id
          + "\",\"status\":\"" + status + "\",\"subject\":{\"reference\":\"Patient/" + patient
          + "\"},\"device\":{\"reference\":\"Device/" + device + "\"},\"timingPeriod\":{" + period + "}}");
      get(bench.fhir.update(CALLER, "DeviceUseStatement", id, use, OptionalInt.empty()));
    } catch (java.io.IOException wrong) {
      throw new AssertionError(wrong);
    }
  }

  private Owner owner(IdentityConfig config, String device, String patient) {
    DeviceIdentity identity = new DeviceIdentity(bench.fhir, config);
    Owner.Claim claim = identity.claim(device, patient, null);
    return get(identity.owners(List.of(claim))).get(claim);
  }

  private String reason(IdentityConfig config, String device, String patient) {
    return ((Owner.Unknown) owner(config, device, patient)).reason();
  }

  private static Owner known(String device, String patient) {
    return new Owner.Known(new Identity(device, patient, null));
  }

  private void device(String id, String system, String value, String patient) {
    ObjectNode device = resource("Device", id, system, value);
    if (patient != null) device.putObject("patient").put("reference", patient);
    get(bench.fhir.update(CALLER, "Device", id, device, OptionalInt.empty()));
  }

  private static ObjectNode resource(String type, String id, String system, String value) {
    ObjectNode resource = JSON.createObjectNode().put("resourceType", type).put("id", id);
    ObjectNode identifier = resource.putArray("identifier").addObject();
    if (!system.isEmpty()) identifier.put("system", system);
    identifier.put("value", value);
    return resource;
  }

  private JsonNode read(String type, String id) {
    try {
      return JSON.readTree(get(bench.fhir.read(CALLER, type, id)).body().getBytes());
    } catch (java.io.IOException wrong) {
      throw new AssertionError(wrong);
    }
  }
}

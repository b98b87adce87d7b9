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
import io.caregrid.templates.observation.Identity;
import io.vertx.core.Future;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.IntStream;
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
    Owner.Claim lost = identity.claim("lost", null);
    Owner.Claim fine = identity.claim("fine", null);
    Owner.Claim patient = identity.claim("patient-lost", "MRN-3");
    Owner.Claim fresh = identity.claim("fresh", "MRN-4");

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

  // ----

  private Owner owner(IdentityConfig config, String device, String patient) {
    DeviceIdentity identity = new DeviceIdentity(bench.fhir, config);
    Owner.Claim claim = identity.claim(device, patient);
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

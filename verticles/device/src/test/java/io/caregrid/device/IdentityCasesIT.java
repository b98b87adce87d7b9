package io.caregrid.device;

import static io.caregrid.device.StoreBench.CALLER;
import static io.caregrid.device.StoreBench.get;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.cluster.IdentityConfig;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.templates.observation.Identity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.ExtendWith;

/** The shared cases {@code identity}, each against a database of its own. Without them this is skipped, unless CAREGRID_STRICT is true. */
@ExtendWith(Engines.class)
class IdentityCasesIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  /** The connector's exception and the type of resource it is about → our reason. */
  private static final Map<String, String> REASONS = Map.of(
      "FhirResourceNotFoundException Device", "unknown-device",
      "FhirResourceNotFoundException Patient", "device-without-patient",
      "FhirResourceNotFoundException Encounter", "unknown-encounter",
      "ResourceIdentityNotDefinedException Patient", "no-patient-identifier",
      "ResourceIdentityNotDefinedException Encounter", "no-encounter-identifier",
      "PatientDeviceMismatchException ", "patient-mismatch",
      "MultipleResourceFoundException Device", "ambiguous-device");
  private static LocalPostgres postgres;
  private StoreBench bench;

  @BeforeAll
  static void keep(LocalPostgres shared) {
    postgres = shared;
  }

  @AfterAll
  static void forget() {
    postgres = null;
  }

  @TestFactory
  Stream<DynamicTest> identity() throws IOException {
    List<JsonNode> cases = cases();
    List<DynamicTest> tests = new ArrayList<>();
    for (JsonNode one : cases) {
      switch (one.path("kind").asText()) {
        case "identity-resolution" -> tests.add(test(one, () -> resolves(one)));
        case "resource-id-hash" -> tests.add(test(one, () -> assertEquals(one.path("expectedId").asText(),
            DeviceIdentity.deterministicId(one.path("system").asText(""), one.path("value").asText()))));
        case "reference-id" -> tests.add(test(one, () -> assertEquals(one.path("expected").textValue(),
            DeviceIdentity.patientIn(one.path("reference").asText()))));
        // how the connector looked for an Observation on a server; ours is found by its id
        case "expanded-search-query" -> {}
        default -> throw new AssertionError("a kind of case nobody has read: " + one.path("kind"));
      }
    }
    assertTrue(tests.size() >= cases.size() - 3, "only " + tests.size() + " of " + cases.size() + " are run");
    return tests.stream();
  }

  private static DynamicTest test(JsonNode one, org.junit.jupiter.api.function.Executable check) {
    return DynamicTest.dynamicTest(one.path("name").asText(), check);
  }

  private void resolves(JsonNode one) throws Exception {
    try (StoreBench opened = new StoreBench(postgres)) {
      bench = opened;
      for (JsonNode resource : one.path("fhirStore")) put((ObjectNode) resource);
      DeviceIdentity identity = new DeviceIdentity(bench.fhir,
          new IdentityConfig(one.path("mode").asText(), one.path("defaultDeviceIdentifierSystem").asText("").strip()));
      JsonNode group = one.path("measurementGroup");
      Owner.Claim claim = identity.claim(group.path("deviceId").textValue(), group.path("patientId").textValue(),
          group.path("encounterId").textValue());

      Owner owner = get(identity.owners(List.of(claim))).get(claim).at(Readings.NOON);

      if (one.has("expectAnyOf")) assertAnyOf(one.path("expectAnyOf"), owner);
      else assertCase(one, owner);
    }
  }

  private static void assertAnyOf(JsonNode outcomes, Owner owner) throws Exception {
    List<String> failed = new ArrayList<>();
    for (JsonNode outcome : outcomes) {
      try {
        assertOwner(outcome.has("expected") ? outcome.path("expected") : outcome, outcome.path("expectError"), owner);
        return;
      } catch (AssertionError other) {
        failed.add(other.getMessage());
      }
    }
    throw new AssertionError("none of the outcomes: " + failed);
  }

  private void assertCase(JsonNode one, Owner owner) throws Exception {
    assertOwner(one.path("expected"), one.path("expectError"), owner);
    if (!one.path("expected").has("created")) return;
    JsonNode created = one.path("expected").path("created");
    long there = bench.count("select (select count(*) from r_device) + (select count(*) from r_patient)");
    assertEquals(created.size() + one.path("fhirStore").size(), there);
    for (JsonNode wanted : created) {
      JsonNode made = JSON.readTree(get(bench.fhir.read(CALLER, wanted.path("resourceType").asText(),
          wanted.path("id").asText())).body().getBytes());
      wanted.properties().forEach(member -> assertEquals(member.getValue(), made.get(member.getKey())));
    }
  }

  private static void assertOwner(JsonNode expected, JsonNode error, Owner owner) {
    if (error.isMissingNode()) {
      Identity identity = assertInstanceOf(Owner.Known.class, owner, owner.toString()).identity();
      assertEquals(expected.path("Device").textValue(), identity.device());
      assertEquals(expected.path("Patient").textValue(), identity.patient());
      assertEquals(expected.path("Encounter").textValue(), identity.encounter());
    } else {
      String reason = REASONS.get(error.path("type").asText() + " " + error.path("resourceType").asText());
      assertNotNull(reason, "an error nobody has read: " + error);
      assertEquals(reason, assertInstanceOf(Owner.Unknown.class, owner, owner.toString()).reason());
    }
  }

  /** The cases say only what counts; our store holds to R4. */
  private void put(ObjectNode resource) {
    if (resource.path("resourceType").asText().equals("Encounter")) {
      resource.put("status", "in-progress");
      resource.putObject("class").put("code", "IMP");
    }
    get(bench.fhir.update(CALLER, resource.path("resourceType").asText(), resource.path("id").asText(), resource,
        OptionalInt.empty()));
  }

  private static List<JsonNode> cases() throws IOException {
    Path folder = folder();
    if ("true".equals(System.getenv("CAREGRID_STRICT")))
      assertNotNull(folder, "CAREGRID_STRICT, and no shared/cases/iomt beside the project");
    assumeTrue(folder != null, "no shared/cases/iomt beside the project (set CAREGRID_SHARED)");
    List<JsonNode> cases = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.sorted().toList()) cases.add(JSON.readTree(file.toFile()));
    }
    assertFalse(cases.isEmpty());
    return cases;
  }

  private static Path folder() {
    String told = System.getenv("CAREGRID_SHARED");
    if (told != null) return at(Path.of(told));
    for (Path up = Path.of("").toAbsolutePath(); up != null; up = up.getParent())
      if (at(up.resolve("shared")) != null) return at(up.resolve("shared"));
    return null;
  }

  private static Path at(Path shared) {
    Path folder = shared.resolve("cases/iomt/identity");
    return Files.isDirectory(folder) ? folder : null;
  }
}

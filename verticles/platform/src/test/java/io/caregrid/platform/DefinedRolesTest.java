package io.caregrid.platform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.cluster.ConfigException;
import io.caregrid.contract.Access;
import io.caregrid.contract.Grants;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DefinedRolesTest {
  private static Grants researcher(Map<String, String> settings) {
    return DefinedRoles.of(TestNode.config(settings)).grants(List.of("WardResearcher"));
  }

  @Test
  void aRoleIsOthersAndMore() {
    Grants grants = researcher(Map.of("security.roles.Ward Researcher.like", "FHIR Data Reader",
        "security.roles.Ward Researcher.access", "analytics_query",
        "security.roles.Ward Researcher.tables", "vitals,Patient"));

    assertTrue(grants.may(Access.FHIR_READ));
    assertTrue(grants.mayQuery("vitals"));
    assertFalse(grants.mayQuery("Observation"));
    assertFalse(grants.may(Access.FHIR_WRITE));
  }

  @Test
  void aBuiltInRoleCanBeNarrowed() {
    Grants analyst = DefinedRoles.of(TestNode.config(Map.of("security.roles.Analyst.access", "ANALYTICS_QUERY",
        "security.roles.Analyst.tables", "vitals"))).grants(List.of("Analyst"));

    assertEquals(List.of("vitals"), List.copyOf(analyst.tables()));
  }

  @Test
  void whatIsWrongIsNamedWithItsKey() {
    assertRefused("security.roles.x.access: there is no FHIR_RAED", Map.of("security.roles.x.access", "FHIR_RAED"));
    assertRefused("security.roles.x.access: there is no OPEN", Map.of("security.roles.x.access", "OPEN"));
    assertRefused("security.roles.x.like: there is no built-in role Raeder", Map.of("security.roles.x.like", "Raeder"));
    assertRefused("security.roles.x gives nothing", Map.of("security.roles.x.tables", "vitals"));
    assertRefused("security.roles.x.tables must name tables", Map.of("security.roles.x.access", "ANALYTICS_QUERY"));
    assertRefused("dicom.roles: there is no role Radiolog",
        Map.of("dicom.callers", "CT1", "dicom.roles.CT1", "Radiolog"));
  }

  private static void assertRefused(String why, Map<String, String> settings) {
    ConfigException refused = assertThrows(ConfigException.class, () -> DefinedRoles.of(TestNode.config(settings)));
    assertTrue(refused.getMessage().contains(why), refused.getMessage());
  }
}

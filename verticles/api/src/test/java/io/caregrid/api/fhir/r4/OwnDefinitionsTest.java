package io.caregrid.api.fhir.r4;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.contract.OperationOutcome.Issue;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** HL7's own definitions of R4 are 30 MB of resources: our rules find in them what is known to be wrong with them and no more, and XML keeps them whole. */
@Tag("full")
class OwnDefinitionsTest {
  @ParameterizedTest
  @ValueSource(strings = {"profile/profiles-types.xml", "profile/profiles-resources.xml", "profile/profiles-others.xml",
    "extension/extension-definitions.xml", "valueset/valuesets.xml", "valueset/v3-codesystems.xml",
    "valueset/v2-tables.xml"})
  void theyKeepTheRulesAndComeBackWhole(String file) throws Exception {
    ObjectNode bundle = XmlReader.read(bytes(file));
    Map<String, Integer> found = new TreeMap<>();
    int[] resources = {0};
    for (JsonNode entry : bundle.path("entry")) {
      ObjectNode resource = (ObjectNode) entry.path("resource");
      for (Issue issue : Rules.check(resource)) {
        found.merge(issue.code() + " " + issue.text().replaceAll("\\[\\d+]", ""), 1, Integer::sum);
      }
      assertEquals(resource, XmlReader.read(XmlWriter.write(resource, false, 0)));
      resources[0]++;
    }
    System.out.println(file + ": " + resources[0] + " resources " + found);
    assertEquals(Map.of(), found);
  }

  private static byte[] bytes(String file) throws IOException {
    try (InputStream in = OwnDefinitionsTest.class.getResourceAsStream("/org/hl7/fhir/r4/model/" + file)) {
      return in.readAllBytes();
    }
  }
}

package io.caregrid.api.fhir;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.store.SearchQuery.Param;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class OwnAddressTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private final OwnAddress own = new OwnAddress("http://here:8080/fhir");

  private String kept(String reference, String... known) throws IOException {
    ObjectNode resource = (ObjectNode) JSON.readTree(
        "{\"resourceType\":\"Observation\",\"performer\":[{\"reference\":\"" + reference + "\"}]}");
    return own.relative(resource, Set.of(known)).path("performer").get(0).path("reference").asText();
  }

  @Test
  void aReferenceBelowThisAddressIsKeptAsTheRelativeOne() throws IOException {
    assertEquals("Patient/1", kept("http://here:8080/fhir/Patient/1"));
    assertEquals("Patient/1/_history/2", kept("http://here:8080/fhir/Patient/1/_history/2"));
  }

  @Test
  void whatIsElsewhereOrNoInstanceStaysAsItIs() throws IOException {
    for (String other : List.of("http://here:8081/fhir/Patient/1", "http://here:8080/fhirs/Patient/1", "Patient/1",
        "#p", "urn:uuid:x",
        "http://here:8080/fhir/Patient", "http://here:8080/fhir/Patient?identifier=1"))
      assertEquals(other, kept(other));
  }

  @Test
  void whatAnEntryOfTheSameTransactionIsCalledStays() throws IOException {
    assertEquals("http://here:8080/fhir/Patient/1",
        kept("http://here:8080/fhir/Patient/1", "http://here:8080/fhir/Patient/1"));
  }

  @Test
  void inASearchReferencesAreMeantAndUrlsAreNot() {
    String ours = "http://here:8080/fhir/Patient/1";
    assertEquals(List.of(new Param("subject", "Patient/1,Patient/2"), new Param("patient:missing", "false")),
        own.relative("Observation",
            List.of(new Param("subject", ours + ",Patient/2"), new Param("patient:missing", "false"))));
    List<Param> url = List.of(new Param("url", ours));
    assertEquals(url, own.relative("ValueSet", url));
    List<Param> several = List.of(new Param("_lastUpdated", ours));
    assertEquals(several, own.relative(null, several));
  }
}

package io.caregrid.api.fhir;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.api.Ward;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.client.HttpResponse;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** {@code $validate} against profiles: R4's own, one that comes with the request, one in the store, one that nobody knows. HAPI's validator takes seconds to begin. */
@ExtendWith(Ward.Key.class)
@Tag("full")
class ProfilesIT {
  private Ward ward;

  @BeforeEach
  void open(Ward ward) {
    this.ward = ward;
  }

  @Test
  void aProfileOfR4IsKnown() {
    String vital = "{'resourceType':'Observation','status':'final','code':{'coding':[{'system':'http://loinc.org','code':'8867-4'}]}}";

    List<String> errors = errors("Observation/$validate?profile=http://hl7.org/fhir/StructureDefinition/heartrate",
        vital);

    assertTrue(errors.stream().anyMatch(text -> text.contains("subject")), errors.toString());
  }

  @Test
  void aProfileThatComesWithTheRequestIsUsed() {
    String url = "http://example.org/" + UUID.randomUUID();
    String asked = "{'resourceType':'Parameters','parameter':[{'name':'profile','resource':" + profile(url)
        + "},{'name':'resource','resource':{'resourceType':'Patient'}}]}";

    assertEquals(1, errors("Patient/$validate", asked).size());
    assertEquals(List.of(),
        errors("Patient/$validate", asked.replace("'Patient'}}", "'Patient','birthDate':'1970'}}")));
  }

  @Test
  void aProfileInTheStoreIsUsedAndAlsoByTheResourcesMeta() {
    String url = "http://example.org/" + UUID.randomUUID();
    assertEquals(201, send("StructureDefinition", profile(url)).statusCode());

    assertEquals(1, errors("Patient/$validate?profile=" + url, "{'resourceType':'Patient'}").size());
    assertEquals(1,
        errors("Patient/$validate", "{'resourceType':'Patient','meta':{'profile':['" + url + "']}}").size());
    assertEquals(List.of(),
        errors("Patient/$validate?profile=" + url, "{'resourceType':'Patient','birthDate':'1970'}"));
  }

  @Test
  void aProfileThatNobodyKnowsIsTold() {
    assertEquals(1, errors("Patient/$validate?profile=http://example.org/nosuch", "{'resourceType':'Patient'}").size());
  }

  private static String profile(String url) {
    return "{'resourceType':'StructureDefinition','url':'" + url
        + "','name':'Born','status':'active','kind':'resource','abstract':false,"
        + "'type':'Patient','baseDefinition':'http://hl7.org/fhir/StructureDefinition/Patient','derivation':'constraint',"
        + "'differential':{'element':[{'id':'Patient','path':'Patient'},{'id':'Patient.birthDate','path':'Patient.birthDate','min':1}]}}";
  }

  private List<String> errors(String address, String json) {
    HttpResponse<Buffer> answer = send(address, json);
    assertEquals(200, answer.statusCode(), answer.bodyAsString());
    return answer.bodyAsJsonObject()
        .getJsonArray("issue")
        .stream()
        .map(JsonObject.class::cast)
        .filter(issue -> List.of("error", "fatal").contains(issue.getString("severity")))
        .map(issue -> issue.getString("diagnostics"))
        .toList();
  }

  private HttpResponse<Buffer> send(String address, String json) {
    return ward.send("POST", "/fhir/" + address, json.replace('\'', '"'));
  }
}

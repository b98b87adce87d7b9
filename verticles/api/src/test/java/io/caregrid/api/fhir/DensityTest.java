package io.caregrid.api.fhir;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.contract.Failure;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DensityTest {
  private static byte[] many(String element, int bytes) {
    String one = element.replace('\'', '"') + ",";
    return ("{\"entry\":[" + one.repeat(bytes / one.length()) + "1]}").getBytes(StandardCharsets.UTF_8);
  }

  @ParameterizedTest
  @ValueSource(strings = {"{'a':1}", "{'a':{}}", "{}", "[]", "[1]", "{'id':'1'}", "{'a':{'a':{'a':{'a':{'a':1}}}}}"})
  void whatIsMadeToFillTheMemoryIsRefusedBeforeItDoes(String element) {
    byte[] large = many(element, 2 << 20);

    Failure refused = assertThrows(Failure.TooLarge.class, () -> ResourceReader.parsed(large, Format.JSON));
    assertTrue(refused.getMessage().contains("2 MB") || refused.getMessage().contains("1 MB"), refused.getMessage());
    ResourceReader.parsed(many(element, 100_000), Format.JSON);
  }

  @ParameterizedTest
  @ValueSource(strings = {"{'system':'urn:t','value':'x'}", "{'system':'http://loinc.org','code':'8867-4'}",
    "{'reference':'Patient/1'}", "{'url':'http://example.org/x','valueCode':'a'}",
    "{'request':{'method':'GET','url':'Patient/1'}}",
    "{'resource':{'resourceType':'Patient','name':[{'given':['A','B'],'family':'C'}]},'request':{'method':'POST','url':'Patient'}}",
    "{'resource':{'resourceType':'Observation','status':'final','code':{'coding':[{'system':'http://loinc.org','code':'1'}]},"
        + "'subject':{'reference':'Patient/1'},'valueQuantity':{'value':7,'unit':'g'}},'request':{'method':'POST','url':'Observation'}}"})
  void whatResourcesAreMadeOfIsRead(String element) {
    ResourceReader.parsed(many(element, 2 << 20), Format.JSON);
  }

  @Test
  void aLongTextIsNotDense() {
    for (String text : List.of("QUFB", "{}[]:", "{\\\"a\\\":1},", "\\\\"))
      assertTrue(Density.of(("{\"data\":\"" + text.repeat(100_000) + "\"}").getBytes(StandardCharsets.UTF_8)) < 1.1,
          text);
  }
}

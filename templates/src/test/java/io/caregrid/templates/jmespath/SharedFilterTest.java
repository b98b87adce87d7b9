package io.caregrid.templates.jmespath;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whether an expression looks at a document itself or shares the look cannot be seen in what it selects. */
class SharedFilterTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final List<JmesPath> PATHS = List.of("to_array(Body)[?hr]", "to_array(Body)[?spo2]",
      "to_array(Body)[?hr]", "to_array(Body.inner)[?hr]", "to_array(@)[?Body]", "Body[?hr]",
      "to_array(Body)[?hr && spo2]", "to_array(Body)[?!hr]", "to_array(Body)[?hr].hr", "Body", "to_array(Body)[?a]",
      "to_array(Body)[?b]", "to_array(Body)[?c]")
      .stream()
      .map(JmesPath::compile)
      .toList();

  @ParameterizedTest
  @ValueSource(strings = {"{}", "{'Body':null}", "{'Body':7}", "{'Body':'hr'}", "{'Body':[]}", "[]", "null", "7",
    "{'Body':{'hr':1}}", "{'Body':{'hr':null,'spo2':false}}", "{'Body':{'hr':'','spo2':[]}}",
    "{'Body':{'hr':0,'spo2':'x','d':1,'e':1,'f':1,'g':1,'h':1,'c':{}}}",
    "{'Body':[{'hr':1},{'spo2':2},3,{'hr':null}]}", "{'Body':{'inner':{'hr':1}}}",
    "{'Body':{'hr':2,'inner':[{'hr':1},[{'hr':2}]]}}"})
  void selectsWhatEachWouldSelectAlone(String written) throws Exception {
    JsonNode document = JSON.readTree(written.replace('\'', '"'));

    SharedFilter.Found found = SharedFilter.of(PATHS).over(document);

    for (int i = 0; i < PATHS.size(); i++) {
      List<JsonNode> shared = found.select(i);
      if (shared == null) continue;
      List<JsonNode> alone = PATHS.get(i).select(document);
      assertEquals(alone.size(), shared.size(), PATHS.get(i) + " on " + document);
      for (int k = 0; k < alone.size(); k++) assertSame(alone.get(k), shared.get(k));
    }
  }

  @Test
  void whatAsksForOneNameSharesAndAnythingElseIsEvaluated() throws Exception {
    SharedFilter.Found found = SharedFilter.of(PATHS).over(JSON.readTree("{\"Body\":{\"hr\":1}}"));

    for (int shared : List.of(0, 1, 2, 3, 4)) assertNotNull(found.select(shared), PATHS.get(shared).toString());
    for (int alone : List.of(5, 6, 7, 8, 9)) assertNull(found.select(alone), PATHS.get(alone).toString());
    assertNull(SharedFilter.of(List.of(JmesPath.compile("Body"))));
  }

  @Test
  void whereAnArrayLiesEachExpressionLooksItself() throws Exception {
    JsonNode document = JSON.readTree("{\"Body\":[{\"hr\":1},{\"hr\":2}]}");

    assertNull(SharedFilter.of(PATHS).over(document).select(0));
    assertEquals(2, PATHS.get(0).select(document).size());
  }
}

package io.caregrid.api.fhir;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.contract.Failure;
import java.nio.charset.StandardCharsets;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** RFC 6902, its appendix A among it, on trees that keep what was written. */
class JsonPatchTest {
  private static String apply(String document, String patch) {
    ObjectNode tree = (ObjectNode) ResourceReader.parsed(bytes(document), Format.JSON);
    return JsonPatch.read(ResourceReader.parsed(bytes(patch), Format.JSON)).apply(tree).toString().replace('"', '\'');
  }

  private static byte[] bytes(String json) {
    return json.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
  }

  /** RFC 6902 appendix A: 1–4, 5–8, 10, 11, 14, 16. */
  @ParameterizedTest
  @CsvSource(delimiter = '#', quoteCharacter = '`', value = {
    "{'foo':'bar'} # [{'op':'add','path':'/baz','value':'qux'}] # {'foo':'bar','baz':'qux'}",
    "{'foo':['bar','baz']} # [{'op':'add','path':'/foo/1','value':'qux'}] # {'foo':['bar','qux','baz']}",
    "{'baz':'qux','foo':'bar'} # [{'op':'remove','path':'/baz'}] # {'foo':'bar'}",
    "{'foo':['bar','qux','baz']} # [{'op':'remove','path':'/foo/1'}] # {'foo':['bar','baz']}",
    "{'baz':'qux','foo':'bar'} # [{'op':'replace','path':'/baz','value':'boo'}] # {'baz':'boo','foo':'bar'}",
    "{'foo':{'bar':'baz','waldo':'fred'},'qux':{'corge':'grault'}} # [{'op':'move','from':'/foo/waldo','path':'/qux/thud'}] # {'foo':{'bar':'baz'},'qux':{'corge':'grault','thud':'fred'}}",
    "{'foo':['all','grass','cows','eat']} # [{'op':'move','from':'/foo/1','path':'/foo/3'}] # {'foo':['all','cows','eat','grass']}",
    "{'baz':'qux','foo':['a',2,'c']} # [{'op':'test','path':'/baz','value':'qux'},{'op':'test','path':'/foo/1','value':2.0}] # {'baz':'qux','foo':['a',2,'c']}",
    "{'foo':'bar'} # [{'op':'add','path':'/child','value':{'grandchild':{'a':1}}}] # {'foo':'bar','child':{'grandchild':{'a':1}}}",
    "{'foo':'bar'} # [{'op':'add','path':'/baz','value':'qux','xyz':123}] # {'foo':'bar','baz':'qux'}",
    "{'/':9,'~1':10} # [{'op':'test','path':'/~01','value':10},{'op':'replace','path':'/~1','value':8}] # {'/':8,'~1':10}",
    "{'foo':['bar']} # [{'op':'add','path':'/foo/-','value':['abc','def']}] # {'foo':['bar',['abc','def']]}"})
  void theExamplesOfTheRfc(String document, String patch, String expected) {
    assertEquals(expected.trim(), apply(document, patch));
  }

  @Test
  void digitsAndOrderOfWhatIsNotTouchedAndOfWhatIsPutInSurvive() {
    String patched = apply("{'z':1.10,'a':[1.00,123456789012345678901234567890.10],'m':{'q':2}}",
        "[{'op':'replace','path':'/m/q','value':3.1400},{'op':'add','path':'/a/0','value':0.0},{'op':'copy','from':'/z','path':'/y'}]");

    assertEquals("{'z':1.10,'a':[0.0,1.00,123456789012345678901234567890.10],'m':{'q':3.1400},'y':1.10}", patched);
  }

  @Test
  void whatIsLeftEmptyIsRemoved() {
    assertEquals("{'id':'1'}",
        apply("{'id':'1','name':[{'given':['a']}]}", "[{'op':'remove','path':'/name/0/given/0'}]"));
    assertEquals("{'id':'1','name':[{'family':'B'}]}", apply("{'id':'1'}",
        "[{'op':'add','path':'/name','value':[]},{'op':'add','path':'/name/-','value':{'family':'B'}}]"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"[{'op':'remove','path':'/none'}]", "[{'op':'replace','path':'/none','value':1}]",
    "[{'op':'add','path':'/none/below','value':1}]", "[{'op':'add','path':'/list/5','value':1}]",
    "[{'op':'remove','path':'/list/-'}]", "[{'op':'add','path':'/list/01','value':1}]",
    "[{'op':'test','path':'/a','value':2}]", "[{'op':'move','from':'/o','path':'/o/in'}]",
    "[{'op':'remove','path':''}]", "[{'op':'replace','path':'','value':[]}]", "[{'op':'add','path':'/a/b','value':1}]",
    "[{'op':'test','path':'/list','value':[1]}]", "[{'op':'copy','from':'/none','path':'/a'}]"})
  void whatIsNotPossibleIsUnprocessable(String patch) {
    assertThrows(Failure.Unprocessable.class, () -> apply("{'a':1,'list':[1,2],'o':{'k':1}}", patch));
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "'text'", "[1]", "[{}]", "[{'op':'nonsense','path':'/a'}]",
    "[{'op':'add','path':'/a'}]",
    "[{'op':'add','value':1}]", "[{'op':'add','path':'a','value':1}]", "[{'op':'add','path':'/~2','value':1}]",
    "[{'op':'move','path':'/a'}]", "[{'op':'remove','path':5}]"})
  void whatIsNoPatchIsInvalid(String patch) {
    assertThrows(Failure.Invalid.class, () -> apply("{'a':1}", patch));
  }

  @Test
  void copiesThatDoubleThemselvesEnd() {
    String patch = IntStream.range(0, 60)
        .mapToObj(i -> "{'op':'copy','from':'/a','path':'/a/-'}")
        .collect(Collectors.joining(",", "[", "]"));

    Failure refused = assertThrows(Failure.Unprocessable.class, () -> apply("{'a':[1,2,3]}", patch));

    assertTrue(refused.getMessage().contains("copies too much"), refused.getMessage());
  }

  @Test
  void copiesOfALongTextEnd() {
    String patch = IntStream.range(0, 1_000)
        .mapToObj(i -> "{'op':'copy','from':'/a/0','path':'/a/-'}")
        .collect(Collectors.joining(",", "[", "]"));

    Failure refused = assertThrows(Failure.Unprocessable.class,
        () -> apply("{'a':['" + "x".repeat(100_000) + "']}", patch));

    assertTrue(refused.getMessage().contains("copies too much"), refused.getMessage());
  }

  @Test
  void nothingIsNestedDeeperThanCanBeReadAgain() {
    String deep = "{'a':".repeat(150) + "1" + "}".repeat(150);
    String adds = "[{'op':'add','path':'/a','value':" + deep + "},{'op':'add','path':'" + "/a".repeat(151)
        + "','value':" + deep + "}]";
    String copies = "[{'op':'add','path':'/a','value':" + deep + "},{'op':'copy','from':'/a','path':'"
        + "/a".repeat(151) + "'}]";
    String replaces = "[{'op':'add','path':'/a','value':" + deep + "},{'op':'replace','path':'" + "/a".repeat(151)
        + "','value':" + deep + "}]";

    for (String patch : java.util.List.of(adds, copies, replaces)) {
      Failure refused = assertThrows(Failure.Unprocessable.class, () -> apply("{'b':1}", patch));
      assertTrue(refused.getMessage().contains("deep"), refused.getMessage());
    }
  }
}

package io.caregrid.analytics.views;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.contract.Failure;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Our own small cases of views; the conformance cases are in {@link SqlOnFhirCasesTest}. */
class ViewTest {
  private static final JsonNode WARD = json("""
      [{"resourceType":"Observation","id":"o1","status":"final","subject":{"reference":"Patient/p1"},
        "effectiveDateTime":"2026-03-01T10:00:00Z","valueQuantity":{"value":72.10,"unit":"/min"},
        "component":[{"code":{"text":"systolic"},"valueQuantity":{"value":120}},
                     {"code":{"text":"diastolic"},"valueQuantity":{"value":80}}]},
       {"resourceType":"Observation","id":"o2","status":"amended","subject":{"reference":"Patient/p2"},"valueString":"calm"},
       {"resourceType":"Patient","id":"p1"}]""");

  static JsonNode json(String text) {
    return RunRequest.json(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
  }

  private static View view(String body) {
    return View.of(json("{'resource':'Observation'," + body + "}"), "");
  }

  private static String rows(String body) {
    return Rows.of(view(body), WARD).toString().replace('"', '\'').replace("}, {", "},{");
  }

  @Test
  void aRowAResourceWithItsOwnDecimals() {
    assertEquals("[{'id':'o1','patient':'p1','value':72.10},{'id':'o2','patient':'p2','value':null}]", rows("""
        'select':[{'column':[{'name':'id','path':'getResourceKey()'},{'name':'patient','path':'subject.getReferenceKey(Patient)'},
        {'name':'value','path':'value.ofType(Quantity).value','type':'decimal'}]}]"""));
  }

  @Test
  void everyCombinationOfTwoLoopsIsARow() {
    List<JsonNode> rows = Rows.of(
        view(
            """
        'select':[{'forEach':'component','column':[{'name':'a','path':'code.text'}]},
                  {'forEach':'component','column':[{'name':'b','path':'code.text'},{'name':'n','path':'%rowIndex'}]}]"""),
        WARD);

    assertEquals(4, rows.size());
    assertEquals("{\"a\":\"systolic\",\"b\":\"diastolic\",\"n\":1}", rows.get(1).toString());
  }

  @Test
  void aLoopOverNothingGivesOneRowOfNullsWhereItIsAllowed() {
    assertEquals(
        "[{'id':'o1','c':'systolic','x':'k'},{'id':'o1','c':'diastolic','x':'k'},{'id':'o2','c':null,'x':null}]", rows("""
        'select':[{'column':[{'name':'id','path':'id'}]},
                  {'forEachOrNull':'component','column':[{'name':'c','path':'code.text'}],
                   'select':[{'column':[{'name':'x','path':'%\\u006b'}]}]}],
        'constant':[{'name':'k','valueCode':'k'}]""".replace("\\u006b", "k")));
  }

  @Test
  void whereMustHoldAndMayUseConstants() {
    assertEquals("[{'id':'o2'}]", rows("""
        'constant':[{'name':'wanted','valueCode':'amended'}],'where':[{'path':'status = %wanted'},{'path':'value.exists()'}],
        'select':[{'column':[{'name':'id','path':'id'}]}]"""));
  }

  @Test
  void declaredTypesAreKept() {
    assertEquals("[{'d':'2026-03-01T10:00:00Z','q':{'value':72.10,'unit':'/min'},'w':2},{'d':null,'q':null,'w':0}]",
        rows("""
        'select':[{'column':[{'name':'d','path':'effective','type':'dateTime'},{'name':'q','path':'value.ofType(Quantity)'},
        {'name':'w','path':'component.count()','type':'integer'}]}]"""));
    Failure other = assertThrows(Failure.Unprocessable.class, () -> rows("""
        'select':[{'column':[{'name':'s','path':'status','type':'boolean'}]}]"""));
    assertEquals("select[0].column[0].path", other.expression);
  }

  @ParameterizedTest
  @CsvSource({"1e999999999", "1e-999999999"})
  void aNumberOfABillionDigitsIsNeverWrittenOut(String number) {
    JsonNode large = json("[{'resourceType':'Observation','valueQuantity':{'value':" + number + "}}]");
    for (String path : List.of("value.value + 1", "value.value.toString()", "value.value.round(2)",
        "value.lowBoundary()",
        "value = 5", "value.value ~ 1")) {
      View view = View
          .of(json("{'resource':'Observation','select':[{'column':[{'name':'a','path':\"" + path + "\"}]}]}"), "");
      assertThrows(Failure.Unprocessable.class, () -> Rows.of(view, large), path);
    }
    View whole = view("'select':[{'column':[{'name':'a','path':'value.value','type':'integer'}]}]");
    View plain = view("'select':[{'column':[{'name':'a','path':'value.value'},{'name':'b','path':'value'}]}]");
    assertThrows(Failure.Unprocessable.class, () -> Rows.of(whole, large));
    assertEquals(1, Rows.of(plain, large).size());
  }

  @Test
  void aSinkThatHasEnoughEndsIt() {
    View view = view("'select':[{'forEach':'component','column':[{'name':'c','path':'code.text'}]}]");
    int[] taken = {0};

    boolean more = view.rows(WARD.get(0), Clock.systemUTC(), row -> ++taken[0] < 1);

    assertEquals(1, taken[0]);
    assertEquals(false, more);
  }

  @Test
  void aRepeatThatFindsItselfAgainEndsWithAnError() {
    Failure failed = assertThrows(Failure.Unprocessable.class, () -> rows("""
        'select':[{'repeat':['$this'],'column':[{'name':'id','path':'id'}]}]"""));

    assertTrue(failed.getMessage().contains("select[0].repeat"), failed.getMessage());
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
      resource                       | {'select':[{'column':[{'name':'a','path':'id'}]}]}
      resourceType                   | {'resourceType':'Patient','resource':'Patient'}
      select                         | {'resource':'Patient'}
      select                         | {'resource':'Patient','select':[]}
      select                         | {'resource':'Patient','select':{'column':[]}}
      select[0]                      | {'resource':'Patient','select':[{}]}
      select[0].colum                | {'resource':'Patient','select':[{'colum':[]}]}
      select[0].column               | {'resource':'Patient','select':[{'column':'id'}]}
      select[0].column[0].name       | {'resource':'Patient','select':[{'column':[{'path':'id'}]}]}
      select[0].column[0].name       | {'resource':'Patient','select':[{'column':[{'name':'a-b','path':'id'}]}]}
      select[0].column[1].name       | {'resource':'Patient','select':[{'column':[{'name':'a','path':'id'},{'name':'a','path':'id'}]}]}
      select[1].select[0].column[0].name | {'resource':'P','select':[{'column':[{'name':'a','path':'id'}]},{'select':[{'column':[{'name':'a','path':'id'}]}]}]}
      select[0].column[0].path       | {'resource':'Patient','select':[{'column':[{'name':'a'}]}]}
      select[0].column[0].path       | {'resource':'Patient','select':[{'column':[{'name':'a','path':7}]}]}
      select[0].column[0].path       | {'resource':'Patient','select':[{'column':[{'name':'a','path':'name.'}]}]}
      select[0].column[0].path       | {'resource':'Patient','select':[{'column':[{'name':'a','path':'%missing'}]}]}
      select[0].column[0].collection | {'resource':'Patient','select':[{'column':[{'name':'a','path':'id','collection':'yes'}]}]}
      select[0].forEachOrNull        | {'resource':'Patient','select':[{'forEach':'name','forEachOrNull':'name','column':[{'name':'a','path':'id'}]}]}
      select[0].forEach              | {'resource':'Patient','select':[{'forEach':'name(','column':[{'name':'a','path':'id'}]}]}
      select[0].repeat               | {'resource':'Patient','select':[{'repeat':'item','column':[{'name':'a','path':'id'}]}]}
      select[0].repeat[1]            | {'resource':'Patient','select':[{'repeat':['item','('],'column':[{'name':'a','path':'id'}]}]}
      select[0].unionAll[1]          | {'resource':'P','select':[{'unionAll':[{'column':[{'name':'a','path':'id'}]},{'column':[{'name':'b','path':'id'}]}]}]}
      where[0].path                  | {'resource':'Patient','where':[{}],'select':[{'column':[{'name':'a','path':'id'}]}]}
      constant[0]                    | {'resource':'Patient','constant':[{'name':'c'}],'select':[{'column':[{'name':'a','path':'id'}]}]}
      constant[0].valueQuantity      | {'resource':'P','constant':[{'name':'c','valueQuantity':{}}],'select':[{'column':[{'name':'a','path':'id'}]}]}
      constant[0].valueString        | {'resource':'P','constant':[{'name':'c','valueCode':'x','valueString':'x'}],'select':[{'column':[{'name':'a','path':'id'}]}]}
      constant[1].name               | {'resource':'P','constant':[{'name':'c','valueCode':'x'},{'name':'c','valueCode':'x'}],'select':[]}
      """)
  void whatIsWrongIsToldWithItsPlaceInTheViewDefinition(String place, String definition) {
    Failure refused = assertThrows(Failure.Unprocessable.class, () -> View.of(json(definition), "viewResource"));

    assertEquals("viewResource." + place, refused.expression, refused.getMessage());
  }

  @Test
  void asManySelectsAsAViewMayHaveSideBySideAreCombined() {
    StringBuilder selects = new StringBuilder();
    for (int i = 0; i < 200; i++)
      selects.append(i == 0 ? "" : ",").append("{'forEach':'$this','column':[{'name':'c" + i + "','path':'id'}]}");

    assertEquals(2, Rows.of(view("'select':[" + selects + "]"), WARD).size());
    assertThrows(Failure.Unprocessable.class,
        () -> view("'select':[" + selects + ",{'column':[{'name':'more','path':'id'}]}]"));
  }

  @Test
  void endlessNestingIsRefused() {
    String deep = "{'select':[".repeat(60) + "{'column':[{'name':'a','path':'id'}]}" + "]}".repeat(60);

    Failure refused = assertThrows(Failure.Unprocessable.class,
        () -> View.of(json("{'resource':'Patient','select':[" + deep + "]}"), ""));

    assertTrue(refused.getMessage().contains("nested"), refused.getMessage());
  }
}

package io.caregrid.templates.jmespath;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The specification's own examples, the functions users missed, and what is refused. */
class JmesPathTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final JsonNode DATA = read("""
      {"a":{"b":{"c":7}},"list":[1,2,3,4,5],"people":[{"name":"x","age":30,"tags":["p"]},{"name":"y","age":20,"tags":["q","r"]},{"age":40}],
       "ops":{"one":{"n":1},"two":{"n":2},"three":"x"},"nested":[[0,1],2,[[3],4]],"empty":[],"no":null,"t":"text","f":false,"my key":1,
       "weird":{"":5},"table":{"1":"on","0":"off"},"hex":"00ff10","b64":"aGVsbG8="}""");

  @ParameterizedTest
  @CsvSource(delimiter = '~', quoteCharacter = '\u0001', value = {
    "a.b.c ~ 7", "a.x.c ~ null", "\"my key\" ~ 1", "list[0] ~ 1", "list[-1] ~ 5", "list[9] ~ null", "a[0] ~ null",
    "list[1:3] ~ [2,3]", "list[::-1] ~ [5,4,3,2,1]", "list[-2:] ~ [4,5]", "list[::2] ~ [1,3,5]", "list[10:] ~ []",
    "people[*].name ~ [\"x\",\"y\"]", "people[].tags[] ~ [\"p\",\"q\",\"r\"]", "people[*].tags[0] ~ [\"p\",\"q\"]",
    "people[*].tags | [0] ~ [\"p\"]", "ops.*.n ~ [1,2]", "ops.* ~ [{\"n\":1},{\"n\":2},\"x\"]",
    "nested[] ~ [0,1,2,[3],4]",
    "nested[][] ~ [0,1,2,3,4]", "people[?age > `25`].age ~ [30,40]", "people[?name == 'y'] | [0].age ~ 20",
    "people[?name && age < `25`].name ~ [\"y\"]", "people[?!name].age ~ [40]",
    "people[?contains(not_null(tags, `[]`), 'q')].name ~ [\"y\"]",
    "[a.b.c, t] ~ [7,\"text\"]", "{x: a.b.c, \"y z\": t} ~ {\"x\":7,\"y z\":\"text\"}",
    "people[*].{n: name, a: age} | [1] ~ {\"n\":\"y\",\"a\":20}",
    "no || t ~ \"text\"", "empty || t ~ \"text\"", "f || no ~ null", "t && a.b.c ~ 7", "empty && t ~ []",
    "!a.b.c ~ false", "!empty ~ true",
    "t == 'text' ~ true", "`1.0` == `1` ~ true", "t < `1` ~ null", "@.t ~ \"text\"",
    "people[*].[$.t] | [0] ~ [\"text\"]",
    "'it\\'s' ~ \"it's\"", "`{\"x\":[1]}` ~ {\"x\":[1]}", "`text` ~ \"text\"", "(a.b).c ~ 7", "list[?@ > `3`] ~ [4,5]",
    "foo[*].bar ~ null", "t[*] ~ null", "a.b.[c, c] ~ [7,7]", "empty[*].x ~ []", "a. b .c ~ 7",
    "length(list) ~ 5", "length(t) ~ 4", "sum(list) ~ 15", "avg(list) ~ 3.0", "avg(empty) ~ null", "max(list) ~ 5",
    "min(empty) ~ null",
    "max_by(people, &age).age ~ 40", "min_by(people, &age).name ~ \"y\"", "sort_by(people, &age)[*].age ~ [20,30,40]",
    "sort(`[3,1,2]`) ~ [1,2,3]",
    "map(&name, people) ~ [\"x\",\"y\",null]", "join('-', `[\"a\",\"\",\"b\"]`) ~ \"a--b\"", "join(',', empty) ~ \"\"",
    "keys(a) ~ [\"b\"]",
    "values(a.b) ~ [7]", "merge(a, `{\"z\":1}`).z ~ 1", "not_null(no, t) ~ \"text\"", "reverse(list)[0] ~ 5",
    "reverse(t) ~ \"txet\"",
    "starts_with(t, 'te') ~ true", "ends_with(t, 'te') ~ false", "contains(t, 'ex') ~ true", "to_array(t) ~ [\"text\"]",
    "type(no) ~ \"null\"",
    "type(list) ~ \"array\"", "to_number('7') ~ 7", "to_number('7.5') ~ 7.5", "to_number('x') ~ null",
    "to_number('NaN') ~ null", "to_number('1e400') ~ null",
    "to_string(a) ~ \"{\\\"b\\\":{\\\"c\\\":7}}\"", "to_string(`70.0`) ~ \"70\"", "abs(`-3`) ~ 3", "ceil(`1.2`) ~ 2",
    "floor(`-1.2`) ~ -2",
    "concat('a', `1`, no, `true`) ~ \"a1true\"", "round(`2.5`) ~ 3", "round(`-2.567`, `2`) ~ -2.57", "round(`7`) ~ 7",
    "lookup(table, `1`) ~ \"on\"", "lookup(table, 'x') ~ null", "lookup(table, 'x', 'none') ~ \"none\"",
    "lookup(`{\"a\":\"b\"}`, 'a') ~ \"b\"",
    "if(f, 'a', 'b') ~ \"b\"", "if(t, 'a', divide(`1`, `0`)) ~ \"a\"", "upper(t) ~ \"TEXT\"", "trim(' x ') ~ \"x\"",
    "replace(t, 't', 'T') ~ \"TexT\"",
    "split('a,b,', ',') ~ [\"a\",\"b\",\"\"]", "substring(t, `1`, `2`) ~ \"ex\"", "substring(t, `2`) ~ \"xt\"",
    "base64Text(b64) ~ \"hello\"",
    "hexBytes(hex) ~ [0,255,16]", "bytesToInteger(hexBytes(hex)) ~ 65296",
    "bytesToInteger(hexBytes('feff'), `true`) ~ 65534",
    "bytesToInteger(hexBytes('fffe'), `false`, `true`) ~ -2", "hexText('6869') ~ \"hi\"", "base64Bytes('AQI=') ~ [1,2]",
    "parseDate('20.11.2026 10:30', 'dd.MM.yyyy HH:mm') ~ \"2026-11-20T10:30:00Z\"",
    "parseDate('20.11.2026 10:30', 'dd.MM.yyyy HH:mm', 'Europe/Berlin') ~ \"2026-11-20T09:30:00Z\"",
    "parseDate('20261120', 'yyyyMMdd') ~ \"2026-11-20T00:00:00Z\"",
    "parseDate('2026-11-20 10:00 +0200', 'yyyy-MM-dd HH:mm XX') ~ \"2026-11-20T08:00:00Z\"",
    "parseDate('20261120 07 PM', 'yyyyMMdd hh a') ~ \"2026-11-20T19:00:00Z\"",
    "parseDate('2026112007', 'yyyyMMddHH') ~ \"2026-11-20T07:00:00Z\"",
    "parseDate('29.02.2028', 'dd.MM.yyyy') ~ \"2028-02-29T00:00:00Z\"",
    "parseDate('20.11.26', 'dd.MM.yy') ~ \"2026-11-20T00:00:00Z\"",
    "base64Text('aGVs bG8') ~ \"hello\"", "base64Bytes('_-8=') ~ [255,239]",
    "parseDate(no, 'yyyy') ~ null", "insertString('\uD83D\uDE00b', 'a', `1`) ~ \"\uD83D\uDE00ab\""})
  void gives(String expression, String expected) throws Exception {
    JsonNode found = JmesPath.compile(expression).search(DATA);

    assertEquals(read(expected.strip()), read(found.toString()), expression);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '~', quoteCharacter = '\u0001', value = {"a. ~ 3", "a.b[ ~ 5", "a[x] ~ 3", "~ 1", "a b ~ 3",
    "a | ~ 4", "'open ~ 1",
    "`[1` ~ 1", "nofunction(a) ~ 1", "add(a) ~ 1", "length(&a) ~ 1", "sort_by(a, b) ~ 1", "a[1:2:3:4] ~ 8",
    "a[::0] ~ 6", "a[99999999999] ~ 3",
    "{a} ~ 3", "#a ~ 1", "parseDate(a, b) ~ 1", "parseDate(a, 'qqqqqqqq') ~ 1", "parseDate(a, 'yyyy', 'Mars') ~ 1",
    "parseDate(a, 'dd.MM.yyyy hh:mm') ~ 1", "parseDate(a, 'dd.MM.yyyy mm') ~ 1", "parseDate(a, 'dd.MM.yyyy HH ss') ~ 1",
    "if(a, b) ~ 1", "&a ~ 1",
    "\"a\\x\" ~ 1"})
  void whatIsNoJmesPathSaysWhere(String expression, int position) {
    JmesPathSyntaxException refused = assertThrows(JmesPathSyntaxException.class,
        () -> JmesPath.compile(expression == null ? "" : expression));

    assertTrue(refused.getMessage().startsWith("The following JmesPath expression could not be parsed: "),
        refused.getMessage());
    assertEquals(position, refused.position() + 1, refused.getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"divide(`1`, `0`)", "pow(`10`, `30`)", "insertString('a', 'b', `2`)",
    "fromUnixTimestamp(`999999999999999`)", "sum(`[\"a\"]`)",
    "sort(`[1,\"a\"]`)", "sort_by(people, &tags)", "max(`[null]`)", "join('', `[1]`)", "length(no)", "abs('1')",
    "base64Text('/w==')", "hexBytes('0')",
    "bytesToInteger(`[256]`)", "bytesToInteger(empty)", "parseDate('x', 'yyyy-MM-dd')",
    "parseDate('31.02.2026', 'dd.MM.yyyy')",
    "parseDate('20.11.2026 PM', 'dd.MM.yyyy a')", "base64Text('no!base64')", "base64Bytes('a')", "round(`1`, `99`)",
    "concat(list)", "merge(a, no)"})
  void aFunctionThatCannotSaysSo(String expression) {
    JmesPathFailure failed = assertThrows(JmesPathFailure.class, () -> JmesPath.compile(expression).search(DATA));

    assertTrue(failed.getMessage().startsWith("Error: invalid-"), failed.getMessage());
  }

  @Test
  void severalTokensOfAProjectionAreSeveralAndOneArrayIsOne() throws Exception {
    assertEquals("several-tokens",
        assertThrows(JmesPathFailure.class, () -> JmesPath.compile("people[*].age").one(DATA)).reason);
    assertEquals(List.of(DATA.get("list")), JmesPath.compile("list").select(DATA));
    assertEquals(5, JmesPath.compile("list[]").select(DATA).size());
    assertEquals(List.of(Values.of(false)), JmesPath.compile("f").select(DATA));
    assertEquals(List.of(), JmesPath.compile("no").select(DATA));
  }

  @ParameterizedTest
  @ValueSource(strings = {"DOUBLED | to_string(@)", "LISTED",
    "map(&map(&map(&map(&map(&length(to_string($)), $), $), $), $), @)",
    "DOUBLED == DOUBLED", "sort_by(@, &to_string($)) | @", "[?contains($, to_string($))]"})
  void anExpressionMadeToBeSlowEnds(String shape) {
    String expression = shape.replace("DOUBLED", "[@,@]" + " | [@,@]".repeat(60))
        .replace("LISTED", "[$,$][][]" + ".[$,$][][]".repeat(8));
    ArrayNode data = JSON.createArrayNode();
    for (int i = 0; i < 2_000; i++) data.addObject().put("v", i);

    JmesPathFailure failed = assertTimeoutPreemptively(Duration.ofSeconds(30),
        () -> assertThrows(JmesPathFailure.class,
            () -> JmesPath.compile(expression).search(data)));

    assertEquals("too-costly", failed.reason);
  }

  @Test
  void absurdNestingIsRefusedWhenCompiled() {
    assertThrows(JmesPathSyntaxException.class, () -> JmesPath.compile("(".repeat(4_000) + "a" + ")".repeat(4_000)));
    assertThrows(JmesPathSyntaxException.class, () -> JmesPath.compile("a.".repeat(10_000) + "a"));
  }

  private static JsonNode read(String json) {
    try {
      return JSON.readTree(json);
    } catch (java.io.IOException wrong) {
      throw new java.io.UncheckedIOException(json, wrong);
    }
  }
}

package io.caregrid.templates.jsonpath;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JsonPathTest {
  private static final JsonMapper JSON = JsonMapper.builder()
      .enable(com.fasterxml.jackson.core.json.JsonReadFeature.ALLOW_SINGLE_QUOTES)
      .enable(com.fasterxml.jackson.core.json.JsonReadFeature.ALLOW_UNQUOTED_FIELD_NAMES)
      .build();

  /** Delimiter ; because the language itself uses everything else. */
  @ParameterizedTest(name = "{0}  in  {1}")
  @CsvSource(delimiter = ';', quoteCharacter = '"', value = {
    "$; {a:1}; [{a:1}]",
    "\"\"; {a:1}; [{a:1}]",
    "$.a; {a:1}; [1]",
    "a.b; {a:{b:2}}; [2]",
    "$a; {$a:3}; [3]",
    "$['a']; {a:1}; [1]",
    "$.['a b']; {'a b':1}; [1]",
    "$['it\\'s']; {\"it's\":1}; [1]",
    "$.['a','c']; {a:1,b:2,c:3}; [1,3]",
    "$.SystemProperties.iothub-connection-device-id; {SystemProperties:{'iothub-connection-device-id':'d'}}; ['d']",
    "$.a; {a:null}; [null]",
    "$.a; [1]; []",
    "$.A; {a:1}; []",
    "$.*; {a:1,b:[2]}; [1,[2]]",
    "$.*; [1,2]; []",
    "$[*]; [1,2]; [1,2]",
    "$[*]; {a:1}; []",
    "$[1]; [1,2]; [2]",
    "$[ 1 ]; [1,2]; [2]",
    "$(1); [1,2]; []",
    "a(1); {a:[1,2]}; [2]",
    "$[-1]; [1,2]; []",
    "$[7]; [1,2]; []",
    "$[0,2]; [1,2,3]; [1,3]",
    "$[1:]; [1,2,3]; [2,3]",
    "$[:-1]; [1,2,3]; [1,2]",
    "$[::2]; [1,2,3]; [1,3]",
    "$[::-1]; [1,2,3]; [3,2,1]",
    "$[-2:]; [1,2,3]; [2,3]",
    "$[5:1:-2]; [0,1,2,3]; [3]",
    "$..a; {a:{a:1},b:[{a:2}]}; [{a:1},1,2]",
    "$..*; {a:[1]}; [{a:[1]},[1],1]",
    "$..['a','b']; {a:1,c:{b:2}}; [1,2]",
    "$..a.b; {a:{b:1},c:{a:{b:2}}}; [1,2]",
    // a scan filter tests the root too; a bare filter tests children, of an object its property tokens
    "$..[?(@x)]; {x:1}; [{x:1}]",
    "$..[?(@x)]; {x:1,y:{x:2},z:[{x:3},4]}; [{x:1,y:{x:2},z:[{x:3},4]},{x:2},{x:3}]",
    "$[?(@x)]; [{x:1},{y:2}]; [{x:1}]",
    "$.a[?(@x)]; {a:{b:{x:1}}}; []",
    "$.a[?(@x)].x; {a:[{x:1},{x:2}]}; [1,2]",
    "$..[?(@.x)]; {x:false}; [{x:false}]",
    "$..[?(@x)]; {x:null}; [{x:null}]",
    "$..[?(@['My Property'])]; {'My Property':1}; [{'My Property':1}]",
    "$..[?(@Body.heart)]; {Body:{heart:1}}; [{Body:{heart:1}}]",
    "$..[?( @a && @b )]; {a:1,b:2}; [{a:1,b:2}]",
    "$..[?(@a && @b)]; {a:1}; []",
    "$..[?(@a||@b)]; {b:1}; [{b:1}]",
    "$[?(@a == 1)]; [{a:1},{a:1.0},{a:'1'}]; [{a:1},{a:1.0}]",
    "$[?(@a === 1)]; [{a:1},{a:1.0},{a:'1'}]; [{a:1},{a:1.0}]",
    "$[?(@a != 1)]; [{a:1},{a:2},{a:[1]},{b:1}]; [{a:2},{a:[1]}]",
    "$[?(@a <> 1)]; [{a:1},{a:2}]; [{a:2}]",
    "$[?(@a !== 1)]; [{a:1},{a:'1'},{a:[1]}]; [{a:'1'}]",
    "$[?(@a != null)]; [{a:null},{a:0},{}]; [{a:0}]",
    "$[?(@a == null)]; [{a:null},{a:0},{}]; [{a:null}]",
    "$[?(@a == true)]; [{a:true},{a:'true'}]; [{a:true}]",
    "$[?(@a == 'x')]; [{a:'x'},{a:'X'}]; [{a:'x'}]",
    "$[?(@a > 5)]; [{a:4},{a:6},{a:'7'},{a:'x'},{a:5.5}]; [{a:6},{a:'7'},{a:5.5}]",
    "$[?(@a >= -1.5e0)]; [{a:-2},{a:-1.5}]; [{a:-1.5}]",
    "$[?(@a < 'b')]; [{a:'a'},{a:'c'}]; [{a:'a'}]",
    "$[?(@a =~ /^ab+c$/i)]; [{a:'ABBC'},{a:'xabc'},{a:5}]; [{a:'ABBC'}]",
    "$[?(@a =~ /a\\/b/)]; [{a:'a/b'},{a:'ab'}]; [{a:'a/b'}]",
    "$[?(@a == $[0].a)]; [{a:1},{a:2},{a:1}]; [{a:1},{a:1}]",
    "$[?(1 == @a)]; [{a:1}]; [{a:1}]",
    "$[?(@ > 2)]; [1,2,3]; [3]",
    "$[?(@.b[?(@c)])]; [{b:[{c:1}]},{b:[]}]; [{b:[{c:1}]}]",
    "$.list[?(@.id == 2)].name; {list:[{id:1,name:'a'},{id:2,name:'b'}]}; ['b']",
    // a change of operator opens a group that gets everything behind it
    "$..[?(@a && @b || @c)]; {c:1}; []",
    "$..[?(@a && @b || @c)]; {a:1,c:1}; [{a:1,c:1}]",
    "$..[?(@a || @b && @c)]; {b:1}; []",
    "$..[?(@a || @b && @c)]; {a:1}; [{a:1}]",
  })
  void selects(String path, String document, String expected) throws Exception {
    assertEquals(JSON.readTree(expected.trim()),
        JSON.valueToTree(JsonPath.compile(path == null ? "" : path).select(tree(document))));
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(delimiter = ';', quoteCharacter = '"', value = {
    "$..[?(@x]; 9", "$..[?(@x; 9", "$.; 3", "$.a[; 5", "$[]; 3", "$['a; 5", "$[a]; 3", "$[1:2:0]; 8", "$[1:2:3:4]; 10",
    "$.a[0]b; 7", "$ .a; 3", "a b; 3", "$[?(@a ~ 1)]; 8", "$[?(@a == )]; 11", "$[?(@a & @b)]; 8", "$[?(@a == x)]; 11",
    "$[?(@a =~ /[/)]; 14", "$[?(@a =~ 'x')]; 11", "$[?@a]; 4", "$[0,'a']; 5", "$[99999999999]; 14",
    "$[?(@a == 'x\\q')]; 14",
    "$..[?(@.)]; 9", "]; 1",
  })
  void saysWhereAnExpressionIsWrong(String path, int position) {
    JsonPathSyntaxException wrong = assertThrows(JsonPathSyntaxException.class, () -> JsonPath.compile(path));

    assertEquals(position, wrong.position() + 1, wrong.getMessage());
    assertTrue(wrong.getMessage().startsWith("JSONPath " + path + ", position " + position + ": "), wrong.getMessage());
  }

  @Test
  void moreThanOneTokenIsNotOne() throws Exception {
    JsonPath path = JsonPath.compile("$..a");

    assertEquals(1, path.one(tree("{a:1}")).intValue());
    assertEquals(null, path.one(tree("{b:1}")));
    assertThrows(JsonPath.SeveralTokens.class, () -> path.one(tree("[{a:1},{a:2}]")));
  }

  @Test
  void aPropertyTokenMatchesButHoldsNothingToRead() throws Exception {
    JsonNode document = tree("{a:{b:{x:1},c:2}}");

    assertEquals(2, JsonPath.compile("$.a[?(@)]").select(document).size());
    assertEquals(1, JsonPath.compile("$.a[?(@..x)]").select(document).size());
    assertEquals(0, JsonPath.compile("$.a[?(@)].x").select(document).size());
  }

  @Test
  void deepDocumentsAreWalkedToTheEnd() throws Exception {
    String deep = "{\"a\":".repeat(900) + "{\"x\":1}" + "}".repeat(900);

    assertEquals(1, JsonPath.compile("$..[?(@x)]").select(JSON.readTree(deep)).size());
  }

  private static JsonNode tree(String document) throws Exception {
    return JSON.readTree(document.trim());
  }
}

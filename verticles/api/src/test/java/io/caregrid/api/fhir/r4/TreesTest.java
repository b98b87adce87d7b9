package io.caregrid.api.fhir.r4;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.api.fhir.r4.Trees.Malformed;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TreesTest {
  @ParameterizedTest
  @ValueSource(strings = {"1.10", "1e2", "1E+2", "0.00000001", "-0", "-0.0", "72", "2147483647", "2147483648",
    "9223372036854775807", "123456789012345678901234567890", "0.1234567890123456789012345678901234567890", "1e-300"})
  void aNumberKeepsItsDigits(String number) throws Malformed {
    String json = "{\"value\":" + number + "}";

    assertEquals(json, new String(Trees.write(read(json)), StandardCharsets.UTF_8));
  }

  @ParameterizedTest
  @ValueSource(strings = {"1e1001", "1e-1001", "1e999999999", "1e99999999999999999999"})
  void aNumberThatWouldFillAPageIsRefused(String number) {
    assertTrue(refused("{\"a\":[0,{\"b\":" + number + "}]}").getMessage().contains("1000 digits"));
    assertEquals("a[1].b", refused("{\"a\":[0,{\"b\":" + number + "}]}").expression);
  }

  @Test
  void aThousandDigitsAreKeptAndMoreAreNot() throws Malformed {
    String most = "1".repeat(1_000);

    assertEquals("[" + most + "]", new String(Trees.write(read("[" + most + "]")), StandardCharsets.UTF_8));
    assertTrue(refused("[" + most + "1]").getMessage().contains("1000 digits"));
  }

  @Test
  void aKeyThatStandsTwiceIsToldWithItsPlace() {
    Malformed twice = refused("{\"a\":[{\"b\":1},\n{\"c\":{\"d\":1,\"d\":2}}]}");

    assertEquals("a[1].c.d", twice.expression);
    assertTrue(twice.getMessage().contains("line 2") && twice.getMessage().contains("twice"), twice.getMessage());
  }

  @Test
  void nothingOfTheBodyIsQuoted() {
    assertFalse(refused("{\"family\":Secret}").getMessage().contains("Secret"));
    assertFalse(refused("{\"family\":\"x\"} Secret").getMessage().contains("Secret"));
  }

  @Test
  void depthIsBounded() {
    assertTrue(refused("[".repeat(100_000)).getMessage().contains("deep"));
  }

  private static Malformed refused(String json) {
    return assertThrows(Malformed.class, () -> read(json));
  }

  private static com.fasterxml.jackson.databind.JsonNode read(String json) throws Malformed {
    return Trees.read(json.getBytes(StandardCharsets.UTF_8));
  }
}

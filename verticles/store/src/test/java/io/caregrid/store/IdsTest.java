package io.caregrid.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class IdsTest {
  @Test
  void everyCharacterIsLegalOrNotAsDatatypesSay() {
    for (int c = 0; c <= Character.MAX_VALUE; c++) {
      String id = "a" + (char) c;
      assertEquals(id.matches("[A-Za-z0-9\\-.]{1,64}"), Ids.legal(id), "U+" + Integer.toHexString(c));
    }
  }

  @Test
  void anIdHasOneTo64Characters() {
    assertFalse(Ids.legal(""));
    assertTrue(Ids.legal("x".repeat(64)));
    assertFalse(Ids.legal("x".repeat(65)));
  }
}

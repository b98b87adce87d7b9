package io.caregrid.dicom.web;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class AddressesTest {
  @Test
  void tagsAreComparedWeakly() {
    assertTrue(Fingerprint.matches("\"a\", W/\"b\"", "b"));
    assertTrue(Fingerprint.matches(" * ", "b"));
    assertFalse(Fingerprint.matches("\"bb\"", "b"));
    assertFalse(Fingerprint.matches(null, "b"));
  }
}

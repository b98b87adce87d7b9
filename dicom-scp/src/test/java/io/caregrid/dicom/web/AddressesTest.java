package io.caregrid.dicom.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.junit.jupiter.api.Test;

class AddressesTest {
  private static String base(Map<String, String> headers) {
    return Addresses.base("http", "localhost:8080", headers::get);
  }

  @Test
  void theClientsOwnNameForThisNodeIsTheBase() {
    assertEquals("http://localhost:8080/dicom-web", base(Map.of()));
  }

  @Test
  void aProxysWordCounts() {
    assertEquals("https://pacs.example/dicom-web",
        base(Map.of("X-Forwarded-Host", "pacs.example", "X-Forwarded-Proto", "https")));
    assertEquals("https://pacs.example:8443/dicom-web",
        base(Map.of("Forwarded", "for=10.0.0.1;host=\"pacs.example:8443\";proto=https, for=x")));
    assertEquals("http://localhost:8080/dicom-web", base(Map.of("Forwarded", "for=10.0.0.1")));
    assertEquals("https://[2001:db8::1]:8443/dicom-web",
        base(Map.of("X-Forwarded-Host", "[2001:db8::1]:8443, b", "X-Forwarded-Proto", "https, http")));
  }

  @Test
  void whatIsNoHostIsNotTakenOver() {
    for (String bad : new String[] {"evil/path", "a b", "a@b", "x\"", "<script>", ""})
      assertEquals("http://localhost:8080/dicom-web", base(Map.of("X-Forwarded-Host", bad)), bad);
    assertEquals("http://localhost:8080/dicom-web", base(Map.of("X-Forwarded-Proto", "javascript")));
  }

  @Test
  void tagsAreComparedWeakly() {
    assertTrue(Fingerprint.matches("\"a\", W/\"b\"", "b"));
    assertTrue(Fingerprint.matches(" * ", "b"));
    assertFalse(Fingerprint.matches("\"bb\"", "b"));
    assertFalse(Fingerprint.matches(null, "b"));
  }
}

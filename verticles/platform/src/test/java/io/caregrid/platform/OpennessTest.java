package io.caregrid.platform;

import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class OpennessTest {
  private final Map<String, String> settings = new HashMap<>();

  private String said() {
    return Openness.of(TestNode.config(settings), "there");
  }

  @Test
  void aNodeThatAsksNobodySaysSoAndOneThatAsksOnLoopbackIsSilent() {
    assertTrue(said().startsWith("Open: whoever reaches there"), said());

    settings.put("security.nodeTokens", "always");
    assertNull(said());
  }

  @Test
  void tokensThatGoOverTheNetworkAreSpokenOfUnlessTheyAreHidden() {
    settings.putAll(Map.of("http.host", "192.0.2.1", "security.nodeTokens", "always"));
    assertTrue(said().startsWith("In the clear") && said().contains("http.tls.cert"), said());

    settings.putAll(Map.of("http.tls.cert", "a.crt", "http.tls.key", "a.key"));
    assertNull(said());
  }
}

package io.caregrid.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class DeidentifyConfigTest {

  @Test
  void aKeyForHashesHas32BytesAtLeast() {
    String enough = "k".repeat(32);

    assertEquals(enough, new DeidentifyConfig("", enough, "").cryptoHashKey());
    ConfigException refused = assertThrows(ConfigException.class,
        () -> new DeidentifyConfig("", enough.substring(1), ""));
    assertTrue(refused.getMessage().contains("cryptoHashKey"), refused.getMessage());
  }
}

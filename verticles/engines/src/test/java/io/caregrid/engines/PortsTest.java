package io.caregrid.engines;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Set;
import org.junit.jupiter.api.Test;

class PortsTest {
  /** Of 500 that are let go one after the other some are the same, nearly always. */
  @Test
  void portsThatAreAskedForTogetherAreDifferent() {
    assertEquals(500, Set.copyOf(Ports.free(500)).size());
  }
}

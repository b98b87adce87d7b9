package io.caregrid.engines;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PortsTest {
  /** Of 500 that are let go one after the other some are the same, nearly always. */
  @Test
  void portsThatAreAskedForTogetherAreDifferent() {
    assertEquals(500, Set.copyOf(Ports.free(500)).size());
  }

  @Test
  void aPortThatIsHeldRefusesCallsAndServesWhoeverIsToldToTakeIt() throws IOException {
    try (OwnPort held = OwnPort.take()) {
      InetSocketAddress there = new InetSocketAddress(Ports.HOST, held.number());
      assertThrows(ConnectException.class, () -> new Socket().connect(there));
      for (int times = 0; times < 2; times++) {
        Ports.checkFree(held.number(), "it");
        try (ServerSocket server = new ServerSocket(held.number(), 1, there.getAddress());
            Socket caller = new Socket()) {
          caller.connect(there);
        }
      }
    }
  }
}

package io.caregrid.engines;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** What a held port gives is said of Linux; elsewhere a start may still find its port taken. */
@EnabledOnOs(OS.LINUX)
class PortsTest {
  /** Else a server that takes seconds to come up finds another process where it was to listen. */
  @Test
  void portsThatAreHeldTogetherAreDifferentAndNobodyElseGetsOne() throws IOException {
    List<Integer> held = new ArrayList<>();
    try (Ports.Held ports = Ports.hold(500)) {
      for (int n = 0; n < 500; n++) held.add(ports.number(n));
      assertEquals(500, Set.copyOf(held).size());
      for (int port : held)
        try (ServerSocket another = new ServerSocket()) {
          another.setReuseAddress(false); // as it is for whoever asks for any port
          assertThrows(BindException.class, () -> another.bind(new InetSocketAddress(Ports.HOST, port)));
        }
    }
    Ports.checkFree(held.get(0), "it");
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

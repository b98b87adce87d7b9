package io.caregrid.perf.fhir;

import java.io.IOException;
import java.util.Random;

/** One kind of request, or of turn: what is sent, not how often. */
interface Workload {
  /** As in {@code --only}. */
  String name();

  /** What is counted: "creates", "resources". */
  String unit();

  /** A turn on this server: what it needs and does not count is done here. Each connection takes a {@link Step} of its own. */
  Turn turn(Server server, Ward ward) throws IOException, InterruptedException;

  /** How many connections; a workload may want its own number. */
  default int connections(int asked) {
    return asked;
  }

  /** False when a turn is a given amount of work, however long that takes. */
  default boolean timed() {
    return true;
  }

  /** False when it leaves the server as it was. */
  default boolean writes() {
    return true;
  }

  interface Turn {
    /** @param chance this connection's own */
    Step step(int connection, int connections, Random chance);
  }

  interface Step {
    /** @return false when nothing is left to do; else it is called again until the turn's time is over */
    boolean once(Tally tally) throws IOException;
  }
}

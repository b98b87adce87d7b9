package io.caregrid.platform;

import java.util.ArrayDeque;
import java.util.Deque;

/** What a node has opened so far, to be closed in reverse. */
final class Opened implements AutoCloseable {
  private final Deque<AutoCloseable> things = new ArrayDeque<>();

  /** Closed at the end, before what was kept earlier. */
  <T extends AutoCloseable> T keep(T thing) {
    things.push(thing);
    return thing;
  }

  @Override
  public void close() {
    while (!things.isEmpty()) Closing.quietly(things.pop());
  }
}

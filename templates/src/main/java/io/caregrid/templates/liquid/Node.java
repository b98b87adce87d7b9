package io.caregrid.templates.liquid;

/** A compiled piece of a template. */
interface Node {
  int GO_ON = 0;
  int BREAK = 1;
  int CONTINUE = 2;

  /** Writes to {@code run}; answers how the surrounding loop goes on. */
  int render(Run run);
}

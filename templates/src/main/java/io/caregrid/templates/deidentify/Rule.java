package io.caregrid.templates.deidentify;

/**
 * One rule of a configuration.
 *
 * @param number from 1, in the order of the file
 * @param path   as it is written
 */
record Rule(int number, String path, Selector selector, String methodName, Method method) {

  boolean isFor(String resource) {
    return selector.isFor(resource);
  }

  /** For an error. */
  String named() {
    return "rule " + number + " (" + path + ", " + methodName + ")";
  }
}

package io.caregrid.templates.deidentify;

import java.util.Set;

/**
 * One rule of a configuration.
 *
 * @param number from 1, in the order of the file
 * @param path   as it is written
 * @param type   of the resources it is for; null for all
 */
record Rule(int number, String path, String type, Selector selector, String methodName, Method method) {

  private static final Set<String> ANY = Set.of("Resource", "DomainResource");

  boolean isFor(String resource) {
    return type == null || ANY.contains(type) || type.equals(resource);
  }

  /** For an error. */
  String named() {
    return "rule " + number + " (" + path + ", " + methodName + ")";
  }
}

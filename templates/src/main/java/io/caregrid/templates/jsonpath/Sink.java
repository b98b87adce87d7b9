package io.caregrid.templates.jsonpath;

import com.fasterxml.jackson.databind.JsonNode;

/** Takes what a path selects. */
@FunctionalInterface
interface Sink {
  /** False when nothing more is wanted. */
  boolean accept(JsonNode token);
}

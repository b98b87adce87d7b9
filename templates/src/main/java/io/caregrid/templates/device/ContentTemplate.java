package io.caregrid.templates.device;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.templates.cost.Budget;
import io.caregrid.templates.mapping.Declaration;
import java.time.Instant;
import java.util.List;

/** One template of a device mapping. One class per way of extracting; a mapping asks all of its templates, in order. */
sealed interface ContentTemplate permits JsonPathContent, CalculatedContent, FurtherContent {
  /** What it produces: type and names of values, and where it stands. */
  Declaration declaration();

  /** What decides where its measurements are. */
  Expression match();

  /**
   * Makes a measurement of every token. One that cannot be read is noted in {@code failures}; the others still count.
   *
   * @param root   what expressions see as {@code $}
   * @param tokens what {@link #match} selects there, at least one
   * @param budget of the message
   */
  void extract(JsonNode root, List<JsonNode> tokens, Instant ingestedAt, List<Measurement> found, Failures failures,
      Budget budget);
}

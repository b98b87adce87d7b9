package io.caregrid.templates.device;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.templates.mapping.Declaration;
import io.caregrid.templates.wanted.Place;
import java.util.List;

/** One template of a device mapping. One class per way of extracting; a mapping asks all of its templates, in order. */
sealed interface ContentTemplate permits JsonPathContent, CalculatedContent, FurtherContent {
  /** What it produces: type and names of values, and where it stands. */
  Declaration declaration();

  /** What decides where its measurements are. */
  Expression match();

  /**
   * Makes a measurement of every token. One that cannot be read is noted as failed; the others still count.
   *
   * @param tokens what {@link #match} selects in the message, at least one
   */
  void extract(List<JsonNode> tokens, Reading reading);

  /** Says what it looks at in a message that is at {@code message}. */
  void look(Place message);
}

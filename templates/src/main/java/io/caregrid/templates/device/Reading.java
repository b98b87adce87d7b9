package io.caregrid.templates.device;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.templates.cost.Budget;
import io.caregrid.templates.text.Timestamps;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** One message while its measurements are made: what all templates see, and what they came by. Of one thread. */
final class Reading {
  private static final int USUALLY_FOUND = 4;
  /** What expressions see as {@code $}. */
  final JsonNode root;
  final Instant ingestedAt;
  final List<Measurement> found = new ArrayList<>(USUALLY_FOUND);
  final Failures failures = new Failures();
  final Budget budget = new Budget();
  private String lastText;
  private Instant lastTime;

  Reading(JsonNode root, Instant ingestedAt) {
    this.root = root;
    this.ingestedAt = ingestedAt;
  }

  /** The point in time that a text says, null when none. Most measurements of a message have the same text, which is read once. */
  Instant time(String text) {
    if (text != lastText) {
      lastTime = Timestamps.parse(text);
      lastText = text;
    }
    return lastTime;
  }

  Outcome outcome() {
    return failures.outcome(found);
  }
}

package io.caregrid.templates.deidentify;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** What {@code meta.security} says was done, in the order in which it says it. Codes and spelling are those of the tool whose configurations are read. */
enum Label {
  REDACTED("redacted", true),
  ABSTRED("abstracted", true),
  CRYTOHASH("cryptographic hash function", true),
  MASKED(
      "masked",
      true),
  PERTURBED("exact value is replaced with another exact value", false),
  SUBSTITUTED(
      "exact value is replaced with a predefined value",
      false),
  GENERALIZED("exact value is replaced with a general value", false);

  private static final String SYSTEM = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue";
  private final String display;
  private final boolean coded;

  Label(String display, boolean coded) {
    this.display = display;
    this.coded = coded;
  }

  /** Unless it is there. */
  void addTo(ArrayNode labels) {
    for (JsonNode there : labels) {
      boolean same = there.path("code").asText().equals(name());
      if (same && there.path("system").asText().equals(coded ? SYSTEM : "")) return;
    }
    ObjectNode label = labels.addObject();
    if (coded) label.put("system", SYSTEM);
    label.put("code", name()).put("display", display);
  }
}

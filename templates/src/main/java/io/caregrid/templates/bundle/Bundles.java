package io.caregrid.templates.bundle;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.templates.liquid.ConversionException;
import io.caregrid.templates.liquid.ErrorCode;
import java.util.Set;

/** What a converted Bundle is made into before it is stored. */
public final class Bundles {
  private static final Set<String> METHODS = Set.of("PUT", "POST");

  private Bundles() {}

  /**
   * The same as a transaction, all of it or nothing: templates written for FHIR-Converter render batches. Changes {@code bundle}. A template may write what it
   * likes, and a text of the input might have got out of its place, so what is stored neither deletes nor asks.
   *
   * @throws ConversionException 1402 when an entry is neither PUT nor POST
   */
  public static ObjectNode transaction(ObjectNode bundle) {
    for (JsonNode entry : bundle.path("entry")) {
      if (!METHODS.contains(entry.path("request").path("method").asText()))
        throw new ConversionException(ErrorCode.JSON_MERGING_ERROR, "an entry of the Bundle is neither PUT nor POST");
    }
    return bundle.put("type", "transaction");
  }
}

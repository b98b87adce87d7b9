package io.caregrid.events;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.io.UncheckedIOException;

/** Resources as trees, decimals with all their digits. */
final class Trees {
  private static final ObjectMapper JSON = JsonMapper.builder()
      .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
      .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
      .build();
  private static final int LONGEST = 200;

  private Trees() {}

  static JsonNode read(Buffer json) {
    try {
      return JSON.readTree(json.getBytes());
    } catch (IOException broken) {
      throw new UncheckedIOException("a stored resource is not JSON", new IOException(broken.getClass().getName()));
    }
  }

  static Buffer bytes(JsonNode tree) {
    try {
      return Buffer.buffer(JSON.writeValueAsBytes(tree));
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
  }

  static ObjectNode object() {
    return JSON.createObjectNode();
  }

  /** As people read it: its text, else the display or the code of its first coding. Empty when it has none. */
  static String words(JsonNode concept) {
    if (concept.hasNonNull("text")) return brief(concept.path("text").asText());
    JsonNode coding = concept.path("coding").path(0);
    return brief(coding.path("display").asText(coding.path("code").asText()));
  }

  /** On one line, and no longer than a line. */
  static String brief(String text) {
    String line = text.replaceAll("\\s+", " ").strip();
    return line.length() <= LONGEST
        ? line
        : line.substring(0, line.offsetByCodePoints(0, line.codePointCount(0, LONGEST - 1))) + "…";
  }
}

package io.caregrid.api.fhir;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.io.UncheckedIOException;

/** JSON as FHIR means it (FHIR R4 json.html): decimals keep their digits, a key stands once, nothing follows the end. */
final class FhirJson {
  /** Far deeper than any resource; shallow enough that no reader of the tree can run out of stack. */
  private static final int MAX_DEPTH = 200;
  static final ObjectMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
      .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(MAX_DEPTH).build())
      .build())
      .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
      .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
      .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
      .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
      .nodeFactory(JsonNodeFactory.withExactBigDecimals(true))
      .build();

  private FhirJson() {}

  /** The same JSON, indented for people. */
  static Buffer pretty(Buffer json) {
    try {
      return Buffer.buffer(MAPPER.writerWithDefaultPrettyPrinter().writeValueAsBytes(MAPPER.readTree(json.getBytes())));
    } catch (IOException broken) {
      throw new UncheckedIOException("an answer of our own is not JSON", broken);
    }
  }

  /** A JSON string literal, quotes included. */
  static String quoted(String text) {
    try {
      return MAPPER.writeValueAsString(text);
    } catch (JsonProcessingException impossible) {
      throw new UncheckedIOException(impossible);
    }
  }
}

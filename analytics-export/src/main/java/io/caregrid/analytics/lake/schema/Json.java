package io.caregrid.analytics.lake.schema;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamWriteConstraints;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** JSON with every digit of its numbers. Rows of the lake are read with this, or decimals lose their trailing zeros before the lake sees them. */
public final class Json {
  /** The door lets in 1,000. */
  private static final int DEEPEST = 2_000;
  /** What was stored may be read again, whatever its size: the limits were at the door. */
  private static final StreamReadConstraints STORED = StreamReadConstraints.builder()
      .maxStringLength(Integer.MAX_VALUE)
      .maxNumberLength(Integer.MAX_VALUE)
      .maxNestingDepth(DEEPEST)
      .build();
  private static final JsonMapper MAPPER = mapper();
  private static final JsonMapper ASCII = mapper().rebuild().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

  private Json() {}

  private static JsonMapper mapper() {
    JsonMapper mapper = JsonMapper.builder()
        .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
        .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
        .nodeFactory(new JsonNodeFactory(true))
        .build();
    mapper.getFactory().setStreamReadConstraints(STORED);
    mapper.getFactory().setStreamWriteConstraints(StreamWriteConstraints.builder().maxNestingDepth(DEEPEST).build());
    return mapper;
  }

  /** @param resource UTF-8 JSON of one object */
  public static ObjectNode object(byte[] resource) throws IOException {
    if (MAPPER.readTree(resource) instanceof ObjectNode object) return object;
    throw new IOException("not a JSON object");
  }

  /** UTF-8, every digit as it was read. */
  public static byte[] bytes(ObjectNode resource) {
    return text(resource).getBytes(StandardCharsets.UTF_8);
  }

  /** Only for text that {@link #text} made. */
  static JsonNode parse(String text) {
    try {
      return MAPPER.readTree(text);
    } catch (JsonProcessingException broken) {
      throw new IllegalArgumentException("a JSON column that is no JSON", null);
    }
  }

  static String text(JsonNode node) {
    try {
      String text = MAPPER.writeValueAsString(node);
      return isUnicode(text) ? text : ASCII.writeValueAsString(node);
    } catch (JsonProcessingException impossible) {
      throw new IllegalStateException("a JSON tree that cannot be written", impossible);
    }
  }

  /** False when a half of a surrogate pair stands alone: JSON can escape that, UTF-8 cannot say it. */
  static boolean isUnicode(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (!Character.isSurrogate(c)) continue;
      if (!Character.isHighSurrogate(c) || ++i == text.length() || !Character.isLowSurrogate(text.charAt(i)))
        return false;
    }
    return true;
  }
}

package io.caregrid.templates.liquid;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;

/** {@code {% validate 'X.schema.json' %}…{% endvalidate %}}: the block as it is rendered, when it fits the schema. */
final class Validate {
  private static final JsonMapper JSON = JsonMapper.builder()
      .enable(JsonReadFeature.ALLOW_TRAILING_COMMA)
      .enable(JsonReadFeature.ALLOW_UNESCAPED_CONTROL_CHARS)
      .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
      .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
      .build();

  private Validate() {}

  static Node node(String schema, Node body) {
    return run -> {
      int mark = run.mark(true);
      int signal = body.render(run);
      String block = run.cut(mark);
      if (signal != Node.GO_ON) return signal;
      String wrong = run.templates().schema(schema).misfit(tree(block), run);
      if (wrong != null)
        throw new ConversionException(ErrorCode.UNMATCHED_VALIDATE_BLOCK_CONTENT,
            "the block does not fit " + schema + " at " + wrong);
      run.write(block);
      return Node.GO_ON;
    };
  }

  private static JsonNode tree(String block) {
    try {
      JsonNode tree = JSON.readTree(block);
      if (tree.isObject()) return tree;
    } catch (JsonProcessingException none) {
      throw new ConversionException(ErrorCode.INVALID_VALIDATE_BLOCK_CONTENT, "the block of validate is no JSON");
    }
    throw new ConversionException(ErrorCode.INVALID_VALIDATE_BLOCK_CONTENT, "the block of validate is no JSON object");
  }
}

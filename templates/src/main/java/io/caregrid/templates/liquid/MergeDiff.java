package io.caregrid.templates.liquid;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.LinkedHashMap;
import java.util.Map;

/** {@code {% mergeDiff x %}{...}{% endmergeDiff %}}: the object {@code x} with the members of the block laid over it, one level deep. */
final class MergeDiff {
  /**
   * Lists made by templates end with a comma, an include that finds nothing leaves no value, and decimals keep their digits, and a text of the input may have a
   * line break in it, which nothing has escaped.
   */
  private static final JsonMapper JSON = JsonMapper.builder()
      .enable(JsonReadFeature.ALLOW_TRAILING_COMMA)
      .enable(JsonReadFeature.ALLOW_MISSING_VALUES)
      .enable(JsonReadFeature.ALLOW_UNESCAPED_CONTROL_CHARS)
      .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
      .build();
  private static final TypeReference<LinkedHashMap<String, Object>> MEMBERS = new TypeReference<>() {};
  private static final String CHOICE = "[x]";

  private MergeDiff() {}

  static Node node(Expression input, Node body) {
    return run -> {
      int mark = run.mark(true);
      int signal = body.render(run);
      String block = run.cut(mark);
      if (signal != Node.GO_ON) return signal;
      Object value = input.value(run);
      run.write(value == null ? "\"\"" : JsonText.of(merged(value, block)));
      return Node.GO_ON;
    };
  }

  private static Object merged(Object value, String block) {
    Map<String, Object> changes = block.isBlank() ? Map.of() : members(block);
    if (changes.isEmpty()) return value;
    if (!(value instanceof Map<?, ?> source)) {
      throw new ConversionException(ErrorCode.INVALID_INPUT_OF_MERGE_DIFF_BLOCK, "mergeDiff wants an object");
    }
    Map<String, Object> result = new LinkedHashMap<>();
    source.forEach((key, member) -> result.put(String.valueOf(key), member));
    changes.forEach((key, member) -> lay(result, key, member));
    return result;
  }

  private static void lay(Map<String, Object> result, String key, Object member) {
    if (!key.endsWith(CHOICE)) {
      result.put(key, member == null ? "" : member);
      return;
    }
    String stem = key.substring(0, key.length() - CHOICE.length());
    if (stem.isEmpty())
      throw new ConversionException(ErrorCode.INVALID_MERGE_DIFF_BLOCK_CONTENT, "'[x]' is no member's name");
    result.keySet()
        .stream()
        .filter(each -> each.startsWith(stem))
        .findFirst()
        .ifPresent(each -> result.put(each, member));
  }

  private static Map<String, Object> members(String block) {
    try {
      Map<String, Object> members = JSON.readValue(block, MEMBERS);
      return members == null ? Map.of() : members;
    } catch (JsonProcessingException none) {
      throw new ConversionException(ErrorCode.INVALID_MERGE_DIFF_BLOCK_CONTENT,
          "the block of mergeDiff is no JSON object");
    }
  }
}

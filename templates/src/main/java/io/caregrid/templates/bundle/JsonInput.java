package io.caregrid.templates.bundle;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.caregrid.templates.liquid.ConversionException;
import io.caregrid.templates.liquid.ErrorCode;
import java.util.Collection;
import java.util.Map;

/** JSON as templates know it, under {@code msg}: objects are maps in the order of their members, decimals keep their digits, dates are texts. */
final class JsonInput {
  private static final JsonMapper JSON = JsonMapper.builder()
      .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
      .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
      .build();

  private JsonInput() {}

  /** @throws ConversionException 1202 for nothing, 1201 with line and column for what is no object or list */
  static Object parse(String text) {
    if (text == null || text.isBlank())
      throw new ConversionException(ErrorCode.NULL_OR_WHITE_SPACE_INPUT, "there is nothing to convert");
    try {
      Object read = JSON.readValue(text.startsWith("\uFEFF") ? text.substring(1) : text, Object.class);
      if (read instanceof Map<?, ?> || read instanceof Collection<?>) return read;
    } catch (JsonProcessingException broken) {
      JsonLocation at = broken.getLocation();
      throw unreadable(at == null ? "" : " at line " + at.getLineNr() + ", column " + at.getColumnNr());
    }
    throw unreadable(": it is neither an object nor a list");
  }

  private static ConversionException unreadable(String where) {
    return new ConversionException(ErrorCode.INPUT_PARSING_ERROR, "the input is not read, it is no JSON" + where);
  }
}

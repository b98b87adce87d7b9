package io.caregrid.templates.liquid;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Keeps texts of an input that is not escaped for JSON inside the places that templates have for them: between quotes nothing that is put there ends the text, and
 * outside of quotes a text of the input is no object, list, member or text.
 *
 * <p>Only what templates say themselves opens and closes quotes. A capture begins outside of them and may be no JSON, so plain texts are taken there as they are; the
 * blocks of {@code mergeDiff} and {@code validate} are JSON.
 */
final class Quoting {
  private static final String STRUCTURE = "\"{}[],:\\";
  private final Deque<Block> outer = new ArrayDeque<>();
  private boolean inside;
  private boolean json = true;
  private boolean escaping;

  private record Block(boolean inside, boolean json) {}

  /** @param asJson false for a capture, whose text may be anything */
  void open(boolean asJson) {
    outer.push(new Block(inside, json));
    inside = false;
    json = asJson;
    escaping = false;
  }

  void close() {
    Block block = outer.pop();
    inside = block.inside();
    json = block.json();
    escaping = false;
  }

  /** Takes note of the quotes in a template's own text. */
  void follow(String text) {
    for (int i = 0; i < text.length(); i++) {
      char one = text.charAt(i);
      if (one == '"' && !escaping) inside = !inside;
      escaping = inside && one == '\\' && !escaping;
    }
  }

  /**
   * What to write for {@code text}.
   *
   * @param raw true for a text straight from the input; false for what a template made, in which escapes may stand already and stay
   */
  String placed(String text, boolean raw) {
    escaping = false;
    if (inside) return raw ? text.replace("\\", "\\\\").replace("\"", "\\\"") : kept(text);
    if (raw && json && text.chars().anyMatch(each -> STRUCTURE.indexOf(each) >= 0)) {
      throw new ConversionException(ErrorCode.JSON_PARSING_ERROR,
          "a text stands where a number, true or false belongs");
    }
    return text;
  }

  private static String kept(String text) {
    if (text.indexOf('"') < 0 && text.indexOf('\\') < 0) return text;
    StringBuilder safe = new StringBuilder(text.length() + 8);
    for (int i = 0; i < text.length(); i++) {
      char one = text.charAt(i);
      boolean escape = one == '\\' && i + 1 < text.length() && "\"\\/bfnrtu".indexOf(text.charAt(i + 1)) >= 0;
      if (escape) safe.append(one).append(text.charAt(++i));
      else if (one == '"' || one == '\\') safe.append('\\').append(one);
      else safe.append(one);
    }
    return safe.toString();
  }
}

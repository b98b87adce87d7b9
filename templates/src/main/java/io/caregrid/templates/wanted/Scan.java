package io.caregrid.templates.wanted;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.nio.charset.StandardCharsets;

/**
 * One pass over one JSON text (RFC 8259). Methods that skip take the position of what they skip and give the position behind it; those that make a node leave
 * that in {@link #end}. Of one thread.
 */
final class Scan {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  /** Jackson reads 50,000 and 1,000. */
  private static final int LONGEST_NAME = 10_000;
  private static final int LONGEST_NUMBER = 500;
  private final byte[] in;
  private final String notHere;
  /** Behind what was made a node of last. */
  private int end;

  Scan(byte[] in, String notHere) {
    this.in = in;
    this.notHere = notHere;
  }

  /** Somebody else shall read it. Carries nothing: it is an answer. */
  static final class Unsure extends RuntimeException {
    private static final long serialVersionUID = 1;
    private static final Unsure HERE = new Unsure();

    private Unsure() {
      super(null, null, false, false);
    }
  }

  /** An object or array, and nothing behind it. */
  JsonNode document(Shape shape) {
    int at = blanks(0);
    int first = byteAt(at);
    if (first != '{' && first != '[') throw Unsure.HERE;
    JsonNode read = node(at, shape, 0);
    if (blanks(end) != in.length) throw Unsure.HERE;
    return read;
  }

  private JsonNode node(int at, Shape shape, int depth) {
    switch (byteAt(at)) {
      case '{' :
        return object(at + 1, shape, depth + 1);
      case '[' :
        return array(at + 1, shape, depth + 1);
      case '"' :
        return TextNode.valueOf(text(at + 1));
      case 't' :
        end = word(at, "true");
        return BooleanNode.TRUE;
      case 'f' :
        end = word(at, "false");
        return BooleanNode.FALSE;
      case 'n' :
        end = word(at, "null");
        return NullNode.getInstance();
      default :
        end = number(at);
        return NumberNode.of(in, at, end);
    }
  }

  private ObjectNode object(int from, Shape shape, int depth) {
    checkDepth(depth);
    ObjectNode object = JSON.objectNode();
    int at = blanks(from);
    if (byteAt(at) == '}') {
      end = at + 1;
      return object;
    }
    for (;;) {
      at = shape == Shape.WHOLE ? anyMember(at, object, depth) : member(at, object, shape, depth);
      at = blanks(at);
      int next = byteAt(at++);
      if (next == '}') {
        end = at;
        return object;
      }
      if (next != ',') throw Unsure.HERE;
      at = blanks(at);
    }
  }

  /** Gives the position behind the member. */
  private int member(int at, ObjectNode object, Shape shape, int depth) {
    int name = quote(at);
    int behind = plain(name);
    if (behind < 0) behind = withoutEscape(name);
    int value = colon(behind + 1, name);
    if (depth == 1 && isNotHere(name, behind)) throw Unsure.HERE;
    int found = shape.find(in, name, behind);
    if (found < 0) return value(value, depth);
    object.set(shape.name(found), node(value, shape.member(found), depth));
    return end;
  }

  private int anyMember(int at, ObjectNode object, int depth) {
    int from = quote(at);
    String name = text(from);
    int value = colon(end, from);
    if (depth == 1 && name.equals(notHere)) throw Unsure.HERE;
    object.set(name, node(value, Shape.WHOLE, depth));
    return end;
  }

  private boolean isNotHere(int from, int to) {
    if (notHere == null || notHere.length() != to - from) return false;
    for (int i = 0; i < notHere.length(); i++) if (in[from + i] != notHere.charAt(i)) return false;
    return true;
  }

  private ArrayNode array(int from, Shape shape, int depth) {
    checkDepth(depth);
    ArrayNode array = JSON.arrayNode();
    Shape items = shape == Shape.WHOLE ? shape : shape.items;
    int at = blanks(from);
    if (byteAt(at) == ']') {
      end = at + 1;
      return array;
    }
    for (;;) {
      if (items == null) {
        at = value(at, depth);
      } else {
        array.add(node(at, items, depth));
        at = end;
      }
      at = blanks(at);
      int next = byteAt(at++);
      if (next == ']') {
        end = at;
        return array;
      }
      if (next != ',') throw Unsure.HERE;
      at = blanks(at);
    }
  }

  private int value(int at, int depth) {
    switch (byteAt(at)) {
      case '{' :
        return members(at + 1, depth + 1);
      case '[' :
        return items(at + 1, depth + 1);
      case '"' :
        return string(at + 1);
      case 't' :
        return word(at, "true");
      case 'f' :
        return word(at, "false");
      case 'n' :
        return word(at, "null");
      default :
        return number(at);
    }
  }

  private int members(int from, int depth) {
    checkDepth(depth);
    int at = blanks(from);
    if (byteAt(at) == '}') return at + 1;
    for (;;) {
      int name = quote(at);
      at = blanks(value(colon(string(name), name), depth));
      int next = byteAt(at++);
      if (next == '}') return at;
      if (next != ',') throw Unsure.HERE;
      at = blanks(at);
    }
  }

  private int items(int from, int depth) {
    checkDepth(depth);
    int at = blanks(from);
    if (byteAt(at) == ']') return at + 1;
    for (;;) {
      at = blanks(value(at, depth));
      int next = byteAt(at++);
      if (next == ']') return at;
      if (next != ',') throw Unsure.HERE;
      at = blanks(at);
    }
  }

  private static void checkDepth(int depth) {
    if (depth > WantedReader.DEEPEST) throw Unsure.HERE;
  }

  /** Where a name begins. */
  private int quote(int at) {
    if (byteAt(at) != '"') throw Unsure.HERE;
    return at + 1;
  }

  /** From behind a name, which began at {@code name}, to its value. */
  private int colon(int behind, int name) {
    if (behind - name > LONGEST_NAME) throw Unsure.HERE;
    int at = blanks(behind);
    if (byteAt(at) != ':') throw Unsure.HERE;
    return blanks(at + 1);
  }

  private int blanks(int from) {
    int at = from;
    while (at < in.length && in[at] <= ' ') {
      byte one = in[at];
      if (one != ' ' && one != '\n' && one != '\r' && one != '\t') break;
      at++;
    }
    return at;
  }

  /** 0 behind the end, which is nothing that a JSON text may hold. */
  private int byteAt(int at) {
    return at < in.length ? in[at] : 0;
  }

  private int word(int at, String word) {
    for (int i = 0; i < word.length(); i++) if (byteAt(at + i) != word.charAt(i)) throw Unsure.HERE;
    return at + word.length();
  }

  private int number(int from) {
    int at = byteAt(from) == '-' ? from + 1 : from;
    at = byteAt(at) == '0' ? at + 1 : digits(at);
    if (byteAt(at) == '.') at = digits(at + 1);
    int next = byteAt(at);
    if (next == 'e' || next == 'E') {
      int sign = byteAt(++at);
      at = digits(sign == '+' || sign == '-' ? at + 1 : at);
    }
    if (at - from > LONGEST_NUMBER) throw Unsure.HERE;
    return at;
  }

  private int digits(int from) {
    int at = from;
    while (at < in.length && in[at] >= '0' && in[at] <= '9') at++;
    if (at == from) throw Unsure.HERE;
    return at;
  }

  /** Where the closing quote is, when there is nothing but ASCII before it and no escape; below 0 otherwise. */
  private int plain(int from) {
    byte[] bytes = in;
    for (int at = from; at < bytes.length; at++) {
      byte one = bytes[at];
      if (one == '"') return at;
      if (one < ' ' || one == '\\') return -1;
    }
    throw Unsure.HERE;
  }

  /** Behind the closing quote. */
  private int string(int from) {
    byte[] bytes = in;
    int at = from;
    while (at < bytes.length) {
      byte one = bytes[at];
      if (one == '"') return at + 1;
      at = one < ' ' || one == '\\' ? special(at) : at + 1;
    }
    throw Unsure.HERE;
  }

  /** Behind an escape or a character that is not ASCII. */
  private int special(int at) {
    int first = in[at];
    if (first == '\\') return escape(at + 1);
    if (first >= 0) throw Unsure.HERE;
    return Utf8.character(in, at, Unsure.HERE);
  }

  private int escape(int at) {
    switch (byteAt(at)) {
      case '"', '\\', '/', 'b', 'f', 'n', 'r', 't' :
        return at + 1;
      case 'u' :
        for (int i = 1; i <= 4; i++) if (Character.digit(byteAt(at + i), 16) < 0) throw Unsure.HERE;
        return at + 5;
      default :
        throw Unsure.HERE;
    }
  }

  /** Where the closing quote is, and no escape before it. */
  private int withoutEscape(int from) {
    int quote = string(from) - 1;
    for (int at = from; at < quote; at++) if (in[at] == '\\') throw Unsure.HERE;
    return quote;
  }

  private String text(int from) {
    int quote = plain(from);
    if (quote >= 0) {
      end = quote + 1;
      return new String(in, from, quote - from, StandardCharsets.ISO_8859_1);
    }
    end = string(from);
    return unescaped(from, end - 1);
  }

  private String unescaped(int from, int to) {
    StringBuilder text = new StringBuilder(to - from);
    int begun = from;
    for (int at = from; at < to; at++) {
      if (in[at] != '\\') continue;
      text.append(new String(in, begun, at - begun, StandardCharsets.UTF_8));
      text.append(meant(at + 1));
      at += in[at + 1] == 'u' ? 5 : 1;
      begun = at + 1;
    }
    return text.append(new String(in, begun, to - begun, StandardCharsets.UTF_8)).toString();
  }

  private char meant(int at) {
    return switch (in[at]) {
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'u' -> (char) Integer.parseInt(new String(in, at + 1, 4, StandardCharsets.ISO_8859_1), 16);
      default -> (char) in[at];
    };
  }
}

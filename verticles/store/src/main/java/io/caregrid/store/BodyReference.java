package io.caregrid.store;

import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;

/**
 * {@code field.reference} of a stored body, as {@link Json#reference} finds it, without parsing: one is looked for on every read. What it is not sure of, such as
 * characters that are escaped, is left to that.
 */
final class BodyReference {
  private static final String REFERENCE = "reference";
  private final byte[] json;
  private int at;
  private boolean sure = true;

  private BodyReference(byte[] json) {
    this.json = json;
  }

  /** Null when there is none. @throws Body.Damaged */
  static String in(Buffer body, String field) {
    BodyReference scan = new BodyReference(body.getBytes());
    String found = scan.reference(field);
    return scan.sure ? found : Json.reference(body, field);
  }

  private String reference(String field) {
    if (!to(field) || peek() != '{') return null;
    String found = null;
    while (to(REFERENCE)) found = peek() == '"' ? text() : skipped();
    return found;
  }

  /** From the beginning of an object, or from behind a member, to the value of the next one of this name. False: there is none. */
  private boolean to(String name) {
    while (sure) {
      byte before = next();
      if (before == '}' || before == '{' && peek() == '}') return false;
      if (before != '{' && before != ',') return unsure();
      boolean same = isKey(name);
      if (!sure || same) return sure;
      skip();
    }
    return false;
  }

  private boolean isKey(String name) {
    if (peek() != '"') return unsure();
    int from = at + 1;
    int to = behindString();
    if (!sure || next() != ':') return unsure();
    int length = to - 1 - from;
    boolean same = length == name.length();
    for (int i = 0; i < length; i++) {
      if (json[from + i] == '\\') return unsure();
      same = same && json[from + i] == name.charAt(i);
    }
    return same;
  }

  /** At a string. */
  private String text() {
    int from = at + 1;
    int to = behindString() - 1;
    for (int i = from; sure && i < to; i++) if (json[i] == '\\' || json[i] < ' ') unsure();
    return sure ? new String(json, from, to - from, StandardCharsets.US_ASCII) : null;
  }

  /** At a string. @return the place behind it, which is gone to */
  private int behindString() {
    for (at++; at < json.length; at++) {
      if (json[at] == '\\') at++;
      else if (json[at] == '"') return ++at;
    }
    unsure();
    return at;
  }

  private String skipped() {
    skip();
    return null;
  }

  private void skip() {
    int depth = 0;
    do {
      byte one = peek();
      if (one == '"') {
        behindString();
      } else if (one == '{' || one == '[') {
        depth++;
        at++;
      } else if (one == '}' || one == ']') {
        depth--;
        at++;
      } else if (one == 0) {
        unsure();
      } else {
        at++;
        if (depth == 0) plain();
      }
    } while (sure && depth > 0);
  }

  private void plain() {
    while (at < json.length && json[at] != ',' && json[at] != '}' && json[at] > ' ') at++;
  }

  private byte next() {
    byte one = peek();
    at++;
    return one;
  }

  /** What is next but white space; 0 at the end. */
  private byte peek() {
    while (at < json.length && json[at] <= ' ' && json[at] > 0) at++;
    return at < json.length ? json[at] : 0;
  }

  private boolean unsure() {
    sure = false;
    return false;
  }
}

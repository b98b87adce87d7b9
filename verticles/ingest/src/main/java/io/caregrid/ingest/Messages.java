package io.caregrid.ingest;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import io.caregrid.contract.Failure;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A body, split into device messages: each a JSON object, each the very bytes that were sent.
 *
 * <p>Read by a streaming parser, never as a tree: what the objects mean is the normaliser's affair. An error names line, column and byte of the body
 * (columns count bytes), and which message; it never quotes the body.
 */
public final class Messages {
  /** A body of tiny messages costs many times its size in memory. */
  public static final int MOST = 100_000;
  private static final JsonFactory JSON = new JsonFactory();
  private static final byte[] BYTE_ORDER_MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};

  /** How messages stand in a body. */
  public enum Form {
    /** One object, or an array of objects. */
    JSON("element"),
    /** One object a line. */
    LINES("message");

    private final String place;

    Form(String place) {
      this.place = place;
    }
  }

  private final byte[] body;
  private final int start;
  private final Form form;
  private final int maxBytes;
  private final List<byte[]> read = new ArrayList<>();

  private Messages(byte[] body, Form form, int maxBytes) {
    this.body = body;
    this.form = form;
    this.maxBytes = maxBytes;
    start = startsWithMark(body) ? BYTE_ORDER_MARK.length : 0;
  }

  /**
   * @param maxBytes largest single message, {@code kafka.maxMessageBytes}
   * @throws Failure.Invalid  when this is not JSON, not UTF-8 or not made of objects; says where
   * @throws Failure.TooLarge when one message is too large, or there are too many
   */
  public static List<byte[]> read(byte[] body, Form form, int maxBytes) {
    return new Messages(body, form, maxBytes).read();
  }

  private List<byte[]> read() {
    requireUtf8();
    try (JsonParser parser = JSON.createParser(body, start, body.length - start)) {
      read(parser);
      return read;
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
  }

  private void read(JsonParser parser) throws IOException {
    try {
      if (form == Form.LINES) lines(parser);
      else json(parser);
    } catch (JsonProcessingException malformed) {
      JsonLocation at = malformed.getLocation() == null ? parser.currentLocation() : malformed.getLocation();
      throw new Failure.Invalid(place(at) + named() + ": " + what(malformed, at));
    }
  }

  /** Jackson would take UTF-16 and UTF-32 for JSON too; in those one of the first four bytes is 0, which UTF-8 JSON never holds. */
  private void requireUtf8() {
    int invalid = Utf8.firstInvalid(body);
    for (int n = 0; invalid < 0 && n < Math.min(4, body.length); n++) if (body[n] == 0) invalid = n;
    if (invalid >= 0) throw new Failure.Invalid("the body is not UTF-8 at byte " + invalid);
  }

  private static boolean startsWithMark(byte[] body) {
    return body.length >= 3 && Arrays.equals(body, 0, 3, BYTE_ORDER_MARK, 0, 3);
  }

  private void json(JsonParser parser) throws IOException {
    JsonToken first = parser.nextToken();
    if (first == null) throw empty();
    if (first == JsonToken.START_ARRAY) {
      while (parser.nextToken() != JsonToken.END_ARRAY) add(parser);
    } else {
      if (first != JsonToken.START_OBJECT) throw notAnObject(parser.currentTokenLocation(), "the body");
      add(parser);
    }
    if (parser.nextToken() != null)
      throw new Failure.Invalid(place(parser.currentTokenLocation())
          + "there is more after the end of the JSON; for one message a line send Content-Type application/x-ndjson");
  }

  private void lines(JsonParser parser) throws IOException {
    int line = 0;
    while (parser.nextToken() != null) {
      JsonLocation begin = parser.currentTokenLocation();
      if (begin.getLineNr() == line)
        throw new Failure.Invalid(place(begin) + "more than one message in this line; write one a line");
      line = begin.getLineNr();
      add(parser);
      if (parser.currentLocation().getLineNr() != line)
        throw new Failure.Invalid(
            place(begin) + "the message goes on in the next line; write one a line, without breaks");
    }
    if (read.isEmpty()) throw empty();
  }

  /** The parser stands at the first token of a message, and is left at its last. */
  private void add(JsonParser parser) throws IOException {
    JsonLocation begin = parser.currentTokenLocation();
    if (parser.currentToken() != JsonToken.START_OBJECT) throw notAnObject(begin, named());
    parser.skipChildren();
    int from = start + (int) begin.getByteOffset();
    int to = start + (int) parser.currentLocation().getByteOffset();
    if (to - from > maxBytes)
      throw new Failure.TooLarge(place(begin) + named() + " has " + (to - from)
          + " bytes, more than kafka.maxMessageBytes, " + maxBytes);
    if (read.size() == MOST) throw new Failure.TooLarge("more than " + MOST + " messages in one body: send several");
    read.add(Arrays.copyOfRange(body, from, to));
  }

  private static Failure empty() {
    return new Failure.Invalid("the body is empty: send one JSON object, an array of them, or one a line");
  }

  private Failure notAnObject(JsonLocation at, String what) {
    return new Failure.Invalid(place(at) + what + " is not a JSON object");
  }

  /** Which message is being read, counted from 0 as the elements of an array are. */
  private String named() {
    return form.place + " [" + read.size() + "]";
  }

  private String place(JsonLocation at) {
    return "line " + at.getLineNr() + ", column " + at.getColumnNr() + ", byte " + (start + at.getByteOffset()) + ": ";
  }

  private String what(JsonProcessingException malformed, JsonLocation at) {
    if (malformed instanceof StreamConstraintsException) return malformed.getOriginalMessage(); // tells limits only
    return start + at.getByteOffset() >= body.length ? "the JSON ends too early" : "not JSON";
  }
}

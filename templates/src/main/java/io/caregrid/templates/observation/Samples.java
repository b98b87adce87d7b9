package io.caregrid.templates.observation;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonSerializable;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.jsontype.TypeSerializer;
import java.io.IOException;
import java.util.Arrays;

/**
 * The {@code data} of one SampledData while samples are put into it: tokens separated by one space, {@code E} where there is none.
 *
 * <p>An hour at 1 Hz is 3,600 tokens of which a batch changes a few, so tokens are not objects: each is a stretch of {@code text}, new ones are appended
 * to it, and writing copies what still stands together in one go.
 */
final class Samples implements JsonSerializable {
  private static final byte[] GAP = {'E'};
  private static final byte[] NOTHING = {};
  private byte[] text;
  private int used;
  private int[] from;
  private int[] to;
  private int count;

  private Samples(byte[] text, int count) {
    this.text = text;
    this.used = text.length;
    this.from = new int[Math.max(16, count)];
    this.to = new int[from.length];
    this.count = count;
  }

  static Samples none() {
    return new Samples(NOTHING, 0);
  }

  /** @param data of a SampledData, UTF-8 */
  static Samples of(byte[] data) {
    if (data.length == 0) return none();
    Samples samples = new Samples(data, 1 + spaces(data));
    int token = 0;
    for (int i = 0; i < data.length; i++) {
      if (data[i] != ' ') continue;
      samples.to[token++] = i;
      samples.from[token] = i + 1;
    }
    samples.to[token] = data.length;
    return samples;
  }

  int count() {
    return count;
  }

  /** Puts {@code gaps} gaps before the first token. */
  void prepend(int gaps) {
    if (gaps == 0) return;
    room(count + gaps);
    System.arraycopy(from, 0, from, gaps, count);
    System.arraycopy(to, 0, to, gaps, count);
    gaps(0, gaps);
    count += gaps;
  }

  /** Puts gaps behind the last token until there are {@code size} tokens; true when some were missing. */
  boolean extend(int size) {
    if (size <= count) return false;
    room(size);
    gaps(count, size);
    count = size;
    return true;
  }

  /** True when that changes anything. */
  boolean put(int index, byte[] token) {
    if (Arrays.equals(text, from[index], to[index], token, 0, token.length)) return false;
    from[index] = append(token);
    to[index] = from[index] + token.length;
    return true;
  }

  @Override
  public void serialize(JsonGenerator json, SerializerProvider unused) throws IOException {
    byte[] data = data();
    json.writeUTF8String(data, 0, data.length);
  }

  @Override
  public void serializeWithType(JsonGenerator json, SerializerProvider unused, TypeSerializer none) throws IOException {
    serialize(json, unused);
  }

  /** The whole, UTF-8. */
  byte[] data() {
    if (count == 0) return NOTHING;
    byte[] data = new byte[length()];
    int at = 0;
    for (int token = 0; token < count;) {
      int first = token++;
      while (token < count && from[token] == to[token - 1] + 1) token++;
      int length = to[token - 1] - from[first];
      System.arraycopy(text, from[first], data, at, length);
      at += length;
      if (token < count) data[at++] = ' ';
    }
    return data;
  }

  private int length() {
    int length = count - 1;
    for (int i = 0; i < count; i++) length += to[i] - from[i];
    return length;
  }

  /** Fills {@code [first, end)} with gaps that stand together. */
  private void gaps(int first, int end) {
    for (int token = first; token < end; token++) {
      from[token] = append(GAP);
      to[token] = from[token] + GAP.length;
    }
  }

  /** Gives where it begins. A space follows it, always: what stands one apart can be copied in one go. */
  private int append(byte[] token) {
    int needed = used + token.length + 1;
    if (needed > text.length) text = Arrays.copyOf(text, Math.max(needed, text.length + text.length / 2 + 256));
    int begin = used;
    System.arraycopy(token, 0, text, begin, token.length);
    text[needed - 1] = ' ';
    used = needed;
    return begin;
  }

  private void room(int size) {
    if (size <= from.length) return;
    int capacity = Math.max(size, from.length + from.length / 2);
    from = Arrays.copyOf(from, capacity);
    to = Arrays.copyOf(to, capacity);
  }

  private static int spaces(byte[] data) {
    int spaces = 0;
    for (byte c : data) {
      if (c == ' ') spaces++;
    }
    return spaces;
  }
}

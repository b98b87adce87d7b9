package io.caregrid.store;

import java.util.Arrays;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

/**
 * How a resource's JSON lies in its row: a flag byte, then the bytes, deflated (RFC 1951, level 1) when that pays.
 * An instance keeps native memory for one batch on one thread; close it: some of that memory is lent to the next one, because making it costs more than to
 * deflate a small resource.
 */
final class Body implements AutoCloseable {
  /** SQL: how long the JSON of {@code body} is. Reads its first five bytes only. */
  static final String PLAIN_LENGTH = """
      case when octet_length(body) < 5 then 0 when get_byte(substring(body from 1 for 1), 0) = 0 then octet_length(body)::bigint - 1
        else ('x' || encode(substring(body from 2 for 4), 'hex'))::bit(32)::bigint end""";
  private static final byte PLAIN = 0;
  private static final byte DEFLATED = 1;
  private static final int WORTH_IT = 256;
  /** Flag and length. */
  private static final int HEAD = 5;
  /** Deflate makes nothing smaller than by that. */
  private static final long MOST_TIMES = 1_032;

  /** Kept for the next ones, each a quarter of a megabyte of native memory or less. */
  private static final int KEPT = 16;
  private static final BlockingQueue<Deflater> DEFLATERS = new ArrayBlockingQueue<>(KEPT);
  private static final BlockingQueue<Inflater> INFLATERS = new ArrayBlockingQueue<>(KEPT);

  /** Taken or made when they are needed. */
  private Deflater deflater;
  private Inflater inflater;

  byte[] pack(byte[] json) {
    if (json.length < WORTH_IT) return flagged(PLAIN, json, json.length);
    if (deflater == null) deflater = DEFLATERS.poll();
    if (deflater == null) deflater = new Deflater(Deflater.BEST_SPEED, true);
    deflater.reset();
    deflater.setInput(json);
    deflater.finish();
    byte[] out = new byte[json.length];
    int length = deflater.deflate(out);
    return deflater.finished() ? deflated(json.length, out, length) : flagged(PLAIN, json, json.length);
  }

  private static byte[] flagged(byte flag, byte[] bytes, int length) {
    byte[] body = new byte[length + 1];
    body[0] = flag;
    System.arraycopy(bytes, 0, body, 1, length);
    return body;
  }

  /** The JSON's length stands before the deflated bytes, four bytes, so that reading needs no guess. */
  private static byte[] deflated(int plain, byte[] bytes, int length) {
    byte[] body = new byte[length + HEAD];
    java.nio.ByteBuffer.wrap(body).put(DEFLATED).putInt(plain).put(bytes, 0, length);
    return body;
  }

  /** The bytes in a row are no body. */
  static final class Damaged extends IllegalStateException {
    private static final long serialVersionUID = 1;

    Damaged(String what) {
      super(what);
    }
  }

  /** @throws Damaged */
  byte[] unpack(byte[] body) {
    if (body.length == 0) throw new Damaged("a stored body is empty");
    byte[] json = switch (body[0]) {
      case PLAIN -> Arrays.copyOfRange(body, 1, body.length);
      case DEFLATED -> inflated(body);
      default -> throw new Damaged("a body with flag " + body[0] + " was written by a newer Caregrid");
    };
    if (json.length < 2 || json[0] != '{' || json[json.length - 1] != '}')
      throw new Damaged("a stored body is not JSON");
    return json;
  }

  private byte[] inflated(byte[] body) {
    int packed = body.length - HEAD;
    int plain = packed < 0 ? -1 : java.nio.ByteBuffer.wrap(body).getInt(1);
    if (plain < 0 || plain > MOST_TIMES * packed) throw new Damaged("a stored body's length is damaged");
    byte[] json = new byte[plain];
    if (inflater == null) inflater = INFLATERS.poll();
    if (inflater == null) inflater = new Inflater(true);
    inflater.reset();
    inflater.setInput(body, HEAD, packed);
    try {
      int length = inflater.inflate(json);
      if (length != json.length) throw new Damaged("a stored body is cut short");
    } catch (DataFormatException cause) {
      throw new Damaged("a stored body is damaged");
    }
    return json;
  }

  /** A reset lets go of the bytes it was given last. */
  @Override
  public void close() {
    if (deflater != null) {
      deflater.reset();
      if (!DEFLATERS.offer(deflater)) deflater.end();
      deflater = null;
    }
    if (inflater != null) {
      inflater.reset();
      if (!INFLATERS.offer(inflater)) inflater.end();
      inflater = null;
    }
  }
}

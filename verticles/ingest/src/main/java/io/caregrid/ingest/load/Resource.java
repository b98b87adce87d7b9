package io.caregrid.ingest.load;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * A resource as its bytes are, and what has to be known of it to send it. Pure.
 *
 * @param type  {@code resourceType}
 * @param id    its own, or one made of its content: so it is the same resource however often it is loaded
 * @param json  with that id
 * @param kind  {@code Bundle.type}, else null
 * @param adds  a Bundle with an entry that changes something each time it is sent: a POST without {@code ifNoneExist}, a PATCH
 * @param entries of a Bundle
 */
record Resource(String type, String id, byte[] json, String kind, boolean adds, int entries) {

  private static final JsonFactory JSON = new JsonFactory();
  private static final Pattern TYPE = Pattern.compile("[A-Z][A-Za-z]{1,63}");
  private static final Pattern ID = Pattern.compile("[A-Za-z0-9\\-.]{1,64}");

  boolean isBundle() {
    return type.equals("Bundle");
  }

  /** @throws Refused it is none; the message does not repeat what stands in it */
  static Resource of(byte[] bytes) throws Refused {
    byte[] json = withoutMark(bytes);
    try (JsonParser parser = JSON.createParser(json)) {
      return new Scan(json, parser).resource();
    } catch (JsonProcessingException broken) {
      JsonLocation at = broken.getLocation(); // null for what nests too deep, or a number that is too long
      if (at == null)
        throw new Refused("it nests deeper than 1000, or has a number of more than 1000 digits, or a name too long");
      throw new Refused("it is no JSON from column " + Math.max(1, at.getColumnNr()) + " of line "
          + Math.max(1, at.getLineNr()) + " of it on");
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
  }

  private static byte[] withoutMark(byte[] bytes) {
    boolean marked = bytes.length > 2 && (bytes[0] & 0xff) == 0xef && (bytes[1] & 0xff) == 0xbb
        && (bytes[2] & 0xff) == 0xbf;
    return marked ? java.util.Arrays.copyOfRange(bytes, 3, bytes.length) : bytes;
  }

  /** One pass over all of it: what is broken anywhere is found here, and not by the target in the middle of a batch. */
  private static final class Scan {
    private final byte[] json;
    private final JsonParser parser;
    private String type;
    private String id;
    private String kind;
    private boolean adds;
    private int count;

    Scan(byte[] json, JsonParser parser) {
      this.json = json;
      this.parser = parser;
    }

    Resource resource() throws IOException, Refused {
      if (parser.nextToken() != JsonToken.START_OBJECT) throw new Refused("it is no JSON object");
      int begin = (int) parser.currentTokenLocation().getByteOffset();
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        JsonToken value = parser.nextToken();
        boolean text = value == JsonToken.VALUE_STRING;
        if (name.equals("resourceType") && text) type = parser.getText();
        else if (name.equals("id") && text) id = parser.getText();
        else if (name.equals("type") && text) kind = parser.getText();
        else if (name.equals("entry") && value == JsonToken.START_ARRAY) entries();
        else parser.skipChildren();
      }
      if (parser.nextToken() != null) throw new Refused("more follows behind the resource");
      return made(begin);
    }

    private void entries() throws IOException {
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        count++;
        if (parser.currentToken() != JsonToken.START_OBJECT) {
          parser.skipChildren();
          continue;
        }
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
          String name = parser.currentName();
          JsonToken value = parser.nextToken();
          if (name.equals("request") && value == JsonToken.START_OBJECT) request();
          else parser.skipChildren();
        }
      }
    }

    private void request() throws IOException {
      boolean post = false;
      boolean patch = false;
      boolean conditional = false;
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        parser.nextToken();
        if (name.equals("method")) {
          post = "POST".equals(parser.getText());
          patch = "PATCH".equals(parser.getText());
        }
        if (name.equals("ifNoneExist")) conditional = true;
        parser.skipChildren();
      }
      adds |= patch || post && !conditional;
    }

    private Resource made(int begin) throws Refused {
      if (type == null || !TYPE.matcher(type).matches()) throw new Refused("it has no resourceType");
      if (id != null && !ID.matcher(id).matches()) throw new Refused("its id is none");
      boolean bundle = type.equals("Bundle");
      if (id != null || bundle) return new Resource(type, id, json, bundle ? kind : null, bundle && adds, count);
      String made = idOf(json);
      byte[] member = ("\"id\":\"" + made + "\",").getBytes(StandardCharsets.US_ASCII);
      byte[] with = ByteBuffer.allocate(json.length + member.length)
          .put(json, 0, begin + 1)
          .put(member)
          .put(json, begin + 1, json.length - begin - 1)
          .array();
      return new Resource(type, made, with, null, false, 0);
    }
  }

  /** A UUID of version 8 (RFC 9562 5.8) of the content's SHA-256. */
  private static String idOf(byte[] json) {
    try {
      ByteBuffer digest = ByteBuffer.wrap(MessageDigest.getInstance("SHA-256").digest(json));
      long high = digest.getLong() & ~0xf000L | 0x8000L;
      long low = digest.getLong() & 0x3fffffffffffffffL | 0x8000000000000000L;
      return new UUID(high, low).toString();
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}

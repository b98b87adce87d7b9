package io.caregrid.api.fhir;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.contract.Failure;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;

/** Bytes to a tree of the type that the address names; says where it stopped when it cannot. */
final class ResourceReader {
  private static final int BOM_FIRST = 0xEF;
  private static final int BOM_BYTES = 3;

  private ResourceReader() {}

  static ObjectNode read(Buffer body, String type) {
    JsonNode tree = parse(withoutByteOrderMark(body));
    if (!(tree instanceof ObjectNode resource)) {
      throw new Failure.Invalid("the body must be one JSON object: a FHIR " + type);
    }
    JsonNode named = resource.get("resourceType");
    if (named == null || !named.isTextual()) {
      throw new Failure.Invalid("resourceType is missing: the body must be a " + type, "resourceType");
    }
    if (!named.textValue().equals(type)) {
      throw new Failure.Invalid("resourceType is not " + type + ", which this address takes", "resourceType");
    }
    return resource;
  }

  private static JsonNode parse(byte[] bytes) {
    if (bytes.length == 0) throw new Failure.Invalid("the body is empty: send a FHIR resource as JSON");
    try {
      return FhirJson.MAPPER.readTree(bytes);
    } catch (JsonProcessingException malformed) {
      throw new Failure.Invalid("the body is not valid JSON" + place(malformed.getLocation()) + ": " + why(malformed));
    } catch (IOException broken) {
      throw new Failure.Invalid("the body is not valid UTF-8 JSON");
    }
  }

  private static String place(JsonLocation at) {
    return at == null ? "" : " at line " + at.getLineNr() + ", column " + at.getColumnNr();
  }

  /** Jackson's own words may quote the body, which may be a patient's: only the kind of problem is told. */
  private static String why(JsonProcessingException malformed) {
    String text = String.valueOf(malformed.getOriginalMessage());
    if (text.contains("Duplicate field")) return "a key stands twice in one object";
    if (text.contains("nesting depth")) return "it is nested too deeply";
    if (text.contains("end-of-input")) return "it ends too early";
    if (text.contains("Trailing token")) return "something follows the end of the object";
    if (text.contains("UTF-8")) return "a byte sequence is not UTF-8";
    if (text.contains("length")) return "a value is too long";
    return "an unexpected character or token stands there";
  }

  private static byte[] withoutByteOrderMark(Buffer body) {
    boolean marked = body.length() >= BOM_BYTES && (body.getByte(0) & 0xFF) == BOM_FIRST
        && (body.getByte(1) & 0xFF) == 0xBB && (body.getByte(2) & 0xFF) == 0xBF;
    return marked ? body.getBytes(BOM_BYTES, body.length()) : body.getBytes();
  }
}

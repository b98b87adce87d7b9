package io.caregrid.api.fhir;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.api.fhir.r4.Trees;
import io.caregrid.api.fhir.r4.Trees.Malformed;
import io.caregrid.api.fhir.r4.XmlReader;
import io.caregrid.contract.Failure;
import io.vertx.core.buffer.Buffer;

/** Bytes to a tree of the type that the address names; says where it stopped when it cannot. */
final class ResourceReader {
  private static final int BOM_FIRST = 0xEF;
  private static final int BOM_BYTES = 3;

  private ResourceReader() {}

  /** A tree whose resourceType is {@code type}. */
  static ObjectNode read(Buffer body, Format format, String type) {
    ObjectNode resource = read(body, format);
    if (!resource.get("resourceType").textValue().equals(type)) {
      throw new Failure.Invalid("resourceType is not " + type + ", which this address takes", "resourceType");
    }
    return resource;
  }

  /** A tree that names its type. */
  static ObjectNode read(Buffer body, Format format) {
    JsonNode tree = parsed(withoutByteOrderMark(body), format);
    if (!(tree instanceof ObjectNode resource)) {
      throw new Failure.Invalid("the body must be one JSON object: a FHIR resource");
    }
    JsonNode named = resource.get("resourceType");
    if (named == null || !named.isTextual()) {
      throw new Failure.Invalid("resourceType is missing: the body must be a FHIR resource", "resourceType");
    }
    return resource;
  }

  /** Any tree. Invalid 400 when the bytes are none, TooLarge 413 when it would be far larger than its text. */
  static JsonNode parsed(byte[] bytes, Format format) {
    if (bytes.length == 0) throw new Failure.Invalid("the body is empty: send a FHIR resource");
    if (format == Format.JSON) Density.require(bytes);
    try {
      return format == Format.XML ? XmlReader.read(bytes) : Trees.read(bytes);
    } catch (Malformed malformed) {
      throw new Failure.Invalid(malformed.getMessage(), malformed.expression);
    }
  }

  private static byte[] withoutByteOrderMark(Buffer body) {
    boolean marked = body.length() >= BOM_BYTES && (body.getByte(0) & 0xFF) == BOM_FIRST
        && (body.getByte(1) & 0xFF) == 0xBB && (body.getByte(2) & 0xFF) == 0xBF;
    return marked ? body.getBytes(BOM_BYTES, body.length()) : body.getBytes();
  }
}

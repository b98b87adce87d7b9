package io.caregrid.events;

import io.caregrid.store.Deliveries.Delivery;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;

/** The news itself, in the shape that Microsoft's FHIR proxy gave it: where something changed and how, not what. */
final class Event {
  private Event() {}

  /**
   * @param source   base address of FHIR
   * @param resource as it is stored; null: it is not sent
   */
  static Buffer of(Delivery delivery, String source, Buffer resource) {
    boolean everything = delivery.op() == null;
    Buffer json = new JsonObject().put("action", action(delivery))
        .put("resourcetype", delivery.type())
        .put("id", delivery.id())
        .put("version", everything ? "" : Integer.toString(delivery.version()))
        .put("lastupdated", delivery.at().toString())
        .put("source", source)
        .toBuffer();
    if (resource == null) return json;
    // as text, since a number loses digits when it is read and written
    return Buffer.buffer(json.length() + resource.length() + 16)
        .appendBuffer(json, 0, json.length() - 1)
        .appendString(",\"resource\":")
        .appendBuffer(resource)
        .appendString("}");
  }

  static String action(Delivery delivery) {
    if (delivery.op() == null) return "Unknown";
    return switch (delivery.op()) {
      case CREATE -> "Created";
      case UPDATE -> "Updated";
      case DELETE -> "Deleted";
    };
  }
}

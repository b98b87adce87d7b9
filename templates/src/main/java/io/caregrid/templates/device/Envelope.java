package io.caregrid.templates.device;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * From what lies in the log to what templates see: {@code {Body, Properties, SystemProperties}}. Three forms are known:
 * <ul>
 * <li>a message as its device wrote it: becomes {@code Body}; the record's headers become {@code Properties};
 * <li>IoT Hub's envelope: an object of {@code Body}, {@code Properties} and {@code SystemProperties}, the latter two objects, and at most
 * {@code EnqueuedTimeUtc} beside them. Nothing else is taken for one. A {@code Body} in base64, as IoT Hub writes it when
 * {@code SystemProperties.contentType} or {@code contentEncoding} does not say JSON in UTF-8, is decoded when it holds JSON;
 * <li>a CloudEvent in structured mode (CloudEvents 1.0.2, JSON event format): the record's header {@code content-type} says so. {@code data} becomes
 * {@code Body}, each attribute a property {@code ce_name}, as they come in binary mode.
 * </ul>
 */
final class Envelope {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  /** The member of IoT Hub's envelope without which an object is none. */
  static final String BODY = "Body";
  private static final String EVENT = "application/cloudevents+json";
  private static final String MQTT = "mqtt-";
  private static final Set<String> DATA = Set.of("data", "data_base64");
  private static final Set<String> REQUIRED = Set.of("id", "source", "specversion", "type");

  private Envelope() {}

  /** The record says what it is, and is not. The message names what is missing, and quotes nothing. */
  static final class Broken extends Exception {
    private static final long serialVersionUID = 1;

    private Broken(String why) {
      super(why, null, false, false);
    }
  }

  static ObjectNode open(JsonNode message, Map<String, String> headers, ObjectReader reader) throws Broken {
    if (isEvent(headers)) return event(message, headers, reader);
    if (message instanceof ObjectNode object && isIotHubs(object)) return iotHubs(object, headers, reader);
    return plain(message, headers);
  }

  /** Of a message as its device wrote it. */
  static ObjectNode plain(JsonNode message, Map<String, String> headers) {
    ObjectNode root = bare(message);
    properties(root.putObject("Properties"), root.putObject("SystemProperties"), headers);
    return root;
  }

  /** The same for templates that do not look at headers. */
  static ObjectNode bare(JsonNode message) {
    ObjectNode root = JSON.objectNode();
    root.set(BODY, message);
    return root;
  }

  private static void properties(ObjectNode application, ObjectNode system, Map<String, String> headers) {
    headers.forEach((name, value) -> {
      application.put(name, value);
      if (addedByIotHub(name)) system.put(name, value);
    });
  }

  private static boolean addedByIotHub(String name) {
    return name.startsWith("iothub-connection-") || name.equals("iothub-enqueuedtime")
        || name.equals("iothub-message-source");
  }

  private static boolean isIotHubs(ObjectNode object) {
    int beside = object.has("EnqueuedTimeUtc") ? 1 : 0;
    return object.size() == 3 + beside && object.has(BODY) && object.path("Properties").isObject()
        && object.path("SystemProperties").isObject();
  }

  /** The envelope's own word counts more than a header's; but by MQTT a device writes the envelope, and what the house says of it are the headers. */
  private static ObjectNode iotHubs(ObjectNode envelope, Map<String, String> headers, ObjectReader reader) {
    ObjectNode root = JSON.objectNode();
    root.set(BODY, decoded(envelope.get(BODY), reader));
    ObjectNode application = root.putObject("Properties");
    ObjectNode system = root.putObject("SystemProperties");
    properties(application, system, headers);
    application.setAll((ObjectNode) envelope.get("Properties"));
    system.setAll((ObjectNode) envelope.get("SystemProperties"));
    if (envelope.has("EnqueuedTimeUtc") && !system.has("iothub-enqueuedtime"))
      system.set("iothub-enqueuedtime", envelope.get("EnqueuedTimeUtc"));
    if (headers.containsKey(MQTT + "topic")) headers.forEach((name, value) -> {
      if (name.startsWith(MQTT) || addedByIotHub(name)) application.put(name, value);
      if (addedByIotHub(name)) system.put(name, value);
    });
    return root;
  }

  /** A text that is JSON in base64 is opened; any other stays what it is. */
  private static JsonNode decoded(JsonNode body, ObjectReader reader) {
    if (!body.isTextual() || body.textValue().length() < 4) return body;
    try {
      JsonNode inner = reader.readTree(text(Base64.getDecoder().decode(body.textValue())));
      return inner.isContainerNode() ? inner : body;
    } catch (IllegalArgumentException | JsonProcessingException | CharacterCodingException noJson) {
      return body;
    }
  }

  private static String text(byte[] bytes) throws CharacterCodingException {
    return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
  }

  /** True when the record's headers say that it is a CloudEvent. */
  static boolean isEvent(Map<String, String> headers) {
    String type = headers.get("content-type");
    return type != null && type.split(";", 2)[0].strip().toLowerCase(Locale.ROOT).equals(EVENT);
  }

  private static ObjectNode event(JsonNode event, Map<String, String> headers, ObjectReader reader) throws Broken {
    for (String name : REQUIRED)
      if (!event.path(name).isTextual()) throw new Broken("The CloudEvent has no " + name + ".");
    if (!event.path("specversion").textValue().equals("1.0"))
      throw new Broken("The CloudEvent's specversion is not 1.0.");
    if (event.has("data") && event.has("data_base64"))
      throw new Broken("The CloudEvent has data and data_base64: one of them is allowed.");
    ObjectNode root = JSON.objectNode();
    root.set(BODY, data(event, reader));
    ObjectNode application = root.putObject("Properties");
    properties(application, root.putObject("SystemProperties"), headers);
    event.properties().forEach(member -> {
      if (!DATA.contains(member.getKey())) application.set("ce_" + member.getKey(), scalar(member.getValue()));
    });
    return root;
  }

  /** An attribute is a text in binary mode, whatever it is in JSON. */
  private static JsonNode scalar(JsonNode value) {
    return value.isValueNode() && !value.isNull() ? TextNode.valueOf(value.asText()) : value;
  }

  private static JsonNode data(JsonNode event, ObjectReader reader) throws Broken {
    if (event.has("data")) return event.get("data");
    if (!event.has("data_base64")) return NullNode.getInstance();
    try {
      JsonNode data = reader.readTree(text(Base64.getDecoder().decode(event.path("data_base64").asText())));
      return data.isMissingNode() ? NullNode.getInstance() : data;
    } catch (IllegalArgumentException | JsonProcessingException | CharacterCodingException noJson) {
      throw new Broken("The CloudEvent's data_base64 is no JSON in base64.");
    }
  }
}

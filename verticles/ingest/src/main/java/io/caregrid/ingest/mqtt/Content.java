package io.caregrid.ingest.mqtt;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import io.caregrid.contract.Failure;
import io.caregrid.ingest.Gzip;
import io.caregrid.ingest.Messages;
import io.caregrid.ingest.Utf8;
import io.caregrid.ingest.mqtt.Properties.Pair;
import io.caregrid.templates.sets.MappingMark;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;

/**
 * What of a message goes into the log. Pure.
 *
 * <p>The payload is JSON: one object; an array of objects or one object a line, each a message; or any other JSON text, which is one message as it is. It may be
 * packed with gzip. One that is none of these goes as it is too, to be set aside where it is normalised, with {@link #fault}; of lines those alone that are none.
 *
 * <p>Topic, client id and properties become headers, which templates see as {@code Properties}; of a topic of IoT Hub ({@link IotHub}) what IoT Hub adds. A message
 * whose user properties are the attributes of a CloudEvent (MQTT binding 1.0.2 section 3.1) carries them as Kafka's binding does.
 *
 * @param messages none: there is nothing to do
 * @param fault    why this is no reading, or some of its lines are none, and where; null when all may be
 */
record Content(List<byte[]> messages, List<Header> headers, String fault) {

  static final String TOPIC = "mqtt-topic";
  static final String CLIENT = "mqtt-client-id";
  private static final String CONTENT_TYPE = "content-type";
  private static final String EVENT = "application/cloudevents+json";
  private static final String EVENTS = "application/cloudevents-batch+json";
  private static final Set<String> LINES = Set.of("application/x-ndjson", "application/ndjson", "application/jsonl",
      "application/x-jsonlines", "application/json-lines");
  private static final Set<String> REQUIRED = Set.of("id", "source", "specversion", "type");
  private static final Pattern ATTRIBUTE = Pattern.compile("[a-z0-9]{1,64}");
  private static final int MOST_HEADERS = 100;
  private static final int LONGEST_NAME = 256;
  /** Heap of one message beside its bytes. */
  private static final int MESSAGE_OVERHEAD = 64;
  /** Less than the log has room for beside the largest message. */
  private static final int MOST_HEADER_BYTES = 32 << 10;
  private static final JsonFactory JSON = new JsonFactory();
  /** Payloads beyond this many bytes take long to look through: more than 0.3 ms or so. */
  private static final int SMALL = 64 << 10;
  /** The same of lines: one that is none costs as much as a hundred that are. */
  private static final int FEW = 2 << 10;

  /**
   * What a connection knows of all its messages.
   *
   * @param maxMessageBytes {@code kafka.maxMessageBytes}
   * @param maxUnpacked     most that a packed payload may become, bytes
   * @param most            that a packet may become, see {@link #bytes}
   */
  record Place(String client, TopicMappings topics, int maxMessageBytes, int maxUnpacked, long most) {}

  /** Whether it may be looked through where everybody waits for it. */
  static boolean isQuick(byte[] payload) {
    if (isPacked(payload) || payload.length > SMALL) return false;
    if (payload.length <= FEW) return true;
    for (byte one : payload) if (one == '\n') return false;
    return true;
  }

  static boolean isPacked(byte[] payload) {
    return payload.length > 2 && (payload[0] & 0xFF) == 0x1F && (payload[1] & 0xFF) == 0x8B;
  }

  /**
   * @param retain an empty message that is to be retained says that what was retained shall go, and nothing else (MQTT 5 section 3.3.1.3)
   * @throws Malformed when its properties are more than a message in the log may have
   */
  static Content of(Place place, String topic, boolean retain, Properties properties, byte[] payload, Instant now)
      throws Malformed {
    if (payload.length == 0 && retain) return new Content(List.of(), List.of(), null);
    IotHub hub = IotHub.of(topic);
    List<Pair> told = hub == null ? properties.user() : joined(hub.properties(), properties.user());
    boolean isEvent = isEvent(told);
    String type = type(properties, told);
    Map<String, String> headers = headers(place, topic, hub, told, isEvent, type, now);
    List<Header> written = written(headers);
    try {
      byte[] plain = isPacked(payload) ? unpacked(payload, place.maxUnpacked()) : payload;
      Content content = hub != null || isEvent || type.equals(EVENT)
          ? new Content(whole(plain, place.maxMessageBytes()), written, null)
          : split(plain, LINES.contains(type), place.maxMessageBytes(), written);
      if (content.bytes() > place.most())
        throw new Failure.TooLarge("with what goes with each, these " + content.messages.size()
            + " messages are more than one packet may bring, " + place.most() + " bytes: send several packets");
      return content;
    } catch (Failure refused) {
      return new Content(List.of(payload), written, refused.getMessage());
    }
  }

  private static byte[] unpacked(byte[] payload, int most) {
    try {
      return Gzip.unpack(payload, most);
    } catch (Failure.TooLarge bomb) {
      throw new Failure.TooLarge("unpacked, the payload is larger than " + most + " bytes");
    }
  }

  /** What the messages take in memory on their way to Kafka, each with its headers. */
  long bytes() {
    long each = MESSAGE_OVERHEAD;
    for (Header header : headers) each += header.key().length() + header.value().length;
    long bytes = each * messages.size();
    for (byte[] message : messages) bytes += message.length;
    return bytes;
  }

  private static List<Pair> joined(List<Pair> some, List<Pair> more) {
    List<Pair> all = new ArrayList<>(some);
    all.addAll(more);
    return all;
  }

  private static boolean isEvent(List<Pair> told) {
    Map<String, String> values = new HashMap<>();
    told.forEach(pair -> values.put(pair.name(), pair.value()));
    return values.keySet().containsAll(REQUIRED) && values.get("specversion").equals("1.0");
  }

  private static String type(Properties properties, List<Pair> told) {
    String type = properties.text(Properties.CONTENT_TYPE);
    for (Pair pair : told) if (type == null && pair.name().equals(CONTENT_TYPE)) type = pair.value();
    return type == null ? "" : type.split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
  }

  private static Map<String, String> headers(Place place, String topic, IotHub hub, List<Pair> told, boolean isEvent,
      String type, Instant now) {
    Map<String, String> headers = new LinkedHashMap<>();
    String byTopic = place.topics().mapping(topic);
    if (byTopic != null) headers.put(MappingMark.NAME_HEADER, byTopic);
    for (Pair pair : told) {
      if (isOurs(pair.name())) continue;
      boolean isAttribute = isEvent && ATTRIBUTE.matcher(pair.name()).matches();
      headers.put(isAttribute ? "ce_" + pair.name() : pair.name(), pair.value());
    }
    if (!type.isEmpty()) headers.put(CONTENT_TYPE, type.equals(EVENTS) ? EVENT : type);
    headers.put(TOPIC, topic);
    headers.put(CLIENT, place.client());
    if (hub == null) return headers;
    headers.put("iothub-connection-device-id", hub.device());
    if (hub.module() != null) headers.put("iothub-connection-module-id", hub.module());
    headers.put("iothub-enqueuedtime", now.truncatedTo(ChronoUnit.MILLIS).toString());
    headers.put("iothub-message-source", "Telemetry");
    return headers;
  }

  /** What only the house, or IoT Hub, says; a device may name its mapping. */
  private static boolean isOurs(String name) {
    return name.isEmpty() || name.startsWith("mqtt-") || name.startsWith("iothub-connection-")
        || name.equals("iothub-enqueuedtime") || name.equals("iothub-message-source")
        || name.startsWith("caregrid-") && !name.equals(MappingMark.NAME_HEADER);
  }

  private static List<Header> written(Map<String, String> headers) throws Malformed {
    List<Header> written = new ArrayList<>(headers.size());
    int bytes = 0;
    for (Map.Entry<String, String> header : headers.entrySet()) {
      byte[] value = header.getValue().getBytes(StandardCharsets.UTF_8);
      bytes += 3 * header.getKey().length() + value.length;
      if (header.getKey().length() > LONGEST_NAME || bytes > MOST_HEADER_BYTES || written.size() == MOST_HEADERS)
        throw new Malformed(Reason.TOO_LARGE, "more properties than a message may have: " + MOST_HEADERS + ", with "
            + MOST_HEADER_BYTES + " bytes, and names of " + LONGEST_NAME + " characters");
      written.add(new RecordHeader(header.getKey(), value));
    }
    return written;
  }

  private static Content split(byte[] plain, boolean lines, int maxMessageBytes, List<Header> headers) {
    try {
      return new Content(Messages.read(plain, lines ? Messages.Form.LINES : Messages.Form.JSON, maxMessageBytes),
          headers,
          null);
    } catch (Failure.Invalid wrong) {
      if (!lines && isOneText(plain)) return new Content(whole(plain, maxMessageBytes), headers, null);
      Lines found = Lines.of(plain, lines, maxMessageBytes);
      if (found == null) throw wrong;
      return new Content(found.messages(), headers, found.fault());
    }
  }

  private static List<byte[]> whole(byte[] plain, int maxMessageBytes) {
    if (plain.length > maxMessageBytes)
      throw new Failure.TooLarge(
          "the message has " + plain.length + " bytes, more than kafka.maxMessageBytes, " + maxMessageBytes);
    if (!isOneText(plain)) throw new Failure.Invalid("the payload is no JSON text in UTF-8");
    return List.of(plain);
  }

  /** Any one JSON value. */
  static boolean isOneText(byte[] plain) {
    if (Utf8.firstInvalid(plain) >= 0) return false;
    try (JsonParser parser = JSON.createParser(plain)) {
      if (parser.nextToken() == null) return false;
      parser.skipChildren();
      return parser.nextToken() == null;
    } catch (IOException none) {
      return false;
    }
  }
}

package io.caregrid.templates.device;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.io.SerializedString;
import com.fasterxml.jackson.core.util.ByteArrayBuilder;
import io.caregrid.templates.device.Measurement.Property;
import io.caregrid.templates.text.Timestamps;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * A measurement as it lies in topic {@code measurements}: the connector's own normalised form
 * ({@code {"Type","OccurrenceTimeUtc","IngestionTimeUtc","DeviceId","PatientId","EncounterId","CorrelationId","Properties":[{"Name","Value"}]}}), nulls left out.
 */
public final class MeasurementJson {
  private static final JsonFactory JSON = new JsonFactory();
  private static final SerializedString TYPE = new SerializedString("Type");
  private static final SerializedString OCCURRED = new SerializedString("OccurrenceTimeUtc");
  private static final SerializedString INGESTED = new SerializedString("IngestionTimeUtc");
  private static final SerializedString DEVICE = new SerializedString("DeviceId");
  private static final SerializedString PATIENT = new SerializedString("PatientId");
  private static final SerializedString ENCOUNTER = new SerializedString("EncounterId");
  private static final SerializedString CORRELATION = new SerializedString("CorrelationId");
  private static final SerializedString PROPERTIES = new SerializedString("Properties");
  private static final SerializedString NAME = new SerializedString("Name");
  private static final SerializedString VALUE = new SerializedString("Value");
  private static final int USUAL_BYTES = 300;

  private MeasurementJson() {}

  public static byte[] write(Measurement measurement) {
    try (ByteArrayBuilder bytes = new ByteArrayBuilder(USUAL_BYTES); JsonGenerator json = JSON.createGenerator(bytes)) {
      json.writeStartObject();
      write(json, TYPE, measurement.type());
      write(json, OCCURRED, Timestamps.shortest(measurement.occurredAt()));
      write(json, INGESTED, Timestamps.shortest(measurement.ingestedAt()));
      write(json, DEVICE, measurement.device());
      write(json, PATIENT, measurement.patient());
      write(json, ENCOUNTER, measurement.encounter());
      write(json, CORRELATION, measurement.correlation());
      json.writeFieldName(PROPERTIES);
      json.writeStartArray();
      for (Property property : measurement.properties()) {
        json.writeStartObject();
        write(json, NAME, property.name());
        write(json, VALUE, property.value());
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeEndObject();
      json.flush();
      return bytes.toByteArray();
    } catch (IOException impossible) {
      throw new UncheckedIOException("bytes in memory", impossible);
    }
  }

  /** @throws IllegalArgumentException when these bytes are no measurement; the message says where */
  public static Measurement read(byte[] json) {
    try (JsonParser parser = JSON.createParser(json)) {
      return new Reader(parser).measurement();
    } catch (JsonProcessingException wrong) {
      JsonLocation at = wrong.getLocation(); // null for what nests too deep, or a number that is too long
      throw new IllegalArgumentException(
          "no measurement: not JSON" + (at == null ? "" : " near byte " + at.getByteOffset()), null);
    } catch (IOException impossible) {
      throw new UncheckedIOException("bytes in memory", impossible);
    }
  }

  private static void write(JsonGenerator json, SerializedString name, String value) throws IOException {
    if (value == null) return;
    json.writeFieldName(name);
    json.writeString(value);
  }

  /** One pass over one measurement; unknown members are skipped. */
  private static final class Reader {
    private final JsonParser json;
    private String type;
    private Instant occurred;
    private Instant ingested;
    private String device;
    private String patient;
    private String encounter;
    private String correlation;
    private List<Property> properties = List.of();

    Reader(JsonParser json) {
      this.json = json;
    }

    Measurement measurement() throws IOException {
      expect(json.nextToken(), JsonToken.START_OBJECT);
      for (String name = json.nextFieldName(); name != null; name = json.nextFieldName()) {
        member(name);
      }
      expect(json.currentToken(), JsonToken.END_OBJECT);
      if (json.nextToken() != null) throw wrong("something stands behind the end");
      if (type == null || occurred == null || ingested == null || device == null || device.isBlank()) {
        throw wrong("Type, OccurrenceTimeUtc, IngestionTimeUtc and DeviceId are needed");
      }
      return new Measurement(type, occurred, ingested, device, patient, encounter, correlation, properties);
    }

    private void member(String name) throws IOException {
      switch (name) {
        case "Type" -> type = text();
        case "OccurrenceTimeUtc" -> occurred = time();
        case "IngestionTimeUtc" -> ingested = time();
        case "DeviceId" -> device = text();
        case "PatientId" -> patient = text();
        case "EncounterId" -> encounter = text();
        case "CorrelationId" -> correlation = text();
        case "Properties" -> properties = properties();
        default -> {
          json.nextToken();
          json.skipChildren();
        }
      }
    }

    private List<Property> properties() throws IOException {
      if (json.nextToken() == JsonToken.VALUE_NULL) return List.of();
      expect(json.currentToken(), JsonToken.START_ARRAY);
      List<Property> read = new ArrayList<>(2);
      while (json.nextToken() != JsonToken.END_ARRAY) read.add(property());
      return read;
    }

    private Property property() throws IOException {
      expect(json.currentToken(), JsonToken.START_OBJECT);
      String name = null;
      String value = null;
      for (String member = json.nextFieldName(); member != null; member = json.nextFieldName()) {
        switch (member) {
          case "Name" -> name = text();
          case "Value" -> value = text();
          default -> {
            json.nextToken();
            json.skipChildren();
          }
        }
      }
      if (name == null || value == null) throw wrong("a property needs Name and Value");
      return new Property(name, value);
    }

    private Instant time() throws IOException {
      String text = text();
      Instant time = text == null ? null : Timestamps.parse(text);
      if (time == null) throw wrong("a time is expected");
      return time;
    }

    private String text() throws IOException {
      String text = json.nextTextValue();
      if (text == null && json.currentToken() != JsonToken.VALUE_NULL) throw wrong("a text is expected");
      return text;
    }

    private void expect(JsonToken token, JsonToken expected) {
      if (token != expected) throw wrong(expected + " is expected");
    }

    private IllegalArgumentException wrong(String what) {
      return new IllegalArgumentException(
          "no measurement: " + what + " near byte " + json.currentLocation().getByteOffset());
    }
  }
}

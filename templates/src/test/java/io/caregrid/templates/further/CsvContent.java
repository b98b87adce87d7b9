package io.caregrid.templates.further;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.templates.device.ContentType;
import io.caregrid.templates.device.Measurement;
import io.caregrid.templates.device.Measurement.Property;
import io.caregrid.templates.text.Timestamps;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * A worked example: loggers that send {@code {"device": "…", "csv": "2026-11-22T10:00:00Z;36.5\n…"}}. In a mapping:
 *
 * <pre>
 * {"templateType": "CsvContent", "template": {"typeName": "temperature", "valueName": "t"}}
 * </pre>
 */
public final class CsvContent implements ContentType {
  @Override
  public String templateType() {
    return "CsvContent";
  }

  @Override
  public Content read(JsonNode template) {
    String type = template.path("typeName").textValue();
    String value = template.path("valueName").textValue();
    if (type == null || value == null) throw new IllegalArgumentException("typeName and valueName are needed.");
    return new Rows(type, value);
  }

  private record Rows(String type, String value) implements Content {
    @Override
    public List<String> values() {
      return List.of(value);
    }

    @Override
    public List<Measurement> measurements(JsonNode message, Instant ingestedAt) {
      JsonNode body = message.path("Body");
      if (!body.path("csv").isTextual() || !body.path("device").isTextual()) return List.of();
      List<Measurement> measurements = new ArrayList<>();
      for (String row : body.get("csv").textValue().split("\n")) {
        String[] cells = row.split(";");
        Instant time = cells.length == 2 ? Timestamps.parse(cells[0]) : null;
        if (time == null) throw new IllegalArgumentException("a row is not time;value.");
        measurements.add(new Measurement(type, time, ingestedAt, body.get("device").textValue(), null, null, null,
            List.of(new Property(value, cells[1]))));
      }
      return measurements;
    }
  }
}

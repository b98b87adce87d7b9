package io.caregrid.ingest;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.templates.device.ContentType;
import io.caregrid.templates.device.Measurement;
import java.time.Instant;
import java.util.Collections;
import java.util.List;

/** A template type of somebody's own with every fault that a message's {@code fault} names. */
public final class BrokenContent implements ContentType {
  @Override
  public String templateType() {
    return "BrokenContent";
  }

  @Override
  public Content read(JsonNode template) {
    return new Content() {
      @Override
      public String type() {
        return "broken";
      }

      @Override
      public List<String> values() {
        return List.of("value");
      }

      @Override
      public List<Measurement> measurements(JsonNode message, Instant ingestedAt) {
        return switch (message.at("/Body/fault").asText()) {
          case "throws" -> throw new IllegalStateException("a bug");
          case "other version" -> throw new NoSuchMethodError("a jar that was made for another version");
          case "endless" -> measurements(message, ingestedAt);
          case "null" -> null;
          case "null within" -> Collections.singletonList(null);
          default -> List.of();
        };
      }
    };
  }
}

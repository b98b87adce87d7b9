package io.caregrid.templates.bundle;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** Messages that we made up, in {@code convert/}, and what our own templates make of them. */
final class Samples {
  static final Conversions OWN = Conversions.load(Map.of(), ZoneId.of("Europe/Berlin"), Clock.systemUTC());
  private static final Path FOLDER = Path.of("src/test/resources/convert");

  private Samples() {}

  static List<String> names() {
    try (Stream<Path> files = Files.list(FOLDER)) {
      return files.map(each -> each.getFileName().toString()).sorted().toList();
    } catch (IOException broken) {
      throw new UncheckedIOException(broken);
    }
  }

  /** Of a message, with its segments ended by CR. */
  static String text(String name) {
    try {
      String text = Files.readString(FOLDER.resolve(name), StandardCharsets.UTF_8);
      return name.endsWith(".hl7") ? text.replace('\n', '\r') : text;
    } catch (IOException broken) {
      throw new UncheckedIOException(broken);
    }
  }

  static ObjectNode converted(String name) {
    return converted(name, text(name));
  }

  static ObjectNode converted(String name, String text) {
    Outcome outcome = name.endsWith(".xml") ? OWN.ccda(text) : OWN.hl7v2(text);
    if (outcome instanceof Outcome.Refused refused)
      throw new AssertionError(name + ": " + refused.why().code + " " + refused.why().told());
    return ((Outcome.Converted) outcome).bundle();
  }

  static List<JsonNode> entries(JsonNode bundle, String type) {
    return StreamSupport.stream(bundle.path("entry").spliterator(), false)
        .filter(entry -> entry.at("/resource/resourceType").asText().equals(type))
        .toList();
  }

  static List<JsonNode> resources(JsonNode bundle, String type) {
    return entries(bundle, type).stream().map(entry -> entry.get("resource")).toList();
  }

  /** The only one. */
  static JsonNode resource(JsonNode bundle, String type) {
    List<JsonNode> all = resources(bundle, type);
    if (all.size() != 1) throw new AssertionError(all.size() + " of " + type);
    return all.get(0);
  }
}

package io.caregrid.cluster;

import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Reads settings out of YAML, nested or with dots in the key, each with the line it stands on. A list's elements are joined by commas. */
final class ConfigYaml {
  private final YAMLFactory yaml = YAMLFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();
  private final Path file;
  private final List<Configuration.Value> values = new ArrayList<>();

  private ConfigYaml(Path file) {
    this.file = file;
  }

  static List<Configuration.Value> read(Path file) {
    ConfigYaml reader = new ConfigYaml(file);
    try (Reader text = Files.newBufferedReader(file); JsonParser parser = reader.yaml.createParser(text)) {
      reader.document(parser);
      return reader.values;
    } catch (NoSuchFileException missing) {
      throw new ConfigException("configuration file " + file + " does not exist");
    } catch (JsonProcessingException wrong) {
      throw new ConfigException("configuration file " + file + " line " + wrong.getLocation().getLineNr()
          + " is not YAML: " + what(wrong));
    } catch (IOException unreadable) {
      throw new ConfigException("configuration file " + file + " cannot be read: " + unreadable);
    }
  }

  /** The library says first what it was doing, and where, then what is wrong. */
  private static String what(JsonProcessingException wrong) {
    return wrong.getOriginalMessage()
        .lines()
        .filter(line -> !line.startsWith("while ") && !line.startsWith(" "))
        .findFirst()
        .orElse("it cannot be read");
  }

  private void document(JsonParser parser) throws IOException {
    JsonToken first = parser.nextToken();
    if (first == null || first == JsonToken.VALUE_NULL) return;
    if (first != JsonToken.START_OBJECT)
      throw new JsonParseException(parser, "expected settings such as http: {port: 8080}");
    settings(parser, "");
  }

  private void settings(JsonParser parser, String prefix) throws IOException {
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String key = prefix + parser.currentName();
      int line = parser.currentLocation().getLineNr();
      JsonToken token = parser.nextToken();
      if (token == JsonToken.START_OBJECT) settings(parser, key + ".");
      else if (token == JsonToken.START_ARRAY) list(parser, key, line);
      else if (token != JsonToken.VALUE_NULL) add(key, parser.getText(), parser.currentTokenLocation().getLineNr());
    }
  }

  /** Elements that are settings themselves are named by their number: {@code security.issuers.0.url}. */
  private void list(JsonParser parser, String key, int line) throws IOException {
    List<String> elements = new ArrayList<>();
    int number = 0;
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      if (parser.currentToken() == JsonToken.START_OBJECT) settings(parser, key + "." + number++ + ".");
      else elements.add(parser.getText());
    }
    if (number == 0) add(key, String.join(",", elements), line);
    else if (!elements.isEmpty()) throw new JsonParseException(parser, key + " mixes settings and values");
  }

  private void add(String key, String text, int line) {
    values.add(new Configuration.Value(key, text, file + " line " + line));
  }
}

package io.caregrid.templates.mapping;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.templates.MappingException;
import io.caregrid.templates.MappingProblem;
import io.caregrid.templates.MappingProblem.Severity;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;

/**
 * A value of a mapping file, with the place where it begins. Comments, single quotes and trailing commas are accepted, as they always were.
 *
 * @param kind    what it is
 * @param text    of a scalar, as it is written; null for null, objects and arrays
 * @param members of an object, in order, repeats included
 * @param items   of an array
 * @param line    1-based
 * @param column  1-based
 */
public record Located(Kind kind, String text, List<Member> members, List<Located> items, int line, int column) {
  /** What stands there. */
  public enum Kind {
    OBJECT, ARRAY, TEXT, NUMBER, BOOLEAN, NULL
  }

  /** One member of an object; line and column are the name's. */
  public record Member(String name, Located value, int line, int column) {}

  private static final JsonFactory LENIENT = JsonFactory.builder()
      .enable(JsonReadFeature.ALLOW_JAVA_COMMENTS)
      .enable(JsonReadFeature.ALLOW_SINGLE_QUOTES)
      .enable(JsonReadFeature.ALLOW_TRAILING_COMMA)
      .build();

  /** @throws MappingException when this is no JSON */
  public static Located read(String file, String json) {
    String text = json.startsWith("\uFEFF") ? json.substring(1) : json;
    try (JsonParser parser = LENIENT.createParser(text)) {
      if (parser.nextToken() == null) throw unreadable(file, "is empty; a JSON object is expected", null);
      Located value = value(parser);
      if (parser.nextToken() != null)
        throw unreadable(file, "something stands behind the end", parser.currentTokenLocation());
      return value;
    } catch (JsonProcessingException wrong) {
      throw unreadable(file, "is not JSON: " + words(wrong), wrong.getLocation());
    } catch (IOException impossible) {
      throw new UncheckedIOException("a text in memory", impossible);
    }
  }

  /** Without Jackson's remark on a source that it does not show. */
  private static String words(JsonProcessingException wrong) {
    return wrong.getOriginalMessage()
        .replaceAll("\\[Source: [^;]*; line: (\\d+), column: (\\d+)\\]", "line $1, column $2");
  }

  /** A value that was not written in the file but stands for what is written at this place. */
  public static Located of(JsonNode value, int line, int column) {
    List<Member> members = new ArrayList<>();
    List<Located> items = new ArrayList<>();
    if (value.isObject())
      value.properties()
          .forEach(one -> members.add(new Member(one.getKey(), of(one.getValue(), line, column), line, column)));
    else
      value.forEach(one -> items.add(of(one, line, column)));
    Kind kind = switch (value.getNodeType()) {
      case OBJECT -> Kind.OBJECT;
      case ARRAY -> Kind.ARRAY;
      case NUMBER -> Kind.NUMBER;
      case BOOLEAN -> Kind.BOOLEAN;
      case STRING -> Kind.TEXT;
      default -> Kind.NULL;
    };
    String text = value.isValueNode() && kind != Kind.NULL ? value.asText() : null;
    return new Located(kind, text, members, items, line, column);
  }

  /** The same as a tree, without places. The last of several members of one name counts. */
  public JsonNode json() {
    JsonNodeFactory json = JsonNodeFactory.instance;
    return switch (kind) {
      case OBJECT -> {
        ObjectNode object = json.objectNode();
        members.forEach(member -> object.set(member.name(), member.value().json()));
        yield object;
      }
      case ARRAY -> json.arrayNode().addAll(items.stream().map(Located::json).toList());
      case TEXT -> json.textNode(text);
      case NUMBER -> json.numberNode(new BigDecimal(text));
      case BOOLEAN -> json.booleanNode(Boolean.parseBoolean(text));
      case NULL -> json.nullNode();
    };
  }

  public boolean isNull() {
    return kind == Kind.NULL;
  }

  private static MappingException unreadable(String file, String what, JsonLocation at) {
    int line = at == null ? 0 : at.getLineNr();
    int column = at == null ? 0 : at.getColumnNr();
    return new MappingException(file, List.of(new MappingProblem(Severity.ERROR, line, column, what)));
  }

  private static Located value(JsonParser parser) throws IOException {
    JsonLocation at = parser.currentTokenLocation();
    int line = at.getLineNr();
    int column = at.getColumnNr();
    return switch (parser.currentToken()) {
      case START_OBJECT -> new Located(Kind.OBJECT, null, members(parser), List.of(), line, column);
      case START_ARRAY -> new Located(Kind.ARRAY, null, List.of(), items(parser), line, column);
      case VALUE_NULL -> new Located(Kind.NULL, null, List.of(), List.of(), line, column);
      case VALUE_TRUE, VALUE_FALSE -> scalar(Kind.BOOLEAN, parser, line, column);
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> scalar(Kind.NUMBER, parser, line, column);
      default -> scalar(Kind.TEXT, parser, line, column);
    };
  }

  private static Located scalar(Kind kind, JsonParser parser, int line, int column) throws IOException {
    return new Located(kind, parser.getText(), List.of(), List.of(), line, column);
  }

  private static List<Member> members(JsonParser parser) throws IOException {
    List<Member> members = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String name = parser.currentName();
      JsonLocation at = parser.currentTokenLocation();
      parser.nextToken();
      members.add(new Member(name, value(parser), at.getLineNr(), at.getColumnNr()));
    }
    return members;
  }

  private static List<Located> items(JsonParser parser) throws IOException {
    List<Located> items = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) items.add(value(parser));
    return items;
  }
}

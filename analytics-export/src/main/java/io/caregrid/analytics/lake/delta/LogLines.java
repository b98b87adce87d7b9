package io.caregrid.analytics.lake.delta;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.analytics.lake.delta.Action.Add;
import io.caregrid.analytics.lake.delta.Action.CommitInfo;
import io.caregrid.analytics.lake.delta.Action.MetaData;
import io.caregrid.analytics.lake.delta.Action.Protocol;
import io.caregrid.analytics.lake.delta.Action.Remove;
import io.caregrid.analytics.lake.delta.Action.Txn;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One version as the log keeps it: JSON objects, one a line, each with one field that names the action. Pure.
 *
 * <p>Fields we do not know are ignored, and so are actions; but a protocol that asks for more than we know is not, nor is a field of the wrong type.
 */
final class LogLines {
  private static final JsonMapper JSON = JsonMapper.builder()
      .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
      .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
      .build();
  private static final String ENGINE = "Caregrid";

  private LogLines() {}

  /** One line each, with the number of lines in the {@link CommitInfo}. */
  static byte[] write(List<Action> actions) {
    StringBuilder lines = new StringBuilder();
    for (Action each : actions)
      lines.append(
          each instanceof CommitInfo info ? write(info, actions.size()).toString() : write(each).toString())
          .append('\n');
    return lines.toString().getBytes(StandardCharsets.UTF_8);
  }

  /** @throws LogException naming the line: it is no JSON, no action, or was cut off */
  static List<Action> read(String table, long version, byte[] content) throws LogException {
    List<Action> actions = new ArrayList<>();
    int number = 0;
    Integer expected = null;
    for (String line : text(table, version, content).split("\n")) {
      number++;
      Action action = read(table, version, number, line);
      if (action != null) actions.add(action);
      if (action instanceof CommitInfo info && info.actions() != null) expected = info.actions();
    }
    if (expected != null && expected != number)
      throw new LogException(table, version, "has " + number + " lines of " + expected + ": it was cut off");
    return actions;
  }

  private static String text(String table, long version, byte[] content) throws LogException {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(content)).toString();
    } catch (CharacterCodingException broken) {
      throw new LogException(table, version, "is not UTF-8");
    }
  }

  private static Action read(String table, long version, int number, String line) throws LogException {
    try {
      JsonNode tree = JSON.readTree(line);
      if (!(tree instanceof ObjectNode action) || action.size() != 1)
        throw new IllegalArgumentException("is no action");
      return read(action);
    } catch (JsonProcessingException broken) {
      throw new LogException(table, version, "line " + number + " is not JSON");
    } catch (IllegalArgumentException refused) {
      throw new LogException(table, version, "line " + number + " " + refused.getMessage());
    }
  }

  /** Null: an action that we do not know. @throws IllegalArgumentException it is not as the specification has it */
  static Action read(ObjectNode line) {
    String name = line.fieldNames().next();
    Fields of = new Fields(name, line.get(name));
    return switch (name) {
      case "protocol" -> protocol(of);
      case "metaData" -> metaData(of);
      case "txn" -> new Txn(of.text("appId"), of.number("version"));
      case "add" -> new Add(of.text("path"), of.number("size"), of.number("modificationTime"), of.flag("dataChange"),
          of.textOrNull("stats"), of.map("tags"));
      case "remove" -> new Remove(of.text("path"), of.numberOr("deletionTimestamp", 0L), of.flag("dataChange"),
          of.numberOr("size", null));
      case "commitInfo" -> commitInfo(of);
      default -> null;
    };
  }

  private static Protocol protocol(Fields of) {
    return new Protocol((int) of.number("minReaderVersion"), (int) of.number("minWriterVersion"));
  }

  private static MetaData metaData(Fields of) {
    if (of.node.path("partitionColumns").size() > 0) throw new IllegalArgumentException("has partition columns");
    String provider = of.node.path("format").path("provider").asText("parquet");
    if (!provider.equals("parquet")) throw new IllegalArgumentException("has files that are not Parquet");
    return new MetaData(of.text("id"), of.textOrNull("name"), of.textOrNull("description"), of.text("schemaString"),
        of.numberOr("createdTime", null), of.map("configuration"));
  }

  /** Others' provenance may be anything: what is not as ours is null. */
  private static CommitInfo commitInfo(Fields of) {
    JsonNode actions = of.node.path("actions");
    return new CommitInfo(of.node.path("timestamp").asLong(), of.node.path("operation").asText(null),
        of.node.path("txnId").asText(null), actions.isInt() ? actions.intValue() : null);
  }

  static ObjectNode write(Action action) {
    ObjectNode line = JsonNodeFactory.instance.objectNode();
    if (action instanceof Protocol protocol)
      line.putObject("protocol")
          .put("minReaderVersion", protocol.minReaderVersion())
          .put("minWriterVersion",
              protocol.minWriterVersion());
    else
      if (action instanceof MetaData metaData)
        write(metaData, line.putObject("metaData"));
      else
        if (action instanceof Txn txn)
          line.putObject("txn").put("appId", txn.appId()).put("version", txn.version());
        else
          if (action instanceof Add add)
            write(add, line.putObject("add"));
          else
            if (action instanceof Remove remove)
              write(remove, line.putObject("remove"));
            else
              if (action instanceof CommitInfo info)
                return write(info, info.actions() == null ? 0 : info.actions());
    return line;
  }

  private static void write(MetaData metaData, ObjectNode into) {
    into.put("id", metaData.id());
    if (metaData.name() != null) into.put("name", metaData.name());
    if (metaData.description() != null) into.put("description", metaData.description());
    into.putObject("format").put("provider", "parquet").putObject("options");
    into.put("schemaString", metaData.schemaString());
    into.putArray("partitionColumns");
    if (metaData.createdTime() != null) into.put("createdTime", metaData.createdTime());
    put(into.putObject("configuration"), metaData.configuration());
  }

  private static void write(Add add, ObjectNode into) {
    into.put("path", add.path());
    into.putObject("partitionValues");
    into.put("size", add.size()).put("modificationTime", add.modificationTime()).put("dataChange", add.dataChange());
    if (add.stats() != null) into.put("stats", add.stats());
    if (!add.tags().isEmpty()) put(into.putObject("tags"), add.tags());
  }

  private static void write(Remove remove, ObjectNode into) {
    into.put("path", remove.path())
        .put("deletionTimestamp", remove.deletionTimestamp())
        .put("dataChange",
            remove.dataChange());
    if (remove.size() == null) return;
    into.put("extendedFileMetadata", true).putObject("partitionValues");
    into.put("size", remove.size());
  }

  private static ObjectNode write(CommitInfo info, int actions) {
    ObjectNode line = JsonNodeFactory.instance.objectNode();
    line.putObject("commitInfo")
        .put("timestamp", info.timestamp())
        .put("operation", info.operation())
        .put("engineInfo", ENGINE)
        .put("txnId", info.txnId())
        .put("actions", actions);
    return line;
  }

  private static void put(ObjectNode into, Map<String, String> entries) {
    entries.entrySet().stream().sorted(Map.Entry.comparingByKey()).forEach(e -> into.put(e.getKey(), e.getValue()));
  }

  /** The fields of one action; a wrong one is named without its value. */
  private record Fields(String action, JsonNode node) {
    Fields {
      if (!node.isObject()) throw new IllegalArgumentException("has an action without fields: " + action);
    }

    String text(String name) {
      String text = textOrNull(name);
      if (text == null) throw wrong(name);
      return text;
    }

    String textOrNull(String name) {
      JsonNode value = node.path(name);
      if (value.isTextual()) return value.textValue();
      if (value.isNull() || value.isMissingNode()) return null;
      throw wrong(name);
    }

    long number(String name) {
      Long number = numberOr(name, null);
      if (number == null) throw wrong(name);
      return number;
    }

    Long numberOr(String name, Long otherwise) {
      JsonNode value = node.path(name);
      if (value.canConvertToLong() && value.isIntegralNumber()) return value.longValue();
      if (value.isNull() || value.isMissingNode()) return otherwise;
      throw wrong(name);
    }

    boolean flag(String name) {
      JsonNode value = node.path(name);
      if (!value.isBoolean()) throw wrong(name);
      return value.booleanValue();
    }

    Map<String, String> map(String name) {
      Map<String, String> entries = new LinkedHashMap<>();
      node.path(name).fields().forEachRemaining(e -> entries.put(e.getKey(), e.getValue().asText("")));
      return entries;
    }

    private IllegalArgumentException wrong(String name) {
      return new IllegalArgumentException("has a wrong or no field " + action + "." + name);
    }
  }
}

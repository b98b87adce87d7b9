package io.caregrid.analytics.lake.delta;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.analytics.lake.parquet.ZstdCodec;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.apache.parquet.PlainReadOptions;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.convert.GroupRecordConverter;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.api.WriteSupport;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.MessageColumnIO;
import org.apache.parquet.io.RecordReader;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.RecordConsumer;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.apache.parquet.schema.PrimitiveType;
import org.apache.parquet.schema.Type;

/**
 * Rows of a checkpoint as Parquet and back: an action is the same JSON object as in a version, column for field (PROTOCOL.md "Checkpoint Schema"). Pure; all
 * in memory, some 300 bytes for each file of the table.
 *
 * <p>Compressed as the data files are: who can read these can read it.
 */
final class CheckpointFile {
  private static final MessageType SCHEMA = MessageTypeParser.parseMessageType("""
      message checkpoint {
        optional group txn { optional binary appId (STRING); optional int64 version; }
        optional group add {
          optional binary path (STRING);
          optional group partitionValues (MAP) { repeated group key_value { required binary key (STRING); optional binary value (STRING); } }
          optional int64 size; optional int64 modificationTime; optional boolean dataChange;
          optional binary stats (STRING);
          optional group tags (MAP) { repeated group key_value { required binary key (STRING); optional binary value (STRING); } }
        }
        optional group remove {
          optional binary path (STRING); optional int64 deletionTimestamp; optional boolean dataChange;
          optional boolean extendedFileMetadata;
          optional group partitionValues (MAP) { repeated group key_value { required binary key (STRING); optional binary value (STRING); } }
          optional int64 size;
        }
        optional group metaData {
          optional binary id (STRING); optional binary name (STRING); optional binary description (STRING);
          optional group format {
            optional binary provider (STRING);
            optional group options (MAP) { repeated group key_value { required binary key (STRING); optional binary value (STRING); } }
          }
          optional binary schemaString (STRING);
          optional group partitionColumns (LIST) { repeated group list { optional binary element (STRING); } }
          optional group configuration (MAP) { repeated group key_value { required binary key (STRING); optional binary value (STRING); } }
          optional int64 createdTime;
        }
        optional group protocol { optional int32 minReaderVersion; optional int32 minWriterVersion; }
      }
      """);
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private CheckpointFile() {}

  static byte[] write(List<ObjectNode> rows) throws IOException {
    MemoryFile file = new MemoryFile(new byte[0]);
    try (ParquetWriter<ObjectNode> writer = new Builder(file).withConf(new PlainParquetConfiguration())
        .withCodecFactory(new ZstdCodec())
        .withCompressionCodec(CompressionCodecName.ZSTD)
        .build()) {
      for (ObjectNode each : rows) writer.write(each);
    }
    return file.content();
  }

  /** Rows with the fields that have a value. @throws RuntimeException of many kinds, or IOException: not a Parquet file */
  static List<ObjectNode> read(byte[] content) throws IOException {
    List<ObjectNode> rows = new ArrayList<>();
    PlainReadOptions options = new PlainReadOptions(new ZstdCodec());
    try (ParquetFileReader reader = ParquetFileReader.open(new MemoryFile(content), options)) {
      MessageType schema = reader.getFileMetaData().getSchema();
      MessageColumnIO columns = new ColumnIOFactory().getColumnIO(schema);
      for (PageReadStore pages = reader.readNextRowGroup(); pages != null; pages = reader.readNextRowGroup()) {
        RecordReader<Group> records = columns.getRecordReader(pages, new GroupRecordConverter(schema));
        for (long n = pages.getRowCount(); n > 0; n--) rows.add(struct(records.read(), schema));
      }
    }
    return rows;
  }

  private static ObjectNode struct(Group group, GroupType type) {
    ObjectNode fields = JSON.objectNode();
    for (int i = 0; i < type.getFieldCount(); i++)
      if (group.getFieldRepetitionCount(i) > 0) fields.set(type.getFieldName(i), value(group, i, type.getType(i)));
    return fields;
  }

  private static JsonNode value(Group group, int i, Type type) {
    if (type.isPrimitive()) return leaf(group, i, type.asPrimitiveType());
    Group inner = group.getGroup(i, 0);
    LogicalTypeAnnotation kind = type.getLogicalTypeAnnotation();
    if (kind instanceof LogicalTypeAnnotation.MapLogicalTypeAnnotation) return map(inner);
    if (kind instanceof LogicalTypeAnnotation.ListLogicalTypeAnnotation) return list(inner);
    return struct(inner, type.asGroupType());
  }

  private static JsonNode map(Group map) {
    ObjectNode entries = JSON.objectNode();
    for (int n = 0; n < map.getFieldRepetitionCount(0); n++) {
      Group entry = map.getGroup(0, n);
      boolean hasValue = entry.getFieldRepetitionCount(1) > 0;
      entries.put(entry.getString(0, 0), hasValue ? entry.getString(1, 0) : "");
    }
    return entries;
  }

  private static JsonNode list(Group list) {
    ArrayNode elements = JSON.arrayNode();
    for (int n = 0; n < list.getFieldRepetitionCount(0); n++) elements.add(list.getGroup(0, n).getString(0, 0));
    return elements;
  }

  private static JsonNode leaf(Group group, int i, PrimitiveType type) {
    return switch (type.getPrimitiveTypeName()) {
      case BOOLEAN -> JSON.booleanNode(group.getBoolean(i, 0));
      case INT32 -> JSON.numberNode(group.getInteger(i, 0));
      case INT64 -> JSON.numberNode(group.getLong(i, 0));
      case BINARY -> JSON.textNode(group.getString(i, 0));
      default -> JSON.nullNode(); // parsed statistics of others: nothing that we read
    };
  }

  private static final class Builder extends ParquetWriter.Builder<ObjectNode, Builder> {
    Builder(MemoryFile file) {
      super(file);
    }

    @Override
    protected Builder self() {
      return this;
    }

    @Override
    protected WriteSupport<ObjectNode> getWriteSupport(org.apache.hadoop.conf.Configuration configuration) {
      return new Rows();
    }

    @Override
    protected WriteSupport<ObjectNode> getWriteSupport(org.apache.parquet.conf.ParquetConfiguration configuration) {
      return new Rows();
    }
  }

  private static final class Rows extends WriteSupport<ObjectNode> {
    private RecordConsumer into;

    @Override
    public WriteContext init(org.apache.hadoop.conf.Configuration configuration) {
      return new WriteContext(SCHEMA, Map.of());
    }

    @Override
    public WriteContext init(org.apache.parquet.conf.ParquetConfiguration configuration) {
      return new WriteContext(SCHEMA, Map.of());
    }

    @Override
    public void prepareForWrite(RecordConsumer consumer) {
      into = consumer;
    }

    @Override
    public void write(ObjectNode row) {
      into.startMessage();
      fields(row, SCHEMA);
      into.endMessage();
    }

    private void fields(JsonNode struct, GroupType type) {
      for (int i = 0; i < type.getFieldCount(); i++) {
        JsonNode value = struct.path(type.getFieldName(i));
        if (value.isMissingNode()) continue;
        into.startField(type.getFieldName(i), i);
        value(value, type.getType(i));
        into.endField(type.getFieldName(i), i);
      }
    }

    private void value(JsonNode value, Type type) {
      if (type.isPrimitive()) {
        leaf(value, type.asPrimitiveType());
        return;
      }
      into.startGroup();
      LogicalTypeAnnotation kind = type.getLogicalTypeAnnotation();
      if (kind instanceof LogicalTypeAnnotation.MapLogicalTypeAnnotation) entries(value);
      else if (kind == null) fields(value, type.asGroupType());
      into.endGroup(); // the only list is that of partition columns, which is empty
    }

    private void entries(JsonNode map) {
      if (map.isEmpty()) return;
      into.startField("key_value", 0);
      for (Iterator<Map.Entry<String, JsonNode>> each = map.fields(); each.hasNext();) {
        Map.Entry<String, JsonNode> entry = each.next();
        into.startGroup();
        text("key", 0, entry.getKey());
        text("value", 1, entry.getValue().textValue());
        into.endGroup();
      }
      into.endField("key_value", 0);
    }

    private void text(String name, int i, String text) {
      into.startField(name, i);
      into.addBinary(Binary.fromString(text));
      into.endField(name, i);
    }

    private void leaf(JsonNode value, PrimitiveType type) {
      switch (type.getPrimitiveTypeName()) {
        case BOOLEAN -> into.addBoolean(value.booleanValue());
        case INT32 -> into.addInteger(value.intValue());
        case INT64 -> into.addLong(value.longValue());
        default -> into.addBinary(Binary.fromString(value.textValue()));
      }
    }
  }
}

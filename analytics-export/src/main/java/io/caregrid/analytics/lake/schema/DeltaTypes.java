package io.caregrid.analytics.lake.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.caregrid.analytics.lake.schema.Column.Kind;
import io.caregrid.analytics.lake.schema.Column.Leaf;
import io.caregrid.analytics.lake.schema.Column.Repeated;
import io.caregrid.analytics.lake.schema.Column.Struct;
import java.util.List;

/** Columns in the words of Delta (PROTOCOL.md, "Schema Serialization Format"): everything nullable, no metadata. */
final class DeltaTypes {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private DeltaTypes() {}

  static String schemaString(List<Column> columns) {
    return struct(columns).toString();
  }

  private static ObjectNode struct(List<Column> columns) {
    ObjectNode struct = NODES.objectNode().put("type", "struct");
    var fields = struct.putArray("fields");
    for (Column column : columns) {
      ObjectNode field = fields.addObject().put("name", column.name());
      field.set("type", type(column));
      field.put("nullable", true).putObject("metadata");
    }
    return struct;
  }

  private static JsonNode type(Column column) {
    if (column instanceof Leaf leaf) return TextNode.valueOf(name(leaf.kind()));
    if (column instanceof Struct struct) return struct(struct.fields());
    ObjectNode array = NODES.objectNode().put("type", "array");
    array.set("elementType", type(((Repeated) column).element()));
    return array.put("containsNull", true);
  }

  private static String name(Kind kind) {
    return switch (kind) {
      case TEXT -> "string";
      case BOOLEAN -> "boolean";
      case INTEGER -> "integer";
      case LONG -> "long";
      case DECIMAL -> "decimal(38,18)";
      case INSTANT -> "timestamp";
    };
  }
}

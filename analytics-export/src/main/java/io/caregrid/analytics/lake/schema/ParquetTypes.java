package io.caregrid.analytics.lake.schema;

import static org.apache.parquet.schema.LogicalTypeAnnotation.decimalType;
import static org.apache.parquet.schema.LogicalTypeAnnotation.stringType;
import static org.apache.parquet.schema.LogicalTypeAnnotation.timestampType;
import static org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName.BINARY;
import static org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName.BOOLEAN;
import static org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName.FIXED_LEN_BYTE_ARRAY;
import static org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName.INT32;
import static org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName.INT64;

import io.caregrid.analytics.lake.schema.Column.Kind;
import io.caregrid.analytics.lake.schema.Column.Leaf;
import io.caregrid.analytics.lake.schema.Column.Repeated;
import io.caregrid.analytics.lake.schema.Column.Struct;
import java.util.ArrayList;
import java.util.List;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.LogicalTypeAnnotation.DecimalLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.ListLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimeUnit;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimestampLogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Type.Repetition;
import org.apache.parquet.schema.Types;

/**
 * Columns in the words of Parquet, both ways. Everything is optional; a list is a group {@code list} of {@code element} (LogicalTypes.md, "Lists"), which
 * is how Spark, Delta and DuckDB write theirs.
 */
public final class ParquetTypes {
  /** An unscaled value of 38 digits, two's complement, big-endian. */
  public static final int DECIMAL_BYTES = 16;
  public static final int SCALE = 18;
  public static final int PRECISION = 38;
  public static final String LIST = "list";
  public static final String ELEMENT = "element";

  private ParquetTypes() {}

  public static MessageType message(List<Column> columns) {
    return new MessageType("row", columns.stream().map(ParquetTypes::type).toList());
  }

  private static Type type(Column column) {
    if (column instanceof Leaf leaf) return leaf(leaf);
    if (column instanceof Struct struct) {
      return new GroupType(Repetition.OPTIONAL, struct.name(),
          struct.fields().stream().map(ParquetTypes::type).toList());
    }
    Repeated list = (Repeated) column;
    return Types.optionalList().element(type(list.element())).named(list.name());
  }

  private static Type leaf(Leaf leaf) {
    return switch (leaf.kind()) {
      case TEXT -> Types.optional(BINARY).as(stringType()).named(leaf.name());
      case BOOLEAN -> Types.optional(BOOLEAN).named(leaf.name());
      case INTEGER -> Types.optional(INT32).named(leaf.name());
      case LONG -> Types.optional(INT64).named(leaf.name());
      case DECIMAL -> Types.optional(FIXED_LEN_BYTE_ARRAY)
          .length(DECIMAL_BYTES)
          .as(decimalType(SCALE, PRECISION))
          .named(leaf.name());
      case INSTANT -> Types.optional(INT64).as(timestampType(true, TimeUnit.MICROS)).named(leaf.name());
    };
  }

  /**
   * What of a file's columns stands in {@code wanted}, in the file's order.
   *
   * @throws IllegalArgumentException when a column of that name has another type
   */
  public static MessageType common(MessageType file, List<Column> wanted) {
    return new MessageType(file.getName(), common(file.getFields(), wanted));
  }

  private static List<Type> common(List<Type> file, List<Column> wanted) {
    List<Type> common = new ArrayList<>();
    for (Type type : file) {
      for (Column column : wanted) {
        if (!column.name().equals(type.getName())) continue;
        Type both = common(type, column);
        if (both != null) common.add(both);
      }
    }
    return common;
  }

  /** Null when a group has no field that is wanted. */
  private static Type common(Type file, Column wanted) {
    if (wanted instanceof Leaf leaf) {
      require(file.isPrimitive() && kind(file) == leaf.kind(), file);
      return file;
    }
    require(!file.isPrimitive() && isList(file) == wanted instanceof Repeated, file);
    if (wanted instanceof Repeated list) return commonList(file, list.element());
    List<Type> fields = common(file.asGroupType().getFields(), ((Struct) wanted).fields());
    return fields.isEmpty() ? null : file.asGroupType().withNewFields(fields);
  }

  private static Type commonList(Type file, Column wanted) {
    GroupType list = file.asGroupType().getType(0).asGroupType();
    Type element = common(list.getType(0), wanted);
    return element == null ? null : file.asGroupType().withNewFields(list.withNewFields(element));
  }

  /** The columns of a file that was written by us, or by DuckDB from files of ours. */
  public static List<Column> columns(GroupType group) {
    return group.getFields().stream().map(field -> column(field, field.getName())).toList();
  }

  private static Column column(Type type, String name) {
    if (type.isPrimitive()) return new Leaf(name, kind(type));
    if (!isList(type)) return new Struct(name, columns(type.asGroupType()));
    return new Repeated(name, column(type.asGroupType().getType(0).asGroupType().getType(0), ELEMENT));
  }

  private static boolean isList(Type type) {
    return type.getLogicalTypeAnnotation() instanceof ListLogicalTypeAnnotation;
  }

  private static Kind kind(Type type) {
    var logical = type.getLogicalTypeAnnotation();
    return switch (type.asPrimitiveType().getPrimitiveTypeName()) {
      case BINARY -> Kind.TEXT;
      case BOOLEAN -> Kind.BOOLEAN;
      case INT32 -> Kind.INTEGER;
      case INT64 -> logical instanceof TimestampLogicalTypeAnnotation time ? micros(time, type) : Kind.LONG;
      case FIXED_LEN_BYTE_ARRAY -> logical instanceof DecimalLogicalTypeAnnotation decimal
          ? decimal(decimal, type)
          : unknown(type);
      default -> unknown(type);
    };
  }

  private static Kind micros(TimestampLogicalTypeAnnotation time, Type type) {
    return time.getUnit() == TimeUnit.MICROS ? Kind.INSTANT : unknown(type);
  }

  private static Kind decimal(DecimalLogicalTypeAnnotation decimal, Type type) {
    return decimal.getScale() == SCALE ? Kind.DECIMAL : unknown(type);
  }

  private static Kind unknown(Type type) {
    throw new IllegalArgumentException("not a column of the lake: " + type);
  }

  private static void require(boolean holds, Type file) {
    if (!holds) throw new IllegalArgumentException("the file has another type: " + file.getName());
  }
}

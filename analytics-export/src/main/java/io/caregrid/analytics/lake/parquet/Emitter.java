package io.caregrid.analytics.lake.parquet;

import io.caregrid.analytics.lake.schema.Column;
import io.caregrid.analytics.lake.schema.Column.Kind;
import io.caregrid.analytics.lake.schema.Column.Leaf;
import io.caregrid.analytics.lake.schema.Column.Repeated;
import io.caregrid.analytics.lake.schema.Column.Struct;
import io.caregrid.analytics.lake.schema.ParquetTypes;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.RecordConsumer;

/** Values of all of a table's columns to a file that has the carried ones. */
final class Emitter {

  /**
   * @param from  place of its value among all values
   * @param kind  of a leaf, or of a list's leaf; null of a struct
   * @param below of a struct, or of a list's
   */
  private record Field(String name, int from, boolean list, Kind kind, Field[] below) {}

  private final Field[] fields;
  private final RecordConsumer out;

  Emitter(Carried carried, List<Column> all, RecordConsumer out) {
    this.fields = fields(carried, all);
    this.out = out;
  }

  private static Field[] fields(Carried carried, List<Column> all) {
    List<Field> fields = new ArrayList<>();
    for (int i = 0; i < all.size(); i++) {
      if (carried.has(i)) fields.add(field(carried, all.get(i), i));
    }
    return fields.toArray(Field[]::new);
  }

  private static Field field(Carried carried, Column column, int from) {
    boolean list = column instanceof Repeated;
    Column one = list ? ((Repeated) column).element() : column;
    if (one instanceof Leaf leaf) return new Field(column.name(), from, list, leaf.kind(), null);
    return new Field(column.name(), from, list, null, fields(carried.of(from), ((Struct) one).fields()));
  }

  void row(Object[] values) {
    out.startMessage();
    fields(fields, values);
    out.endMessage();
  }

  private void fields(Field[] fields, Object[] values) {
    for (int i = 0; i < fields.length; i++) {
      Object value = values[fields[i].from()];
      if (value == null) continue;
      out.startField(fields[i].name(), i);
      if (fields[i].list()) {
        list(fields[i], (List<?>) value);
      } else {
        one(fields[i], value);
      }
      out.endField(fields[i].name(), i);
    }
  }

  private void list(Field field, List<?> elements) {
    out.startGroup();
    out.startField(ParquetTypes.LIST, 0);
    for (Object element : elements) {
      out.startGroup();
      if (element != null) {
        out.startField(ParquetTypes.ELEMENT, 0);
        one(field, element);
        out.endField(ParquetTypes.ELEMENT, 0);
      }
      out.endGroup();
    }
    out.endField(ParquetTypes.LIST, 0);
    out.endGroup();
  }

  private void one(Field field, Object value) {
    if (field.kind() == null) {
      out.startGroup();
      fields(field.below(), (Object[]) value);
      out.endGroup();
      return;
    }
    switch (field.kind()) {
      case TEXT -> out.addBinary(Binary.fromString((String) value));
      case BOOLEAN -> out.addBoolean((Boolean) value);
      case INTEGER -> out.addInteger((Integer) value);
      case LONG, INSTANT -> out.addLong((Long) value);
      case DECIMAL -> out.addBinary(Binary.fromConstantByteArray(unscaled((BigDecimal) value)));
    }
  }

  private static byte[] unscaled(BigDecimal decimal) {
    byte[] number = decimal.unscaledValue().toByteArray();
    byte[] fixed = new byte[ParquetTypes.DECIMAL_BYTES];
    if (number[0] < 0) Arrays.fill(fixed, 0, fixed.length - number.length, (byte) -1);
    System.arraycopy(number, 0, fixed, fixed.length - number.length, number.length);
    return fixed;
  }
}

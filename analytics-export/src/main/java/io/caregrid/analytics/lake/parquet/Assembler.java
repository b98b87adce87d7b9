package io.caregrid.analytics.lake.parquet;

import io.caregrid.analytics.lake.schema.Column;
import io.caregrid.analytics.lake.schema.Column.Kind;
import io.caregrid.analytics.lake.schema.Column.Leaf;
import io.caregrid.analytics.lake.schema.Column.Repeated;
import io.caregrid.analytics.lake.schema.Column.Struct;
import io.caregrid.analytics.lake.schema.ParquetTypes;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.Converter;
import org.apache.parquet.io.api.GroupConverter;
import org.apache.parquet.io.api.PrimitiveConverter;
import org.apache.parquet.io.api.RecordMaterializer;

/** Rows of a file back to values, as {@code RowWriter} made them. */
final class Assembler extends RecordMaterializer<Object[]> {
  private Object[] row;
  private final GroupConverter root;

  Assembler(List<Column> columns) {
    this.root = new Fields(columns, values -> row = values);
  }

  @Override
  public Object[] getCurrentRecord() {
    return row;
  }

  @Override
  public GroupConverter getRootConverter() {
    return root;
  }

  private static Converter converter(Column column, Consumer<Object> out) {
    if (column instanceof Leaf leaf) return new Value(leaf.kind(), out);
    if (column instanceof Struct struct) return new Fields(struct.fields(), out::accept);
    return new Elements(((Repeated) column).element(), out);
  }

  /** A struct. */
  private static final class Fields extends GroupConverter {
    private final Converter[] converters;
    private final Consumer<Object[]> out;
    private Object[] values;

    Fields(List<Column> columns, Consumer<Object[]> out) {
      this.out = out;
      this.converters = new Converter[columns.size()];
      for (int i = 0; i < converters.length; i++) {
        int at = i;
        converters[i] = converter(columns.get(i), value -> values[at] = value);
      }
    }

    @Override
    public Converter getConverter(int field) {
      return converters[field];
    }

    @Override
    public void start() {
      values = new Object[converters.length];
    }

    @Override
    public void end() {
      out.accept(values);
    }
  }

  /** A list: a group of one repeated group, {@code list}, of one {@code element} that may be missing. */
  private static final class Elements extends GroupConverter {
    private final Consumer<Object> out;
    private final GroupConverter one;
    private List<Object> elements;
    private Object element;

    Elements(Column column, Consumer<Object> out) {
      this.out = out;
      Converter converter = converter(column, value -> element = value);
      this.one = new GroupConverter() {
        @Override
        public Converter getConverter(int field) {
          return converter;
        }

        @Override
        public void start() {
          element = null;
        }

        @Override
        public void end() {
          elements.add(element);
        }
      };
    }

    @Override
    public Converter getConverter(int field) {
      return one;
    }

    @Override
    public void start() {
      elements = new ArrayList<>();
    }

    @Override
    public void end() {
      out.accept(elements);
    }
  }

  private static final class Value extends PrimitiveConverter {
    private final Kind kind;
    private final Consumer<Object> out;

    Value(Kind kind, Consumer<Object> out) {
      this.kind = kind;
      this.out = out;
    }

    @Override
    public void addBinary(Binary value) {
      out.accept(kind == Kind.DECIMAL
          ? new BigDecimal(new BigInteger(value.getBytes()), ParquetTypes.SCALE)
          : value.toStringUsingUTF8());
    }

    @Override
    public void addBoolean(boolean value) {
      out.accept(value);
    }

    @Override
    public void addInt(int value) {
      out.accept(value);
    }

    @Override
    public void addLong(long value) {
      out.accept(value);
    }
  }
}

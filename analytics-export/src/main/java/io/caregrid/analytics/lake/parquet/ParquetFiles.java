package io.caregrid.analytics.lake.parquet;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.analytics.lake.schema.Column;
import io.caregrid.analytics.lake.schema.ParquetTypes;
import io.caregrid.analytics.lake.schema.RowReader;
import io.caregrid.analytics.lake.schema.RowWriter;
import io.caregrid.analytics.lake.schema.TableSchema;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.PlainReadOptions;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.conf.ParquetConfiguration;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.ParquetFileWriter;
import org.apache.parquet.hadoop.ParquetFileWriter.Mode;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.api.WriteSupport;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.LocalInputFile;
import org.apache.parquet.io.LocalOutputFile;
import org.apache.parquet.io.OutputFile;
import org.apache.parquet.io.RecordReader;
import org.apache.parquet.io.api.RecordConsumer;
import org.apache.parquet.schema.MessageType;

/**
 * One Parquet file at a time, blocking. A row is a JSON object; no resource can make writing fail and nothing of it is lost ({@link RowWriter}).
 *
 * <p>In memory: the rows' compressed pages of one row group (at most {@value #ROWS} rows) and one row taken apart.
 */
public final class ParquetFiles {
  private static final Set<String> SELDOM = Set.of("lake_rest", "lake_unreadable");
  /** Of a row group: as many as DuckDB gives to one thread. */
  private static final int ROWS = 122_880;
  /** Most rows that parquet-java takes without looking how large they are: a row may have 20 MB. */
  private static final int UNWEIGHED = 10;

  /**
   * @param bytes    of the file
   * @param least    of each column of the root that files are pruned by, as Delta's {@code minValues}; columns without a value are missing
   * @param greatest likewise {@code maxValues}
   */
  public record Written(long bytes, long rows, Map<String, JsonNode> least, Map<String, JsonNode> greatest) {}

  private ParquetFiles() {}

  /**
   * Writes a file with the columns that carry a value in these rows, and the key and most {@code lake_…} columns always. The file is not forced to disk; when
   * this throws there is none.
   *
   * @param file must not exist
   * @param rows gone through twice; without any, the file has the whole schema
   */
  public static Written write(Path file, TableSchema schema, Iterable<ObjectNode> rows) throws IOException {
    RowWriter writer = new RowWriter(schema.columns());
    Carried carried = new Carried(schema.columns());
    Bounds bounds = new Bounds(schema.columns());
    long count = 0;
    for (ObjectNode row : rows) {
      Object[] values = writer.values(row);
      carried.see(values);
      bounds.see(values);
      count++;
    }
    if (count == 0) return writeEmpty(file, schema);
    keepOurs(carried, schema.columns());
    write(file, new Rows(schema.columns(), carried), rows, writer);
    return new Written(Files.size(file), count, bounds.least(), bounds.greatest());
  }

  /** A file of the whole schema and no rows: no more than a footer. */
  public static Written writeEmpty(Path file, TableSchema schema) throws IOException {
    MessageType columns = ParquetTypes.message(schema.columns());
    try (ParquetFileWriter writer = new ParquetFileWriter(new LocalOutputFile(file), columns, Mode.CREATE,
        ParquetWriter.DEFAULT_BLOCK_SIZE, ParquetWriter.MAX_PADDING_SIZE_DEFAULT)) {
      writer.start();
      writer.end(Map.of());
    }
    return new Written(Files.size(file), 0, Map.of(), Map.of());
  }

  private static void keepOurs(Carried carried, List<Column> columns) {
    carried.keep(0);
    for (int i = 1; i < columns.size(); i++) {
      String name = columns.get(i).name();
      if (name.startsWith("lake_") && !SELDOM.contains(name)) carried.keep(i);
    }
  }

  private static void write(Path file, Rows rows, Iterable<ObjectNode> objects, RowWriter values) throws IOException {
    if (Files.exists(file)) throw new FileAlreadyExistsException(file.toString());
    boolean done = false;
    try {
      try (ParquetWriter<Object[]> writer = new Builder(new LocalOutputFile(file), rows).build()) {
        for (ObjectNode object : objects) writer.write(values.values(object));
      }
      done = true;
    } finally {
      if (!done) Files.deleteIfExists(file);
    }
  }

  /**
   * Gives the rows of a file, in order.
   *
   * @param schema what of them is wanted: columns that are not in it are not read. Without {@code lake_rest} a row lacks what stands there
   */
  public static void read(Path file, TableSchema schema, Consumer<ObjectNode> rows) throws IOException {
    PlainReadOptions options = new PlainReadOptions(new ZstdCodec());
    try (ParquetFileReader reader = ParquetFileReader.open(new LocalInputFile(file), options)) {
      MessageType all = reader.getFileMetaData().getSchema();
      MessageType wanted = ParquetTypes.common(all, schema.columns());
      reader.setRequestedSchema(wanted);
      List<Column> columns = ParquetTypes.columns(wanted);
      RowReader objects = new RowReader(columns);
      var io = new ColumnIOFactory(reader.getFileMetaData().getCreatedBy()).getColumnIO(wanted, all);
      for (PageReadStore pages = reader.readNextRowGroup(); pages != null; pages = reader.readNextRowGroup()) {
        RecordReader<Object[]> records = io.getRecordReader(pages, new Assembler(columns));
        for (long left = pages.getRowCount(); left > 0; left--) rows.accept(objects.row(records.read()));
      }
    }
  }

  /** What parquet-java is told about a file: its columns, and how a row goes into them. */
  private static final class Rows extends WriteSupport<Object[]> {
    private final List<Column> all;
    private final Carried carried;
    private Emitter emitter;

    Rows(List<Column> all, Carried carried) {
      this.all = all;
      this.carried = carried;
    }

    @Override
    public WriteContext init(Configuration never) {
      throw new UnsupportedOperationException("without Hadoop");
    }

    @Override
    public WriteContext init(ParquetConfiguration plain) {
      return new WriteContext(ParquetTypes.message(carried.columns()), Map.of());
    }

    @Override
    public void prepareForWrite(RecordConsumer out) {
      emitter = new Emitter(carried, all, out);
    }

    @Override
    public void write(Object[] values) {
      emitter.row(values);
    }
  }

  private static final class Builder extends ParquetWriter.Builder<Object[], Builder> {
    private final Rows rows;

    Builder(OutputFile file, Rows rows) {
      super(file);
      this.rows = rows;
      withConf(new PlainParquetConfiguration());
      withCodecFactory(new ZstdCodec());
      withCompressionCodec(CompressionCodecName.ZSTD);
      withRowGroupRowCountLimit(ROWS);
      withMinRowCountForPageSizeCheck(1);
      withMaxRowCountForPageSizeCheck(UNWEIGHED);
    }

    @Override
    protected Builder self() {
      return this;
    }

    @Override
    protected WriteSupport<Object[]> getWriteSupport(Configuration never) {
      return rows;
    }

    @Override
    protected WriteSupport<Object[]> getWriteSupport(ParquetConfiguration plain) {
      return rows;
    }
  }
}

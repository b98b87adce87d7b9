package io.caregrid.analytics.lake.table;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Properties;
import java.util.stream.Collectors;

/** DuckDB for our own work on files, Parquet to Parquet: one thread, bounded memory, nothing from the network. Close it. One thread. */
final class Duck implements AutoCloseable {
  private static final int MEMORY_MEGABYTES = 512;
  /** Rows of so many bytes can be sorted, or kept in their order, in that memory however wide they are; of more, two thirds were seen to fail. */
  private static final long ORDERED = 100L << 20;

  private final Connection connection;
  private final Statement statement;

  /** @param scratch for what does not fit in memory */
  Duck(Path scratch) throws IOException {
    Properties settings = new Properties();
    settings.setProperty("threads", "1");
    settings.setProperty("memory_limit", MEMORY_MEGABYTES + "MB");
    settings.setProperty("temp_directory", scratch.toString());
    settings.setProperty("autoinstall_known_extensions", "false");
    settings.setProperty("autoload_known_extensions", "false");
    try {
      connection = DriverManager.getConnection("jdbc:duckdb:", settings);
      statement = connection.createStatement();
    } catch (SQLException cause) {
      throw failed(cause);
    }
  }

  void run(String sql) throws IOException {
    try {
      statement.execute(sql);
    } catch (SQLException cause) {
      throw failed(cause);
    }
  }

  /**
   * Writes rows to a Parquet file. Where they are more than memory holds at once they come in no order: nothing here depends on it, and wide rows could not be
   * sorted.
   *
   * @param rows  a query on {@code files}
   * @param order column by which they are sorted where they can be; null: in the order of the files
   */
  void copy(String rows, Collection<Path> files, String order, Path to) throws IOException {
    if (bytes(files) <= ORDERED) {
      run("copy (" + rows + (order == null ? "" : " order by " + order) + ") to " + text(to)
          + " (format parquet, compression zstd)");
      return;
    }
    run("set preserve_insertion_order = false");
    try {
      run("copy (" + rows + ") to " + text(to)
          + " (format parquet, compression zstd, row_group_size_bytes '16MB')");
    } finally {
      run("set preserve_insertion_order = true");
    }
  }

  /** Of these files' columns, unpacked. */
  private long bytes(Collection<Path> files) throws IOException {
    return list("select coalesce(sum(total_uncompressed_size), 0) from parquet_metadata(["
        + files.stream().map(Duck::text).collect(Collectors.joining(", ")) + "])", row -> row.getLong(1)).get(0);
  }

  /** Reads one row of a result. */
  interface Reading<T> {
    T of(ResultSet row) throws SQLException;
  }

  <T> List<T> list(String sql, Reading<T> reading) throws IOException {
    try (ResultSet rows = statement.executeQuery(sql)) {
      List<T> list = new ArrayList<>();
      while (rows.next()) list.add(reading.of(rows));
      return list;
    } catch (SQLException cause) {
      throw failed(cause);
    }
  }

  /** DuckDB's words quote values, so they stay here: the first of them are the kind of the error. */
  private static IOException failed(SQLException cause) {
    String said = String.valueOf(cause.getMessage());
    int colon = said.indexOf(':');
    IOException failed = new IOException("DuckDB could not work on the lake's files: "
        + (colon > 0 && colon < 60 ? said.substring(0, colon) : cause.getClass().getSimpleName()));
    failed.setStackTrace(cause.getStackTrace());
    return failed;
  }

  /** A table function over these files, columns by name. */
  static String parquet(Collection<Path> files) {
    return "read_parquet([" + files.stream().map(Duck::text).collect(Collectors.joining(", "))
        + "], union_by_name = true)";
  }

  static String text(Object value) {
    return "'" + value.toString().replace("'", "''") + "'";
  }

  static String name(String column) {
    return '"' + column.replace("\"", "\"\"") + '"';
  }

  @Override
  public void close() {
    try {
      connection.close();
    } catch (SQLException gone) {
      throw new IllegalStateException("DuckDB cannot be closed", gone);
    }
  }
}

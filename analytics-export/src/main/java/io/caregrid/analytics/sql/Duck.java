package io.caregrid.analytics.sql;

import io.caregrid.cluster.SqlConfig;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.stream.Collectors;
import org.duckdb.DuckDBConnection;
import org.duckdb.DuckDBDriver;

/** The DuckDB that runs queries: in memory, shut in, its settings locked. It has nothing of its own; views come and go with connections. */
final class Duck implements AutoCloseable {
  /** What does not fit in memory may take so many times as much on disk. */
  private static final int SPILL = 4;

  private final List<String> settings = new ArrayList<>();
  private DuckDBConnection first;

  /**
   * @param folders that queries read
   * @param answers folder into which Parquet is written
   * @param spill   folder of this instance alone
   */
  Duck(SqlConfig config, List<Path> folders, Path answers, Path spill) throws SQLException {
    List<Path> all = new ArrayList<>(folders);
    all.add(answers);
    settings.add("autoinstall_known_extensions = false");
    settings.add("autoload_known_extensions = false");
    settings.add("allow_community_extensions = false");
    settings.add("memory_limit = '" + config.memoryMegabytes() + "MB'");
    settings.add("threads = " + config.threadsHere());
    settings.add("temp_directory = " + quoted(spill));
    settings.add("max_temp_directory_size = '" + SPILL * (long) config.memoryMegabytes() + "MB'");
    settings.add("TimeZone = 'UTC'");
    settings.add("allowed_directories = [" + all.stream().map(Duck::quoted).collect(Collectors.joining(", ")) + "]");
    settings.add("enable_external_access = false");
    settings.add("lock_configuration = true");
    first = open();
  }

  private DuckDBConnection open() throws SQLException {
    Properties streaming = new Properties();
    streaming.setProperty(DuckDBDriver.JDBC_STREAM_RESULTS, "true");
    DuckDBConnection opened = (DuckDBConnection) DriverManager.getConnection("jdbc:duckdb:", streaming);
    try (Statement set = opened.createStatement()) {
      for (String setting : settings) set.execute("SET GLOBAL " + setting);
      return opened;
    } catch (SQLException refused) {
      opened.close();
      throw refused;
    }
  }

  synchronized Connection connection() throws SQLException {
    return first.duplicate();
  }

  /** After an error of its own an instance answers nothing any more. Queries that still run keep the old one. */
  synchronized void renew() {
    try {
      DuckDBConnection old = first;
      first = open();
      old.close();
    } catch (SQLException refused) {
      throw new IllegalStateException("DuckDB cannot be opened anew", refused);
    }
  }

  @Override
  public synchronized void close() throws SQLException {
    first.close();
  }

  private static String quoted(Path folder) {
    return "'" + folder.toString().replace("'", "''") + "'";
  }
}

package io.caregrid.analytics.sql;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/** A lake of Parquet files that DuckDB wrote: two patients, their studies, vitals by the minute. What a real one is like is LakeTables' matter. */
final class TestLake implements Tables {
  static final Instant AS_OF = Instant.parse("2026-11-21T22:15:30Z");
  private static final String PATIENTS = """
      SELECT * FROM (VALUES
        ('p1', true, [{'family': 'Keller', 'given': ['Maria', 'Anna']}], [{'system': 'urn:mrn', 'value': 'MRN-1007'}], 'female', '1958-03-14'),
        ('p2', NULL, [{'family': '=HYPERLINK("http://x")', 'given': ['Tomás']}], [{'system': 'urn:mrn', 'value': 'MRN-1012'}], 'male', '1951-11-02'))
      AS t(id, active, name, identifier, gender, birthDate)""";
  private static final String STUDIES = """
      SELECT 'img-1' AS id, 'available' AS status, {'reference': 'Patient/p1'} AS subject, TIMESTAMPTZ '2026-11-21 10:00:00+00' AS started_at,
        [{'code': 'CT'}, {'code': 'SR'}, {'code': 'CT'}] AS modality, 'CT thorax' AS description, 2 AS numberOfSeries, 42 AS numberOfInstances,
        [{'system': 'urn:dicom:uid', 'value': 'urn:oid:1.2.3'}] AS identifier""";
  private static final String VITALS = """
      SELECT 'monitor-07' AS device, 'p1' AS patient, 'heartrate' AS type, 'hr' AS name,
        TIMESTAMPTZ '2026-11-21 20:00:00+00' + to_minutes(i) AS time, (60 + i %% 40)::DECIMAL(38,18) AS value, '/min' AS unit
      FROM range(%d) t(i)""";

  final AtomicInteger pinned = new AtomicInteger();
  final Path folder;
  private final List<View> views = new ArrayList<>();
  private final Map<String, String> queries = new HashMap<>();
  /** So many times the next query finds that its state of the lake has gone. */
  final AtomicInteger outdated = new AtomicInteger();

  private TestLake(Path folder) throws IOException {
    this.folder = Files.createDirectories(folder).toRealPath();
  }

  static TestLake empty(Path folder) throws IOException {
    return new TestLake(folder);
  }

  static TestLake of(Path folder, int samples) throws IOException, SQLException {
    TestLake lake = new TestLake(folder);
    lake.add("Patient", PATIENTS);
    lake.add("ImagingStudy", STUDIES);
    lake.add("vitals", VITALS.formatted(samples));
    return lake;
  }

  void add(String name, String select) throws SQLException {
    Path file = folder.resolve(name + ".parquet");
    try (Connection duckdb = DriverManager.getConnection("jdbc:duckdb:"); Statement run = duckdb.createStatement()) {
      run.execute("SET TimeZone = 'UTC'");
      run.execute("COPY (" + select + ") TO '" + file + "' (FORMAT parquet)");
    }
    String rows = "SELECT * FROM read_parquet(['" + file + "'], union_by_name = true)";
    queries.put(name, rows);
    views.add(new View(name, rows + " LIMIT 0", "Table " + name + "."));
  }

  @Override
  public Pinned pin() {
    pinned.incrementAndGet();
    return new Pinned() {
      @Override
      public List<View> views() {
        return List.copyOf(views);
      }

      @Override
      public String query(String name, Runnable between) throws IOException {
        if (outdated.getAndUpdate(left -> Math.max(0, left - 1)) > 0) throw new Outdated(new IOException("gone"));
        return queries.get(name);
      }

      @Override
      public Instant asOf() {
        return views.isEmpty() ? null : AS_OF;
      }

      @Override
      public void close() {
        pinned.decrementAndGet();
      }
    };
  }

  @Override
  public List<Path> folders() {
    return List.of(folder);
  }
}

package io.caregrid.analytics.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.cluster.SqlConfig;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SqlRoutesTest {
  private static final SqlConfig CONFIG = new SqlConfig(Duration.ofSeconds(20), 256, 1, 2, 100_000, 64);
  private static final int SAMPLES = 50_000;
  @TempDir
  static Path temp;
  private static TestLake lake;
  private static SqlDoor door;

  @BeforeAll
  static void open() throws IOException, SQLException {
    lake = TestLake.of(temp.resolve("lake"), SAMPLES);
    door = new SqlDoor(lake, CONFIG, temp.resolve("scratch"));
  }

  @AfterAll
  static void close() {
    door.close();
  }

  @AfterEach
  void nothingIsHeldOrLeft() throws IOException {
    assertEquals(List.of(), door.left());
    assertEquals(0, lake.pinned.get());
  }

  private static JsonNode rows(String sql) {
    HttpResponse<byte[]> answer = door.ask(sql);
    assertEquals(200, answer.statusCode(), () -> SqlDoor.text(answer));
    return SqlDoor.json(answer).path("rows");
  }

  private static String one(String expression) {
    return rows("select " + expression).path(0).path(0).toString();
  }

  @Test
  void anAnswerThatCannotBeRecordedIsNotGivenAndNotKept() {
    door.auditIsAway = true;
    try {
      assertEquals(503, door.ask("select * from vitals").statusCode());
    } finally {
      door.auditIsAway = false;
    }
  }

  @Test
  void aQueryIsAnsweredWithItsColumnsRowsAndTheLakesTime() {
    HttpResponse<byte[]> answer = door
        .ask("select p.family, max(v.value) as most from vitals v join patients p on p.id = v.patient group by all");

    assertEquals("application/json", answer.headers().firstValue("Content-Type").orElseThrow());
    assertEquals("2026-11-21T22:15:30Z", answer.headers().firstValue(SqlRoutes.AS_OF).orElseThrow());
    assertEquals(
        "{\"asOf\":\"2026-11-21T22:15:30Z\",\"columns\":[{\"name\":\"family\",\"type\":\"VARCHAR\"},{\"name\":\"most\",\"type\":\"DECIMAL(38,18)\"}],"
            + "\"rows\":[[\"Keller\",99]],\"count\":1,\"more\":false}",
        SqlDoor.text(answer));
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
    "12345678901234567.123456789012345678::DECIMAL(38,18) | 12345678901234567.123456789012345678",
    "37.5::DECIMAL(38,18) | 37.5", "0::DECIMAL(38,18) | 0", "1.50::DECIMAL(10,2) | 1.50",
    "9223372036854775807 | 9223372036854775807",
    "170141183460469231731687303715884105727::HUGEINT | 170141183460469231731687303715884105727",
    "18446744073709551615::UBIGINT | 18446744073709551615",
    "255::UTINYINT | 255", "1.5::DOUBLE | 1.5", "1.5::FLOAT | 1.5", "'nan'::DOUBLE | \"NaN\"",
    "'-inf'::DOUBLE | \"-Infinity\"", "true | true", "NULL | null",
    "TIMESTAMPTZ '2026-11-21 23:00:00.123456+01' | \"2026-11-21T22:00:00.123456Z\"",
    "TIMESTAMP '2026-03-29 02:30:00' | \"2026-03-29T02:30:00\"",
    "DATE '2026-11-21' | \"2026-11-21\"", "TIME '12:30:00' | \"12:30:00\"", "INTERVAL 90 minutes | \"01:30:00\"",
    "UUID '123e4567-e89b-12d3-a456-426614174000' | \"123e4567-e89b-12d3-a456-426614174000\"",
    "'\\x01\\xFF'::BLOB | \"Af8=\"", "'\\x01\\xFF'::BLOB | \"Af8=\"",
    "'a'::ENUM('a', 'b') | \"a\"", "[1, NULL, 3] | [1,null,3]", "[[1], []] | [[1],[]]",
    "{'a': 1, 'b': NULL, 'c': {'d': 2.50::DECIMAL(5,2)}} | {\"a\":1,\"c\":{\"d\":2.50}}",
    "row(1, 'x') | {\"element1\":1,\"element2\":\"x\"}", "map {'k': [1]} | {\"k\":[1]}", "map {1: 'x'} | {\"1\":\"x\"}",
    "'{\"a\": 1.10}'::JSON | {\"a\": 1.10}", "'\"x\"'::JSON | \"x\"",
    "[{'t': TIMESTAMPTZ '2026-11-21 22:00:00+00', 'l': TIMESTAMP '2026-03-29 02:30:00', 'd': DATE '2026-01-02'}] | [{\"t\":\"2026-11-21T22:00:00Z\",\"l\":\"2026-03-29T02:30:00\",\"d\":\"2026-01-02\"}]",
    "union_value(n := 3) | 3", "'101'::BIT | \"101\"", "'é\"\\' | \"é\\\"\\\\\""})
  void everyTypeHasOneFormInJson(String expression, String json) {
    assertEquals(json,
        SqlDoor.text(door.ask("select " + expression)).replaceAll("(?s).*\"rows\":\\[\\[(.*)]],\"count\".*", "$1"));
  }

  @Test
  void aStateOfTheLakeThatWasTidiedAwayIsTakenAnew() {
    lake.outdated.set(2);

    assertEquals("[[2]]", rows("select count(*) from patients").toString());

    lake.outdated.set(3);
    assertEquals(500, door.ask("select count(*) from patients").statusCode());
    assertEquals(0, lake.outdated.get());
  }

  @Test
  void imagingStudiesAndPatientsAreFlat() {
    assertEquals(
        "[[\"img-1\",\"Patient/p1\",\"p1\",\"2026-11-21T10:00:00Z\",[\"CT\",\"SR\"],\"CT thorax\",2,42,\"1.2.3\",\"available\"]]",
        rows("select * replace (list_sort(modalities) as modalities) from imaging_studies").toString());
    assertEquals("[[\"Keller\",\"Maria Anna\",\"MRN-1007\",true]]",
        rows("select family, given, number, active from patients where id = 'p1'").toString());
  }

  @Test
  void csvKeepsWhatIsThereAndASpreadsheetRunsNothing() {
    String select = "select family, 'a\"b,c' as \"odd, name\", NULL as n, '' as e, -1 as m, [1,2] as l, '-1' as t from patients order by id";
    HttpResponse<byte[]> exact = door.send(door.posting(SqlDoor.body().put("sql", select), "Accept", "text/csv"));
    HttpResponse<byte[]> safe = door
        .send(door.posting(SqlDoor.body().put("sql", select).put("format", "csv").put("spreadsheet", true)));

    assertEquals("text/csv; charset=utf-8; header=present", exact.headers().firstValue("Content-Type").orElseThrow());
    assertEquals("attachment; filename=\"query.csv\"", exact.headers().firstValue("Content-Disposition").orElseThrow());
    assertEquals("family,\"odd, name\",n,e,m,l,t\r\nKeller,\"a\"\"b,c\",,\"\",-1,\"[1,2]\",-1\r\n"
        + "\"=HYPERLINK(\"\"http://x\"\")\",\"a\"\"b,c\",,\"\",-1,\"[1,2]\",-1\r\n", SqlDoor.text(exact));
    assertEquals("\uFEFFfamily,\"odd, name\",n,e,m,l,t\r\nKeller,\"a\"\"b,c\",,\"\",-1,\"[1,2]\",'-1\r\n"
        + "\"'=HYPERLINK(\"\"http://x\"\")\",\"a\"\"b,c\",,\"\",-1,\"[1,2]\",'-1\r\n", SqlDoor.text(safe));
  }

  @Test
  void parquetIsAFileThatAnotherDuckDbReads() throws IOException, SQLException {
    HttpResponse<byte[]> answer = door.send(door.posting(
        SqlDoor.body()
            .put("sql",
                "select sum(1) as n, sum(value) as v, patient from vitals group by all -- semicolon; and end\n;"),
        "Accept", "application/vnd.apache.parquet"));
    Path file = Files.write(temp.resolve("answer.parquet"), answer.body());

    assertEquals(200, answer.statusCode(), () -> SqlDoor.text(answer));
    try (Connection other = DriverManager.getConnection("jdbc:duckdb:");
        Statement ask = other.createStatement();
        ResultSet row = ask.executeQuery("select n, typeof(n), v, patient from '" + file + "'")) {
      assertTrue(row.next());
      assertEquals("50000 DECIMAL(38,0) 3975000.000000000000000000 p1",
          row.getString(1) + " " + row.getString(2) + " " + row.getString(3) + " " + row.getString(4));
    }
  }

  @Test
  void rowsAreCutWhereTheAskerWantsAndThisIsSaid() {
    HttpResponse<byte[]> cut = door.send(door.posting(SqlDoor.body().put("sql", "from range(10)").put("rows", 3)));
    HttpResponse<byte[]> all = door.send(door.posting(SqlDoor.body().put("sql", "from range(3)").put("rows", 3)));

    assertEquals("[[0],[1],[2]]", SqlDoor.json(cut).path("rows").toString());
    assertTrue(SqlDoor.json(cut).path("more").asBoolean());
    assertEquals("true", cut.headers().firstValue(SqlRoutes.MORE).orElseThrow());
    assertFalse(SqlDoor.json(all).path("more").asBoolean());
    assertFalse(all.headers().firstValue(SqlRoutes.MORE).isPresent());
  }

  @Test
  void aLongAnswerComesWhole() {
    HttpResponse<byte[]> answer = door.ask("select * from vitals order by time");

    assertEquals(SAMPLES, SqlDoor.json(answer).path("rows").size());
    assertEquals(SAMPLES, SqlDoor.json(answer).path("count").asInt());
    HttpResponse<byte[]> packed = door
        .send(door.posting(SqlDoor.body().put("sql", "from vitals"), "Accept-Encoding", "gzip"));
    assertEquals("gzip", packed.headers().firstValue("Content-Encoding").orElseThrow());
    assertTrue(packed.body().length < answer.body().length / 3);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {"'' | the body is not a JSON object", "{ | the body is not JSON: line 1",
    "[] | the body is not a JSON object",
    "{} | sql is missing", "{\"sql\": \" \"} | sql is missing", "{\"sql\": 1} | sql is a text",
    "{\"sql\": \"select 1\", \"x\": 1} | a field that is not one of",
    "{\"sql\": \"select 1\", \"format\": \"xml\"} | format is json, csv or parquet",
    "{\"sql\": \"select 1\", \"rows\": 0} | rows is a whole number",
    "{\"sql\": \"select 1\", \"rows\": \"1\"} | rows is a whole number",
    "{\"sql\": \"select 1\", \"sql\": \"select 2\"} | the body is not JSON",
    "{\"sql\": \"select 1; select 2\"} | 2 statements", "{\"sql\": \"selec 1\"} | line 1, column 1: syntax error",
    "{\"sql\": \"select * from vital\"} | line 1, column 15: there is no table vital. Did you mean vitals?",
    "{\"sql\": \"select valu from vitals\"} | line 1, column 8: Referenced column \"valu\" not found",
    "{\"sql\": \"select upper(1, 2)\"} | line 1, column 8: No function matches"})
  void whatIsWrongWithABodyIsSaid(String body, String said) {
    HttpRequest request = door.request("/analytics/sql")
        .header("Content-Type", "application/json; charset=utf-8")
        .POST(HttpRequest.BodyPublishers.ofString(body))
        .build();

    HttpResponse<byte[]> answer = door.send(request);

    assertEquals(400, answer.statusCode());
    assertTrue(SqlDoor.said(answer).contains(said), SqlDoor.said(answer));
  }

  @Test
  void aBodyThatIsNoJsonOrTooLargeAndAnAnswerNobodyMakesAreRefused() {
    HttpResponse<byte[]> plain = door.send(door.request("/analytics/sql")
        .header("Content-Type", "text/plain")
        .POST(HttpRequest.BodyPublishers.ofString("select 1"))
        .build());
    HttpResponse<byte[]> large = door.send(door.posting(SqlDoor.body().put("sql", "x".repeat(300_000))));
    HttpResponse<byte[]> xml = door
        .send(door.posting(SqlDoor.body().put("sql", "select 1"), "Accept", "application/xml"));
    HttpResponse<byte[]> any = door
        .send(door.posting(SqlDoor.body().put("sql", "select 1"), "Accept", "application/xml, */*;q=0.1"));

    assertEquals(List.of(415, 413, 406, 200),
        List.of(plain.statusCode(), large.statusCode(), xml.statusCode(), any.statusCode()));
  }

  /** A value in a message could be a patient's. */
  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
    "select family::int from patients | line 1, column 14: a value cannot be converted to INT32",
    "select strptime(family, '%Y') from patients | a function was given a value",
    "select (value * 100000000000000)::int from vitals | cannot be converted to INT32",
    "select 1,~ family::date from patients | line 2, column 8: a value cannot be converted",
    "select 100::tinyint * value::tinyint from vitals | a number leaves the range",
    "select date_part(family, now()) from patients | a value cannot be converted",
    "select regexp_matches('a', concat(family, '(')) from patients | a function was given a value",
    "select 1 // (value::int - 99) from vitals | a division by zero",
    "select (select family from patients) | gives more than one row"})
  void anErrorAboutAValueDoesNotTellTheValue(String sql, String said) {
    HttpResponse<byte[]> answer = door.ask(sql.replace('~', '\n'));

    assertEquals(422, answer.statusCode(), () -> SqlDoor.text(answer));
    assertTrue(SqlDoor.said(answer).contains(said), SqlDoor.said(answer));
    assertFalse(SqlDoor.text(answer).contains("Keller") || SqlDoor.text(answer).contains("HYPERLINK"),
        () -> SqlDoor.text(answer));
  }

  @Test
  void everyQueryIsAuditedWithItsText() {
    door.audited.clear();
    door.ask("select 'Maria'");
    door.ask("select getenv('Maria')");
    door.ask("select 'Maria'::int");

    assertEquals(List.of("SQL select 'Maria' 200", "SQL select getenv('Maria') 400",
        "SQL select 'Maria'::int 422"), door.audited);
    assertTrue(door.metrics.get(SqlRoutes.QUERIES).tag("outcome", "answered").timer().count() > 0);
  }

  @Test
  void aQuerysEntryNamesTheTablesItRead() {
    door.named.clear();
    door.ask("select count(*) from vitals v join patients p on true where 'observations' <> ''");

    assertEquals(List.of(List.of("urn:caregrid:table:patients", "urn:caregrid:table:vitals")), door.named);
  }

  @Test
  void tablesAreListedWithTheirColumns() {
    HttpResponse<byte[]> answer = door.send(door.request("/analytics/tables").GET().build());
    JsonNode tables = SqlDoor.json(answer).path("tables");

    assertEquals("2026-11-21T22:15:30Z", answer.headers().firstValue(SqlRoutes.AS_OF).orElseThrow());
    assertEquals(List.of("ImagingStudy", "Patient", "imaging_studies", "patients", "vitals"),
        tables.findValuesAsText("name")
            .stream()
            .filter(name -> List.of("ImagingStudy", "Patient", "imaging_studies", "patients", "vitals").contains(name))
            .toList());
    assertEquals("{\"name\":\"value\",\"type\":\"DECIMAL(38,18)\"}", tables.path(4).path("columns").path(5).toString());
    assertEquals("Table vitals.", tables.path(4).path("about").asText());
  }

  @Test
  void anEmptyLakeCountsToThreeAndSaysThatItIsEmpty() throws IOException {
    try (SqlDoor empty = new SqlDoor(TestLake.empty(temp.resolve("nothing")), CONFIG, temp.resolve("scratch-2"))) {
      HttpResponse<byte[]> three = empty.ask("select 1 + 2");
      HttpResponse<byte[]> none = empty.ask("select * from Patient");
      HttpResponse<byte[]> tables = empty.send(empty.request("/analytics/tables").GET().build());

      assertEquals("[[3]]", SqlDoor.json(three).path("rows").toString());
      assertFalse(three.headers().firstValue(SqlRoutes.AS_OF).isPresent());
      assertTrue(SqlDoor.said(none).contains("there is no table Patient: the lake is empty so far"),
          SqlDoor.said(none));
      assertEquals("[]", SqlDoor.json(tables).path("tables").toString());
    }
  }

  /** Files are read by the views alone, whatever somebody finds to get past the gate: the engine itself reads nowhere else. */
  @ParameterizedTest
  @ValueSource(strings = {"select * from read_text('/etc/hostname')", "copy (select 1) to '/tmp/caregrid-x.parquet'",
    "attach '/tmp/caregrid-x.db'",
    "set memory_limit = '10GB'", "load httpfs", "select * from read_parquet('../../../../etc/passwd')"})
  void behindTheGateDuckDbIsShutIn(String sql) throws IOException, SQLException {
    Path spill = Scratch.emptied(temp.resolve("spill"));
    try (Duck duck = new Duck(CONFIG, lake.folders(), spill, spill);
        Connection connection = duck.connection();
        Statement run = connection.createStatement()) {
      assertThrows(SQLException.class, () -> run.execute(sql));
    }
    try (Duck duck = new Duck(CONFIG, lake.folders(), spill, spill);
        Connection connection = duck.connection();
        PreparedStatement count = connection
            .prepareStatement("select count(*) from read_parquet('" + lake.folder + "/vitals.parquet')");
        ResultSet row = count.executeQuery()) {
      assertTrue(row.next());
    }
  }
}

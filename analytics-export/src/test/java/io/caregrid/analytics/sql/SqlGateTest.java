package io.caregrid.analytics.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.contract.Failure;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SqlGateTest {
  private static final List<String> VIEWS = List.of("Patient", "Observation", "vitals", "Group");
  private static SqlGate gate;

  @BeforeAll
  static void open() throws SQLException {
    gate = new SqlGate();
  }

  @AfterAll
  static void close() throws SQLException {
    gate.close();
  }

  private static Set<String> named(String sql) throws SQLException {
    return gate.check(sql, VIEWS);
  }

  private static String refusal(String sql) {
    return assertThrows(Failure.Invalid.class, () -> named(sql), sql).getMessage();
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {
    "SELECT 1 |", "SELECT 1; |", "VALUES (1), (2) |", "FROM Patient | Patient", "TABLE patient | Patient",
    "select p.name[1].family, count(*) from PATIENT p join vitals v on v.patient = p.id group by all order by 2 desc limit 5 | Patient vitals",
    "select * from \"Group\" | Group",
    "with a as (select * from vitals), b as (from a) select * from b | vitals",
    "with vitals as (select * from vitals where value > 1) select * from vitals | vitals",
    "with recursive t(n) as (select 1 union all select n + 1 from t where n < 5) select * from t |",
    "with a as materialized (from Patient) select (select count(*) from a), exists (from Observation) | Observation Patient",
    "select 1 union all by name select 2 from vitals order by 1 | vitals",
    "select * from (select id from Patient) t, lateral (select t.id) | Patient",
    "select * from vitals asof join Observation using (id, time) | Observation vitals",
    "select * from vitals semi join Patient on true positional join Observation | Observation Patient vitals",
    "select * from range(5), unnest([1, 2]), generate_series(1, 3), json_each('{}') |",
    "select row_number() over (partition by patient order by time), lag(value) over w from vitals window w as (order by time) | vitals",
    "select list_transform([1, 2], lambda x: x + 1), [x for x in [1, 2] if x > 1], list_filter([1], lambda y: y > 0) |",
    "select {'a': 1}.a, map {1: 2}[1], [1, 2][1:2], (1, 2), row(1) |",
    "select cast('1' as decimal(10, 2)), '1'::int, try_cast('a' as date), '{}'::json ->> '$.a' |",
    "select date '2026-01-01', interval 1 day, extract(year from now()), current_timestamp, current_date, time_bucket(interval 5 minutes, now()) |",
    "select 'a' like 'b', 'a' ilike 'b', 'a' similar to 'b', 'a' ~ 'b', not true, null is null, 1 between 0 and 2, 1 in (1, 2), 1 is distinct from 2 |",
    "select case when true then 1 else 2 end, coalesce(1, 2), ifnull(1, 2), nullif(1, 2), if(true, 1, 2), 1 // 2, 2 ** 3, 5 % 2, 1 & 2, 1 << 2, 'a' || 'b', 5! |",
    "select columns('i.*'), * exclude (id) replace (1 as gender) from Patient using sample 10% | Patient",
    "select distinct on (patient) * from vitals order by patient, time desc nulls last limit 10% | vitals",
    "select count(*) filter (where value > 1), string_agg(unit, ',' order by unit), grouping(type) from vitals group by cube (type, unit) having count(*) > 1 | vitals",
    "select * from vitals qualify row_number() over (partition by patient) = 1 | vitals",
    "pivot vitals on type in ('a', 'b') using avg(value) | vitals",
    "from vitals pivot (count(*) for type in ('a', 'b')) | vitals", "unpivot vitals on value, unit | vitals",
    "describe Patient | Patient", "summarize vitals | vitals", "from (describe select * from vitals) | vitals",
    "select name collate nocase from Patient order by name collate de | Patient",
    "select 1 -- trailing; words |", "/* a; b */ select ';', $$;$$, E'\\'' |"})
  void whatReadsTheViewsPasses(String sql, String tables) throws SQLException {
    assertEquals(tables == null ? Set.of() : new TreeSet<>(List.of(tables.split(" "))), named(sql));
  }

  /** The rows of the ADR's table, and more that write, change or leave the room. */
  @ParameterizedTest
  @ValueSource(strings = {"insert into Patient values (1)", "update Patient set id = 1", "delete from Patient",
    "truncate Patient",
    "create table x as select 1", "create temp view v as select 1", "drop view Patient",
    "alter table Patient add x int",
    "create macro f(a) as a", "create type t as enum ('a')", "create sequence s", "create secret s (type s3)",
    "copy Patient to 'x.csv'", "copy (select 1) to 'x.parquet'", "copy x from 'y'", "export database 'x'",
    "import database 'x'",
    "attach 'x.db'", "detach x", "use x", "load httpfs", "install httpfs", "set memory_limit = '10GB'",
    "reset memory_limit", "set variable x = 1",
    "pragma version", "pragma database_list", "call pragma_version()", "checkpoint", "vacuum", "analyze", "begin",
    "commit", "rollback",
    "prepare x as select 1", "execute x", "deallocate x", "explain select 1", "explain analyze select 1",
    "comment on view Patient is 'x'",
    "merge into Patient using vitals on true when matched then delete", "show tables", "show all tables",
    "show databases", "describe",
    "with x as (insert into t values (1) returning *) select * from x",
    "with x as (update Patient set id = 1 returning *) select * from x",
    "with x as (delete from Patient returning *) from x",
    "select * from (with x as (delete from Patient returning *) from x)",
    "select 1; select 2", "select 1; drop view Patient", "", "  ", "-- nothing", ";",
    "select 1 where exists (with x as (insert into t select 1) from x)",
    "pivot Patient on gender"})
  void whatDoesMoreThanReadIsRefused(String sql) {
    assertFalse(refusal(sql).isBlank());
  }

  @ParameterizedTest
  @ValueSource(strings = {"read_parquet('/etc/passwd')", "read_csv('x')", "read_csv_auto('x')", "read_json('x')",
    "read_text('/etc/passwd')", "read_blob('/etc/passwd')",
    "parquet_scan('x')", "parquet_metadata('x')", "parquet_schema('x')", "parquet_kv_metadata('x')", "glob('/*')",
    "sniff_csv('x')",
    "query('select 1')", "query_table('Patient')", "duckdb_settings()", "duckdb_functions()", "duckdb_secrets()",
    "duckdb_views()",
    "duckdb_logs()", "pragma_version()", "pragma_table_info('Patient')", "pragma_show('Patient')",
    "json_execute_serialized_sql('x')",
    "histogram(vitals, value)", "histogram_values(vitals, value)", "summary((from vitals))", "seq_scan('x')",
    "test_all_types()", "which_secret('a', 's3')",
    "enable_logging()", "pg_timezone_names()", "icu_calendar_names()", "READ_PARQUET('x')", "main.range(1)",
    "system.main.range(1)", "nothing_like_it()"})
  void tableFunctionsThatAreNotNamedAreRefused(String function) {
    assertTrue(refusal("select * from " + function).contains("function"), function);
    refusal("select (select count(*) from " + function + ")");
    refusal("with a as (from " + function + ") from a");
  }

  @ParameterizedTest
  @ValueSource(strings = {"'/etc/passwd'", "'x.parquet'", "\"x.parquet\"", "'https://example.org/x.csv'",
    "duckdb_views", "duckdb_tables", "sqlite_master",
    "information_schema.tables", "pg_catalog.pg_class", "main.Patient", "temp.Patient", "memory.main.Patient",
    "system.information_schema.tables", "Patientt",
    "\"Patient\".\"Patient\"", "pragma_database_list"})
  void tablesThatAreNoViewsAreRefused(String table) {
    refusal("select * from " + table);
    refusal("select * from Patient where id in (select 1 from " + table + ")");
    refusal("describe " + table);
  }

  @ParameterizedTest
  @ValueSource(strings = {"getenv('HOME')", "'HOME'.getenv()", "current_setting('memory_limit')", "getvariable('x')",
    "nextval('s')", "currval('s')", "setval('s', 1)",
    "version()", "current_query()", "txid_current()", "current_connection_id()", "json_serialize_sql('select 1')",
    "json_deserialize_sql('{}')",
    "json_serialize_plan('select 1')", "json_execute_serialized_sql('{}')", "write_log('x')", "sleep_ms(1)",
    "pg_sleep(1)", "in_search_path('a', 'b')",
    "current_schemas(true)", "has_table_privilege('a', 'b')", "pg_get_viewdef(1)", "inet_client_addr()",
    "parse_duckdb_log_message('a', 'b')",
    "system.main.getenv('HOME')", "main.upper('x')", "error('x')", "setseed(1)", "GETENV('HOME')", "\"getenv\"('HOME')",
    "read_text('x')", "query('select 1')"})
  void functionsThatLookOutsideAreRefused(String function) {
    assertTrue(refusal("select " + function).contains("function"), function);
    refusal("select 1 from Patient where " + function + " is null");
    refusal("select list_transform([1], lambda x: " + function + ")");
    refusal("select 1 order by " + function);
    refusal("select 1 limit (select " + function + ")");
    refusal("select sum(1) over (partition by " + function + ")");
    refusal("select sum(1) filter (where " + function + " is null)");
    refusal("select * replace (" + function + " as id) from Patient");
    refusal("select * from range(1) t join Patient on " + function + " is null");
    refusal("values (" + function + ")");
    refusal("select * from unnest([" + function + "])");
  }

  /** A WITH is seen by what comes after it and inside it, and nowhere else: elsewhere its name would be a file or DuckDB's own table. */
  @ParameterizedTest
  @ValueSource(strings = {"select * from (with \"x.parquet\" as (select 1) select 1), 'x.parquet'",
    "with a as (with duckdb_views as (select 1) select 1) select * from duckdb_views",
    "with b as (select * from c), c as (select 1) select * from b",
    "with duckdb_views as (select * from duckdb_views) select * from duckdb_views",
    "select (with sqlite_master as (select 1) select 1) from sqlite_master"})
  void aNameIsATableOnlyWhereItsWithIsInSight(String sql) {
    assertTrue(refusal(sql).contains("there is no table"), sql);
  }

  @Test
  void refusalsNameThePlaceAndWhatMayHaveBeenMeant() {
    assertEquals("line 1, column 1: syntax error at or near \"selec\"", refusal("selec 1"));
    assertEquals("line 2, column 6: there is no table vital. Did you mean vitals?", refusal("select *\nfrom vital"));
    assertEquals("line 1, column 14: there is no function getenv here",
        refusal("select 'üü', getenv('HOME')"));
    assertTrue(refusal("select ?").contains("line 1, column 8: a parameter has no value here"));
    assertTrue(refusal("select upperr('x')").contains("Did you mean upper"));
    assertTrue(refusal("pivot vitals on type").contains("PIVOT has to name its values"));
    assertTrue(refusal("with x as (insert into t values (1)) from x").contains("INSERT is not possible"));
    assertTrue(assertThrows(Failure.Invalid.class, () -> gate.check("from Patient", List.of())).getMessage()
        .contains("the lake is empty so far"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"(", "[", "{'a':", "abs(", "(select ", "case when ("})
  void deepTextsAreRefusedBeforeTheyAreParsed(String open) {
    assertTrue(refusal("select " + open.repeat(20_000 / open.length())).contains("brackets"));
  }

  @ParameterizedTest
  @CsvSource({"select 1, +1, 5000", "select , not , 5000", "select 1, ::int, 5000", "select a, .a, 5000",
    "select 1, ' union all select 1', 1500"})
  void longChainsAreReadOrRefusedInReasonableTime(String begin, String link, int times) throws InterruptedException {
    Thread deep = new Thread(null, () -> {
      try {
        named(begin + link.repeat(times) + (link.contains("not") ? "true" : ""));
      } catch (Failure.Invalid refused) {
        assertFalse(refused.getMessage().isBlank());
      } catch (SQLException broken) {
        throw new AssertionError(broken);
      }
    }, "deep", QueryThreads.STACK);
    deep.start();
    deep.join(120_000);
    assertFalse(deep.isAlive());
  }

  /** Each takes gigabytes while DuckDB plans it. */
  @ParameterizedTest
  @ValueSource(strings = {"repeat('x', 4000000000)", "repeat('x', 10001)", "repeat('x', 9999 * 9999)", "repeat(id, n)",
    "range(1000000000)", "range(n)",
    "generate_series(1, 20000)", "lpad('x', 2000000000, 'y')", "rpad(id, n, ' ')", "list_resize([1], 1000000000)",
    "array_resize([1], n)",
    "printf('%1000000000d', 1)", "format('{:>1000000000}', 'x')", "format('{:>{}}', 'x', 1000000000)", "format(id, 1)",
    "bitstring('1', 2000000000)",
    "REPEAT('x', 1e9)", "list_transform([1], lambda n: range(n))", "'x'.repeat(1000000000)"})
  void whatGrowsOutOfANumberIsRefusedUnlessTheNumberIsSmall(String expression) {
    assertFalse(refusal("select " + expression + " from Patient").isBlank());
  }

  @ParameterizedTest
  @ValueSource(strings = {"repeat('x', 10000)", "range(10)", "range(-5, 100, 5)", "generate_series(1, 9)",
    "lpad(id, 8, '0')", "format('{:08.2f} of {}', 1.5, id)"})
  void whatGrowsALittlePasses(String expression) throws SQLException {
    assertEquals(Set.of("Patient"), named("select " + expression + " from Patient"));
  }

  @Test
  void tooLongAndBrokenTextsAreRefused() {
    assertTrue(refusal("select '" + "x".repeat(SqlGate.LONGEST) + "'").contains("characters"));
    assertTrue(refusal("select 1\0").contains("NUL"));
    refusal("select \uD800");
    refusal("select 1 /* open");
    refusal("select 'open");
  }

  /** Every function that this DuckDB has is either a word of functions.txt or refused; and every word there is one of its functions or read by its parser. */
  @Test
  @Tag("full")
  void eachFunctionOfDuckDbIsAllowedByNameOrRefused() throws SQLException {
    Set<String> refused = new TreeSet<>();
    try (Connection duckdb = DriverManager.getConnection("jdbc:duckdb:");
        Statement ask = duckdb.createStatement();
        ResultSet all = ask.executeQuery("select distinct function_name from duckdb_functions()")) {
      while (all.next()) {
        String name = all.getString(1);
        if (!name.matches("[A-Za-z_][A-Za-z0-9_]*")) continue;
        boolean passes = passes("select \"" + name + "\"(1, 1)") || passes("select \"" + name + "\"('1', 1)");
        assertEquals(Functions.isAllowed(name), passes, name);
        assertEquals(Functions.isAllowedAsTable(name), passes("select * from \"" + name + "\"(1)"), name);
        if (!passes) refused.add(name);
      }
    }
    for (String dangerous : List.of("current_setting", "query", "read_text", "glob", "nextval",
        "json_execute_serialized_sql", "sleep_ms", "write_log"))
      assertTrue(refused.contains(dangerous), dangerous);
  }

  private static boolean passes(String sql) throws SQLException {
    try {
      named(sql);
      return true;
    } catch (Failure.Invalid refused) {
      assertTrue(refused.getMessage().matches("(?s).*(function|argument).*"), sql + ": " + refused.getMessage());
      return false;
    }
  }
}

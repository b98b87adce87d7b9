package io.caregrid.analytics.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.cluster.SqlConfig;
import io.caregrid.contract.Access;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Grants;
import io.vertx.core.Future;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Somebody whose role reaches the vitals and the flat imaging_studies, and nothing else of the lake. */
class TablesByRoleTest {
  @TempDir
  static Path temp;
  private static SqlDoor door;

  @BeforeAll
  static void open() throws Exception {
    Grants some = new Grants(Set.of(Access.ANALYTICS_QUERY), Set.of("vitals", "imaging_studies"));
    Caller researcher = new Caller("r", null, null, Set.of("Ward Researcher"), some, null, null, null);
    door = new SqlDoor(TestLake.of(temp.resolve("lake"), 100),
        new SqlConfig(Duration.ofSeconds(20), 256, 1, 2, 100_000, 64), temp.resolve("scratch"),
        request -> Future.succeededFuture(researcher));
  }

  @AfterAll
  static void close() {
    door.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"select count(*) from vitals", "select modalities from imaging_studies",
    "with Patient as (select 1 as id) select id from Patient", "select 'Patient'"})
  void whatTheRoleReachesIsAnswered(String sql) {
    HttpResponse<byte[]> answer = door.ask(sql);

    assertEquals(200, answer.statusCode(), SqlDoor.text(answer));
  }

  @ParameterizedTest
  @ValueSource(strings = {"select * from Patient", "select * from patients", "from ImagingStudy",
    "select * from vitals v join \"patient\" p on p.id = v.patient",
    "select (select family from patients limit 1) from vitals", "with x as (from Patient) select 1 from vitals",
    "select 1 from vitals where exists (from Patient)", "describe Patient", "summarize patients",
    "select * from vitals union all select id, id, id, id, null, 0, id from Patient",
    "with Patient as (from Patient) select * from Patient"})
  void whatItDoesNotIsRefusedByName(String sql) {
    HttpResponse<byte[]> answer = door.ask(sql);

    assertEquals(403, answer.statusCode(), SqlDoor.text(answer));
    assertTrue(SqlDoor.said(answer).startsWith("your roles do not give you table "), SqlDoor.said(answer));
    assertTrue(door.audited.get(door.audited.size() - 1).endsWith(" 403"), door.audited.toString());
  }

  @Test
  void onlyTheTablesOfTheRoleAreListed() {
    HttpResponse<byte[]> answer = door.send(door.request("/analytics/tables").build());

    List<String> names = new ArrayList<>();
    SqlDoor.json(answer).path("tables").forEach(table -> names.add(table.path("name").asText()));
    assertEquals(List.of("imaging_studies", "vitals"), names);
  }
}

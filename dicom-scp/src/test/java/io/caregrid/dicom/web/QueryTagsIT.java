package io.caregrid.dicom.web;

import static io.caregrid.dicom.web.Answers.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.dicom.data.DataSet;
import io.caregrid.dicom.data.Element;
import io.caregrid.dicom.data.Tag;
import io.caregrid.dicom.data.Value;
import io.caregrid.dicom.data.Vr;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.store.Schema;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Extended query tags and the change feed over the web, beyond the black-box cases: a node that goes while it indexes, names, ranges, other levels. */
@ExtendWith(Engines.class)
class QueryTagsIT {
  private static final String STATION = """
      [{"path": "StationName", "vr": "SH", "level": "Series"}, {"path": "00081050", "vr": "PN", "level": "Study"},
        {"path": "00080022", "level": "Instance"}]""";

  private static DatabaseConfig database(LocalPostgres postgres) {
    return new DatabaseConfig(postgres.host(), postgres.port(),
        postgres.createDatabase(Schema.on(postgres.host(), postgres.port(), postgres.user(), postgres.password())),
        postgres.user(), postgres.password(), 4);
  }

  private static byte[] picture(int study, int n) {
    return Slices.file(Slices.picture(study, n, 16, 1)
        .putText(Tag.STATION_NAME, "CT" + n)
        .putText(0x00081050, "M\u00fcller-Wohlfahrt^J\u00f6rg")
        .putText(0x00080022, "2026010" + n));
  }

  private static void ready(WebDoor door, String operation) throws Exception {
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(180);
    HttpResponse<byte[]> answer = door.get(operation);
    while (answer.statusCode() == 202) {
      assertTrue(System.nanoTime() < until, () -> "not within 3 min");
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
      answer = door.get(operation);
    }
    assertEquals("succeeded", json(answer).path("status").asText());
  }

  private static int found(WebDoor door, String search) throws Exception {
    HttpResponse<byte[]> answer = door.get(search);
    return answer.statusCode() == 204 ? 0 : json(answer).size();
  }

  @Test
  void whatWasHereIsIndexedByTheNextNodeAndFoundAtAllLevels(LocalPostgres postgres, @TempDir Path folder)
      throws Exception {
    DatabaseConfig where = database(postgres);
    String operation;
    try (WebDoor first = new WebDoor(where, folder, WebDoor.SMALL)) {
      for (int n = 1; n <= 3; n++) first.stored(picture(1, n));
      operation = added(first, STATION);
    }

    try (WebDoor next = new WebDoor(where, folder, WebDoor.SMALL)) {
      ready(next, operation);

      assertEquals(1, found(next, "/series?StationName=ct3"), "that of the last one");
      assertEquals(0, found(next, "/series?StationName=CT1"));
      assertEquals(1, found(next, "/studies?00081050=muller-wohl*"));
      assertEquals(1, found(next, "/studies?00081050=jorg%20woh&fuzzymatching=true"));
      assertEquals(2, found(next, "/instances?AcquisitionDate=20260102-"));
      assertEquals(400, next.get("/studies?StationName=CT1").statusCode(), "a series' attribute among studies");
      JsonNode one = json(next.get("/series?includefield=StationName")).get(0);
      assertEquals("CT3", one.at("/00081010/Value/0").asText());
      assertEquals(2, json(next.get("/extendedquerytags?limit=2")).size());
      assertEquals(1, json(next.get("/extendedquerytags?limit=2&offset=2")).size());
      assertEquals(0, json(next.get("/extendedquerytags?offset=3")).size());
    }
  }

  @Test
  void privateAttributesOfTheirCreatorAreFoundAndWrongOnesAreListedAndStoredAllTheSame(LocalPostgres postgres,
      @TempDir Path folder) throws Exception {
    try (WebDoor door = new WebDoor(database(postgres), folder, WebDoor.SMALL)) {
      door.stored(Slices.file(acme(1, "SOMEBODY", "3.5")), Slices.file(acme(2, "ACME", "3.5")));
      ready(door, added(door, """
          [{"path": "12051003", "vr": "DS", "level": "Instance", "privateCreator": "ACME"}]"""));

      door.stored(Slices.file(acme(3, "ACME", "3.50")), Slices.file(acme(4, "ACME", "much")));

      assertEquals(2, found(door, "/instances?12051003=3.5"));
      assertEquals(4, found(door, "/instances"));
      JsonNode errors = json(door.get("/extendedquerytags/12051003/errors"));
      assertEquals(1, errors.size());
      assertEquals(Slices.instance(1, 4), errors.get(0).path("sopInstanceUid").asText());
      assertFalse(errors.toString().contains("much"), "a value is nobody's business here");
      assertEquals(1, json(door.get("/extendedquerytags/12051003")).at("/errors/count").asInt());
      door.delete(Slices.path(1, 4));
      assertEquals(0, json(door.get("/extendedquerytags/12051003/errors")).size());
    }
  }

  private static DataSet acme(int n, String creator, String value) {
    return Slices.picture(1, n, 16, 1)
        .put(new Element(0x12050010, Vr.LO,
            new Value.Bytes((creator + " ".repeat(creator.length() % 2)).getBytes(StandardCharsets.US_ASCII))))
        .put(new Element(0x12051003, Vr.DS,
            new Value.Bytes((value + " ".repeat(value.length() % 2)).getBytes(StandardCharsets.US_ASCII))));
  }

  @Test
  void whatANodeTakesInThatHasNotHeardOfTheTagIsReadAgain(LocalPostgres postgres, @TempDir Path folder)
      throws Exception {
    DatabaseConfig where = database(postgres);
    try (WebDoor one = new WebDoor(where, folder, WebDoor.SMALL);
        WebDoor other = new WebDoor(where, folder, WebDoor.SMALL)) {
      String operation = added(one, STATION);
      other.stored(picture(1, 1));
      ready(one, operation);

      long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(180);
      while (found(one, "/series?StationName=CT1") == 0) {
        assertTrue(System.nanoTime() < until, () -> "not within 3 min");
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
      }
      assertEquals(1, found(other, "/instances?AcquisitionDate=20260101"));
      assertEquals(204, one.delete("/extendedquerytags/StationName").statusCode());
      assertEquals(400, other.get("/series?StationName=CT1").statusCode());
    }
  }

  private static String added(WebDoor door, String tags) throws Exception {
    HttpResponse<byte[]> added = door.post("/extendedquerytags", "application/json",
        tags.getBytes(StandardCharsets.UTF_8));
    assertEquals(202, added.statusCode(), () -> Answers.text(added));
    return "/operations/" + json(added).path("id").asText();
  }

  @Test
  void aFileThatIsGoneIsListedAndHoldsUpNobody(LocalPostgres postgres, @TempDir Path folder) throws Exception {
    try (WebDoor door = new WebDoor(database(postgres), folder, WebDoor.SMALL)) {
      door.stored(picture(1, 1), picture(1, 2));
      try (Stream<Path> files = Files.walk(folder)) {
        for (Path file : files.filter(one -> one.toString().endsWith(".seg")).toList()) Files.delete(file);
      }

      ready(door, added(door, STATION));

      JsonNode errors = json(door.get("/extendedquerytags/StationName/errors"));
      assertEquals(2, errors.size());
      assertEquals("its file is damaged", errors.get(0).path("errorMessage").asText());
      JsonNode told = json(door.get("/changefeed"));
      assertEquals(2, told.size());
      for (JsonNode one : told)
        assertEquals(one.path("SopInstanceUid"), one.at("/Metadata/00080018/Value/0"), "what the index keeps");
    }
  }

  @Test
  void theFeedsMetadataIsThatOfTheFile(LocalPostgres postgres, @TempDir Path folder) throws Exception {
    try (WebDoor door = new WebDoor(database(postgres), folder, WebDoor.SMALL)) {
      assertEquals(204, door.get("/changefeed/latest").statusCode());
      door.stored(picture(1, 1));

      JsonNode told = json(door.get("/changefeed")).get(0);
      JsonNode metadata = json(door.get(Slices.path(1, 1) + "/metadata")).get(0);

      assertEquals(1, told.path("Sequence").asInt());
      assertEquals(metadata, told.path("Metadata"));
      assertTrue(door.audited.stream().anyMatch(entry -> entry.startsWith("IMAGES_QUERIED") && entry.contains("w-1")),
          () -> door.audited.toString());
    }
  }
}

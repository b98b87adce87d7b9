package io.caregrid.dicom.web;

import static io.caregrid.dicom.web.Answers.header;
import static io.caregrid.dicom.web.Answers.json;
import static io.caregrid.dicom.web.Answers.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.dicom.data.Tag;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** QIDO-RS as its clients see it, beyond the black-box cases. */
@ExtendWith(Engines.class)
class SearchesIT {
  private static WebDoor door;

  @BeforeAll
  static void open(LocalPostgres postgres, @TempDir Path folder) {
    door = new WebDoor(postgres, folder, WebDoor.SMALL);
  }

  @AfterAll
  static void close() {
    door.close();
  }

  @Test
  void aLongListSaysThatThereIsMore() throws Exception {
    byte[][] files = new byte[3][];
    for (int n = 0; n < 3; n++) files[n] = Slices.file(30, n + 1);
    door.stored(files);
    String series = "/studies/" + Slices.study(30) + "/instances";

    HttpResponse<byte[]> page = door.get(series + "?limit=2");

    assertEquals(2, json(page).size());
    assertTrue(header(page, "Warning").startsWith("299 caregrid "), header(page, "Warning"));
    assertEquals(null, header(door.get(series), "Warning"));
    assertEquals(3, json(door.get(series)).size());
    assertEquals(204, door.get(series + "?offset=3").statusCode());
  }

  @Test
  void withinAStudyItsAttributesAreLeftOutUnlessAskedFor() throws Exception {
    door.stored(Slices.file(31, 1));

    JsonNode scoped = json(door.get("/studies/" + Slices.study(31) + "/instances")).get(0);
    JsonNode asked = json(door.get("/studies/" + Slices.study(31) + "/instances?includefield=PatientName")).get(0);
    JsonNode global = json(door.get("/instances?SOPInstanceUID=" + Slices.instance(31, 1))).get(0);

    assertFalse(scoped.has("00100010"));
    assertEquals(Slices.study(31), scoped.at("/0020000D/Value/0").asText());
    assertEquals(Slices.series(31), scoped.at("/0020000E/Value/0").asText());
    assertEquals("Müller^Jörg", asked.at("/00100010/Value/0/Alphabetic").asText());
    assertEquals("CT", global.at("/00080060/Value/0").asText());
    assertEquals(door.base() + Slices.path(31, 1), global.at("/00081190/Value/0").asText());
    List<String> order = StreamSupport.stream(((Iterable<String>) global::fieldNames).spliterator(), false).toList();
    assertEquals(order.stream().sorted().toList(), order);
  }

  @Test
  void namesAreFoundWithoutAccentsAndByTheirBeginnings() throws Exception {
    door.stored(Slices.file(Slices.picture(32, 1, 16, 1).putText(Tag.PATIENT_NAME, "Ångström^Éva")));

    for (String query : List.of("PatientName=angstrom%5EEVA", "PatientName=ANG*", "PatientName=%C3%85ngstr%C3%B6m%5E*",
        "fuzzymatching=true&PatientName=ev", "fuzzymatching=true&PatientName=ang%20eva"))
      assertEquals(200, door.get("/studies?PatientID=W-32&" + query).statusCode(), query);
    assertEquals(204, door.get("/studies?PatientID=W-32&PatientName=ngstrom").statusCode());
  }

  @Test
  void errorsOfAQuerySayWhichParameter() throws Exception {
    HttpResponse<byte[]> answer = door.get("/studies?StudyDate=2026-01-02");

    assertEquals(400, answer.statusCode());
    assertTrue(text(answer).contains("StudyDate must be YYYYMMDD"), text(answer));
  }
}

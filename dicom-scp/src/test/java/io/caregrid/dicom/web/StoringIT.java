package io.caregrid.dicom.web;

import static io.caregrid.dicom.web.Answers.json;
import static io.caregrid.dicom.web.Answers.reason;
import static io.caregrid.dicom.web.Answers.text;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.dicom.data.DataSet;
import io.caregrid.dicom.data.Tag;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** STOW-RS as its clients see it, beyond the black-box cases. Instances are at most 8 MB here. */
@ExtendWith(Engines.class)
class StoringIT {
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
  void whatIsHereAlreadyIsAConflictWhetherItIsTheSameOrNot() throws Exception {
    byte[] first = Slices.file(10, 1);
    byte[] other = Slices.file(Slices.picture(10, 1, 16, 1).putText(Tag.PATIENT_ID, "somebody else"));
    door.stored(first);

    for (byte[] again : List.of(first, other)) {
      HttpResponse<byte[]> answer = door.store(again);
      assertEquals(409, answer.statusCode());
      assertEquals(45070, reason(answer));
      assertEquals(Slices.instance(10, 1), json(answer).at("/00081198/Value/0/00081155/Value/0").asText());
    }
    assertEquals(202, door.store(first, Slices.file(10, 2)).statusCode());
    assertArrayEquals(first, door.get(Slices.path(10, 1), "Accept", WebDoor.AS_KEPT).body());
  }

  @Test
  void reasonsOfFailureAreMicrosofts() throws Exception {
    HttpResponse<byte[]> otherStudy = door.post("/studies/1.2.3", WebDoor.MULTIPART,
        Slices.multipart("b", Slices.file(11, 1)));
    HttpResponse<byte[]> noUid = door.store(Slices.file(Slices.picture(11, 2, 16, 1).remove(Tag.STUDY_INSTANCE_UID)));
    HttpResponse<byte[]> garbage = door.store("no DICOM at all, only words".getBytes(StandardCharsets.US_ASCII));

    assertEquals(409, otherStudy.statusCode());
    assertEquals(43265, reason(otherStudy));
    assertEquals(Slices.CT, json(otherStudy).at("/00081198/Value/0/00081150/Value/0").asText());
    assertEquals(409, noUid.statusCode());
    assertEquals(43264, reason(noUid));
    assertEquals("DICOM100: (0020,000D) is missing",
        json(noUid).at("/00081198/Value/0/00741048/Value/0/00000902/Value/0").asText());
    assertEquals(409, garbage.statusCode());
    assertEquals(272, reason(garbage));
  }

  @Test
  void aDataSetOfAnotherClassThanItsHeaderSaysIsStoredWithAWarning() throws Exception {
    DataSet set = Slices.picture(12, 1, 16, 1);
    byte[] file = Slices.file(set);
    byte[] renamed = new String(file, StandardCharsets.ISO_8859_1).replaceFirst(Slices.CT, "1.2.840.10008.5.1.4.1.1.4")
        .getBytes(StandardCharsets.ISO_8859_1);

    HttpResponse<byte[]> answer = door.store(renamed);

    assertEquals(202, answer.statusCode(), () -> text(answer));
    assertEquals(45063, json(answer).at("/00081199/Value/0/00081196/Value/0").asInt());
  }

  @Test
  void onePartNeedsNoMultipart() throws Exception {
    byte[] file = Slices.file(13, 1);

    HttpResponse<byte[]> answer = door.post("/studies/" + Slices.study(13), "application/dicom", file);

    assertEquals(200, answer.statusCode());
    assertEquals(door.base() + Slices.path(13, 1), json(answer).at("/00081199/Value/0/00081190/Value/0").asText());
    assertEquals(door.base() + "/studies/" + Slices.study(13), json(answer).at("/00081190/Value/0").asText());
    assertArrayEquals(file, door.get(Slices.path(13, 1), "Accept", WebDoor.AS_KEPT).body());
    for (String deed : List.of("IMAGES_STORED", "IMAGES_RETRIEVED"))
      assertTrue(door.audited.stream()
          .anyMatch(line -> line.startsWith(deed + " [urn:oid:") && line.endsWith(" [w-13]")), door.audited::toString);
  }

  @Test
  void aBodyThatBreaksOffIsNoSuccessButSaysWhatIsStored() throws Exception {
    byte[] body = Slices.multipart("b", Slices.file(14, 1), Slices.file(14, 2));

    HttpResponse<byte[]> answer = door.post("/studies", WebDoor.MULTIPART, Arrays.copyOf(body, body.length - 40));

    assertEquals(400, answer.statusCode());
    assertEquals(Slices.instance(14, 1), json(answer).at("/00081199/Value/0/00081155/Value/0").asText());
    assertEquals(1, json(answer).at("/00081199/Value").size());
    assertEquals(200, door.get(Slices.path(14, 1) + "/metadata").statusCode());
    assertEquals(404, door.get(Slices.path(14, 2) + "/metadata").statusCode());
  }

  @Test
  void whatIsNoPictureBodyIsRefusedByItsType() throws Exception {
    byte[] file = Slices.file(15, 1);
    byte[] wrongPart = new String(Slices.multipart("b", file), StandardCharsets.ISO_8859_1)
        .replace("application/dicom", "text/plain")
        .getBytes(StandardCharsets.ISO_8859_1);

    assertEquals(415, door.post("/studies", "text/plain", file).statusCode());
    assertEquals(415,
        door.post("/studies", "multipart/related; type=\"application/dicom+json\"; boundary=b", file).statusCode());
    assertEquals(415, door.post("/studies", "application/dicom", file, "Content-Encoding", "gzip").statusCode());
    assertEquals(415, door.post("/studies", WebDoor.MULTIPART, wrongPart).statusCode());
    assertEquals(400, door.post("/studies", "multipart/related; type=\"application/dicom\"", file).statusCode());
    assertEquals(406, door.post("/studies", "application/dicom", file, "Accept", "text/html").statusCode());
    assertEquals(204, door.post("/studies", WebDoor.MULTIPART, new byte[0]).statusCode());
    assertEquals(204,
        door.post("/studies", WebDoor.MULTIPART, "--b--".getBytes(StandardCharsets.US_ASCII)).statusCode());
    assertEquals(400, door.post("/studies/not%20a%20uid", "application/dicom", file).statusCode());
    assertEquals(404, door.get(Slices.path(15, 1) + "/metadata").statusCode());
  }

  @Test
  void anInstanceBeyondTheLimitIsTooLargeAndOthersAreNot() throws Exception {
    byte[] large = Slices.file(Slices.picture(16, 1, 1024, 576));

    assertEquals(413, door.store(large).statusCode());
    assertEquals(202, door.store(large, Slices.file(16, 2)).statusCode());
    assertEquals(404, door.get(Slices.path(16, 1) + "/metadata").statusCode());
  }

  @Test
  void oneBadPartAmongFiftyFailsAloneAndSaysWhy() throws Exception {
    byte[][] files = new byte[50][];
    for (int n = 0; n < 50; n++) files[n] = Slices.file(17, n + 1);
    files[20] = Slices.file(Slices.picture(17, 21, 16, 1).remove(Tag.SERIES_INSTANCE_UID));

    HttpResponse<byte[]> answer = door.store(files);

    assertEquals(202, answer.statusCode());
    assertEquals(49, json(answer).at("/00081199/Value").size());
    assertEquals(1, json(answer).at("/00081198/Value").size());
    assertEquals(43264, reason(answer));
    assertEquals(Slices.instance(17, 21), json(answer).at("/00081198/Value/0/00081155/Value/0").asText());
    assertEquals("DICOM100: (0020,000E) is missing",
        json(answer).at("/00081198/Value/0/00741048/Value/0/00000902/Value/0").asText());
    assertEquals(49, json(door.get("/studies/" + Slices.study(17) + "/instances")).size());
  }

  @Test
  void aBodyUnderAnotherBoundaryStoresNothingAndIsNoSuccess() throws Exception {
    byte[] body = Slices.multipart("other", Slices.file(18, 1));

    HttpResponse<byte[]> answer = door.post("/studies", WebDoor.MULTIPART, body);

    assertEquals(400, answer.statusCode());
    assertTrue(text(answer).contains("before the closing boundary"), text(answer));
    assertEquals(404, door.get(Slices.path(18, 1)).statusCode());
  }

  @Test
  @org.junit.jupiter.api.Tag("full")
  void aRequestOfEndlessPartsIsEnded() throws Exception {
    String part = "--b\r\nContent-Type: text/plain\r\n\r\nx\r\n";
    byte[] body = (part.repeat(StoreTransaction.MOST_PARTS + 1) + "--b--\r\n").getBytes(StandardCharsets.US_ASCII);

    HttpResponse<byte[]> answer = door.post("/studies", WebDoor.MULTIPART, body);

    assertEquals(400, answer.statusCode());
    assertTrue(text(answer).contains("at most 100000 parts"), () -> text(answer).substring(0, 400));
  }
}

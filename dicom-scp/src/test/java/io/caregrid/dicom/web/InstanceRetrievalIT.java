package io.caregrid.dicom.web;

import static io.caregrid.dicom.web.Answers.header;
import static io.caregrid.dicom.web.Answers.parts;
import static io.caregrid.dicom.web.Answers.type;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.caregrid.dicom.data.Part10;
import io.caregrid.dicom.data.Source;
import io.caregrid.dicom.data.TransferSyntax;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** WADO-RS instances and frames as their clients see them: which form they get, and when none. */
@ExtendWith(Engines.class)
class InstanceRetrievalIT {
  private static final String JPEG_LS = "1.2.840.10008.1.2.4.80";
  private static final String MPEG4 = "1.2.840.10008.1.2.4.102";
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
  void largeOnesComeBackByteForByteWithTheirLengthSaid() throws Exception {
    byte[] large = Slices.file(Slices.picture(20, 1, 1024, 448));
    byte[] small = Slices.file(20, 2);
    door.stored(large, small);

    HttpResponse<byte[]> alone = door.get(Slices.path(20, 1), "Accept", WebDoor.AS_KEPT);
    HttpResponse<byte[]> study = door.get("/studies/" + Slices.study(20), "Accept", WebDoor.ANY);

    assertArrayEquals(large, alone.body());
    assertEquals(String.valueOf(large.length), header(alone, "Content-Length"));
    assertEquals("application/dicom; transfer-syntax=1.2.840.10008.1.2.1", header(alone, "Content-Type"));
    List<byte[]> parts = parts(study).stream().sorted(Comparator.comparingInt(part -> part.length)).toList();
    assertEquals(2, parts.size());
    assertArrayEquals(small, parts.get(0));
    assertArrayEquals(large, parts.get(1));
    assertEquals(String.valueOf(study.body().length), header(study, "Content-Length"));
  }

  @Test
  void whatCannotBeDecodedGoesAsItIsOrNotAtAll() throws Exception {
    byte[] lossless = Slices.opaque(22, 1, JPEG_LS);
    byte[] video = Slices.opaque(22, 2, MPEG4);
    door.stored(lossless, video, Slices.file(22, 3));

    assertArrayEquals(lossless, door.get(Slices.path(22, 1), "Accept", WebDoor.AS_KEPT).body());
    assertEquals(406, door.get(Slices.path(22, 1)).statusCode());
    assertEquals(406, door.get("/studies/" + Slices.study(22)).statusCode());
    assertEquals(406,
        door.get("/studies/" + Slices.study(22), "Accept", WebDoor.ANY.replace("*", "1.2.840.10008.1.2.1"))
            .statusCode());
    assertEquals(3, parts(door.get("/studies/" + Slices.study(22), "Accept", WebDoor.ANY)).size());
    assertArrayEquals(video, parts(door.get(Slices.path(22, 2))).get(0), "PS3.18 8.7.3.5: lossy, so as it is kept");
    assertArrayEquals(new byte[] {1, 2, 3, 4}, parts(door.get(Slices.path(22, 1) + "/frames/1", "Accept",
        "multipart/related; type=\"image/jls\"")).get(0));
    assertArrayEquals(new byte[] {1, 2, 3, 4}, door.get(Slices.path(22, 1) + "/frames/1", "Accept",
        "application/octet-stream; transfer-syntax=*").body());
    assertEquals("image/jls", type(door.get(Slices.path(22, 1) + "/frames/1")));
    assertEquals(406,
        door.get(Slices.path(22, 1) + "/frames/1", "Accept", "multipart/related; type=application/octet-stream")
            .statusCode());
    assertEquals(406, door.get(Slices.path(22, 1) + "/rendered").statusCode());
  }

  /** PS3.5 8.2.7: a video is one fragment of many frames. */
  @Test
  void aVideoIsGivenAsOnePieceWhereItsBulkDataIsNamed() throws Exception {
    door.stored(Slices.opaque(30, 1, MPEG4, 25));
    String path = Slices.path(30, 1) + "/bulkdata/7FE00010";
    byte[] video = {1, 2, 3, 4};

    HttpResponse<byte[]> answer = door.get(path);
    assertEquals(1, parts(answer).size());
    assertArrayEquals(video, parts(answer).get(0));
    assertEquals("video/mp4", type(answer));
    assertArrayEquals(video, door.get(path, "Accept", "video/mp4").body());
    assertArrayEquals(video, door.get(path, "Accept", "application/octet-stream; transfer-syntax=*").body());
    assertEquals(406, door.get(path, "Accept", "application/octet-stream").statusCode());
    assertEquals(406, door.get(Slices.path(30, 1) + "/frames/2").statusCode());
  }

  @Test
  void whatNoMemoryHereDecodesIsTooLargeUnlessItIsAcceptableAsItIsKept() throws Exception {
    byte[] large = Slices.opaque(31, 1, "1.2.840.10008.1.2.4.90", 1, 60_000);
    door.stored(large);

    assertEquals(413, door.get(Slices.path(31, 1)).statusCode());
    assertEquals(413, door.get("/studies/" + Slices.study(31)).statusCode());
    assertArrayEquals(large, door.get(Slices.path(31, 1), "Accept", WebDoor.AS_KEPT).body());
  }

  @Test
  void whatWasPromisedToBeDecodableAndIsNotIsRefusedBeforeTheFirstByte() throws Exception {
    byte[] broken = Slices.opaque(23, 1, "1.2.840.10008.1.2.4.70");
    door.stored(broken);

    assertEquals(406, door.get(Slices.path(23, 1)).statusCode());
    assertArrayEquals(broken, door.get(Slices.path(23, 1), "Accept", WebDoor.AS_KEPT).body());
  }

  @Test
  void everyUncompressedSyntaxBecomesExplicitLittleEndianAndComesBackAsItWas() throws Exception {
    List<TransferSyntax> syntaxes = List.of(TransferSyntax.IMPLICIT_LE, TransferSyntax.EXPLICIT_BE,
        TransferSyntax.DEFLATED_LE);
    for (int n = 0; n < syntaxes.size(); n++) {
      byte[] file = Slices.file(Slices.picture(24, n + 1, 16, 2), syntaxes.get(n));
      door.stored(file);
      String path = Slices.path(24, n + 1);

      byte[] plain = parts(door.get(path)).get(0);
      Part10 read = Part10.read(Source.of(ByteBuffer.wrap(plain)));

      assertEquals(TransferSyntax.EXPLICIT_LE, read.syntax());
      assertArrayEquals(Slices.pixels(n + 1, 32),
          Arrays.copyOfRange(plain, plain.length - 32 * Slices.COLUMNS, plain.length));
      assertArrayEquals(file, parts(door.get(path, "Accept", WebDoor.ANY)).get(0));
      byte[] second = Arrays.copyOfRange(Slices.pixels(n + 1, 32), 16 * Slices.COLUMNS, 32 * Slices.COLUMNS);
      assertArrayEquals(second, parts(door.get(path + "/frames/2")).get(0));
      assertArrayEquals(second, door.get(path + "/frames/2", "Accept", "application/octet-stream").body());
    }
  }

  @Test
  void rleIsMadeOnRequest() throws Exception {
    door.stored(Slices.file(25, 1));

    byte[] packed = door.get(Slices.path(25, 1), "Accept", "application/dicom; transfer-syntax=1.2.840.10008.1.2.5")
        .body();

    assertEquals(TransferSyntax.RLE, Part10.read(Source.of(ByteBuffer.wrap(packed))).syntax());
    assertEquals(406,
        door.get(Slices.path(25, 1), "Accept", "application/dicom; transfer-syntax=1.2.840.10008.1.2.4.50")
            .statusCode());
    assertEquals(406,
        door.get(Slices.path(25, 1), "Accept", "application/dicom; transfer-syntax=1.2.840.10008.1.2").statusCode());
  }
}

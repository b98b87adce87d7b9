package io.caregrid.dicom.web;

import static io.caregrid.dicom.web.Answers.header;
import static io.caregrid.dicom.web.Answers.json;
import static io.caregrid.dicom.web.Answers.parts;
import static io.caregrid.dicom.web.Answers.text;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.dicom.data.DataSet;
import io.caregrid.dicom.data.Element;
import io.caregrid.dicom.data.Tag;
import io.caregrid.dicom.data.TransferSyntax;
import io.caregrid.dicom.data.Value;
import io.caregrid.dicom.data.Vr;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What belongs to all resources: entity tags, metadata with its bulk data, removing, and what is not there. */
@ExtendWith(Engines.class)
class DicomWebIT {
  private static final Path OPEN_FILES = Path.of("/proc/self/fd");
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
  void theSameQuestionGetsTheSameTagAndThenNothing() throws Exception {
    door.stored(Slices.file(21, 1));
    for (String path : List.of("", "/metadata", "/frames/1", "/rendered", "/thumbnail", "/bulkdata/7FE00010")) {
      HttpResponse<byte[]> first = door.get(Slices.path(21, 1) + path);
      String tag = header(first, "ETag");
      HttpResponse<byte[]> again = door.get(Slices.path(21, 1) + path, "If-None-Match", tag);

      assertEquals(200, first.statusCode(), path);
      assertEquals(304, again.statusCode(), path);
      assertEquals(0, again.body().length, path);
      assertEquals(tag, header(again, "ETag"), path);
      assertArrayEquals(first.body(), door.get(Slices.path(21, 1) + path).body(), path);
    }
    String metadata = "/studies/" + Slices.study(21) + "/metadata";
    String before = header(door.get(metadata), "ETag");
    door.stored(Slices.file(21, 2));
    assertEquals(200, door.get(metadata, "If-None-Match", before).statusCode());
    assertNotEquals(header(door.get(Slices.path(21, 1), "Accept", WebDoor.AS_KEPT), "ETag"),
        header(door.get(Slices.path(21, 1)), "ETag"));
  }

  @Test
  void everyBulkDataUriLeadsToItsBytes() throws Exception {
    byte[] nested = new byte[3000];
    Arrays.fill(nested, (byte) 7);
    byte[] large = new byte[200_000];
    Arrays.fill(large, (byte) 9);
    byte[] words = Slices.pixels(5, 1024);
    for (TransferSyntax syntax : List.of(TransferSyntax.EXPLICIT_LE, TransferSyntax.EXPLICIT_BE,
        TransferSyntax.DEFLATED_LE)) {
      int n = syntax.bigEndian() ? 2 : syntax.deflated() ? 3 : 1;
      DataSet item = new DataSet(TransferSyntax.EXPLICIT_LE)
          .put(new Element(0x00420011, Vr.OB, new Value.Bytes(nested)));
      DataSet set = Slices.picture(26, n, 16, 1)
          .putItems(Tag.REFERENCED_IMAGE_SEQUENCE, item)
          .put(new Element(0x00420011, Vr.OB, new Value.Bytes(large)))
          .put(new Element(0x00091010, Vr.US, new Value.Bytes(words)));
      door.stored(Slices.file(set, syntax));

      JsonNode metadata = json(door.get(Slices.path(26, n) + "/metadata")).get(0);

      String pixels = metadata.at("/7FE00010/BulkDataURI").asText();
      assertEquals(door.base() + Slices.path(26, n) + "/bulkdata/7FE00010", pixels);
      assertArrayEquals(Slices.pixels(n, 16), parts(door.get(pixels)).get(0));
      assertArrayEquals(large,
          door.get(metadata.at("/00420011/BulkDataURI").asText(), "Accept", "application/octet-stream").body());
      assertArrayEquals(words,
          door.get(metadata.at("/00091010/BulkDataURI").asText(), "Accept", "application/octet-stream").body());
      assertArrayEquals(nested,
          parts(door.get(metadata.at("/00081140/Value/0/00420011/BulkDataURI").asText())).get(0));
    }
    assertEquals(404, door.get(Slices.path(26, 1) + "/bulkdata/00081140/2/00420011").statusCode());
    assertEquals(404, door.get(Slices.path(26, 1) + "/bulkdata/00420012").statusCode());
    assertEquals(400, door.get(Slices.path(26, 1) + "/bulkdata/nonsense").statusCode());
  }

  @Test
  void metadataIsCompressedWhenTheClientAllowsItAndPicturesAreNot() throws Exception {
    door.stored(Slices.file(28, 1));

    assertEquals("gzip",
        header(door.get(Slices.path(28, 1) + "/metadata", "Accept-Encoding", "gzip"), "Content-Encoding"));
    assertNotEquals("gzip", header(door.get(Slices.path(28, 1), "Accept-Encoding", "gzip"), "Content-Encoding"));
  }

  @Test
  void whatIsRemovedIsGoneAndAskingAgainIsNotFound() throws Exception {
    door.stored(Slices.file(33, 1), Slices.file(33, 2), Slices.file(33, 3));
    String study = "/studies/" + Slices.study(33);

    assertEquals(204, door.delete(Slices.path(33, 1)).statusCode());
    assertEquals(404, door.delete(Slices.path(33, 1)).statusCode());
    assertEquals(404, door.get(Slices.path(33, 1)).statusCode());
    assertEquals(2, json(door.get(study + "/metadata")).size());
    assertEquals(204, door.delete(study + "/series/" + Slices.series(33)).statusCode());
    assertEquals(404, door.delete(study).statusCode());
    assertEquals(204, door.get("/studies?StudyInstanceUID=" + Slices.study(33)).statusCode());
    assertEquals(400, door.delete("/studies/not%20a%20uid").statusCode());
    door.stored(Slices.file(33, 1));
    assertEquals(204, door.delete(study).statusCode());
  }

  @Test
  void unknownThingsAreNamedInTheAnswer() throws Exception {
    door.stored(Slices.file(34, 1));
    String study = "/studies/" + Slices.study(34);

    assertTrue(text(door.get("/studies/1.2.3")).contains("there is no such study"));
    assertTrue(text(door.get(study + "/series/1.2.3")).contains("there is no such series in this study"));
    assertTrue(text(door.get(study + "/series/" + Slices.series(34) + "/instances/1.2.3/metadata"))
        .contains("there is no such instance in this study and series"));
    assertTrue(text(door.get(Slices.path(34, 1) + "/frames/1,0")).contains("frames must be whole numbers"));
  }

  /** While its client reads it: a slow one must not take the disk that all answers share. */
  @Test
  void aLargeDeflatedValueIsInflatedPartByPart() throws Exception {
    assumeTrue(Files.isDirectory(OPEN_FILES), "this system does not show open files");
    byte[] large = new byte[24 << 20];
    Arrays.fill(large, (byte) 9);
    DataSet set = Slices.picture(32, 1, 16, 1).put(new Element(0x00420011, Vr.OB, new Value.Bytes(large)));
    door.stored(Slices.file(set, TransferSyntax.DEFLATED_LE));
    URI where = URI.create(door.base() + Slices.path(32, 1) + "/bulkdata/00420011");
    long most = 0;
    long length = 0;

    try (InputStream body = where.toURL().openStream()) {
      for (byte[] piece = body.readNBytes(64 << 10); piece.length > 0; piece = body.readNBytes(64 << 10)) {
        length += piece.length;
        most = Math.max(most, waiting());
      }
    }

    long spooled = most;
    assertTrue(length > large.length, () -> "only a part came");
    assertTrue(spooled <= 2 << 20, () -> spooled + " bytes waited on the disk");
  }

  /** Bytes of the files in which answers wait, which have no name any more. */
  private static long waiting() throws IOException {
    long bytes = 0;
    try (Stream<Path> all = Files.list(OPEN_FILES)) {
      for (Path one : all.toList()) {
        String before = target(one);
        long length = one.toFile().length();
        if (before.startsWith(door.scratch.toString()) && before.equals(target(one))) bytes += length;
      }
    }
    return bytes;
  }

  /** Empty when it was closed since it was listed; its number may be another file's by now. */
  private static String target(Path open) throws IOException {
    try {
      return Files.readSymbolicLink(open).toString();
    } catch (NoSuchFileException closed) {
      return "";
    }
  }
}

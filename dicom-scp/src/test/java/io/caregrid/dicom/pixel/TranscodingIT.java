package io.caregrid.dicom.pixel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.dicom.data.DataSet;
import io.caregrid.dicom.data.DicomException;
import io.caregrid.dicom.data.DicomJson;
import io.caregrid.dicom.data.Limits;
import io.caregrid.dicom.data.Part10;
import io.caregrid.dicom.data.Source;
import io.caregrid.dicom.data.Tag;
import io.caregrid.dicom.data.TransferSyntax;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An instance of ours in another transfer syntax is what DCMTK makes of it, and DCMTK reads it without a word. */
class TranscodingIT {
  private static final List<TransferSyntax> NATIVE = List.of(TransferSyntax.EXPLICIT_LE, TransferSyntax.IMPLICIT_LE,
      TransferSyntax.EXPLICIT_BE, TransferSyntax.DEFLATED_LE);
  private static final Map<String, String> TOOLS = Map.of("1.2.840.10008.1.2.5", "dcmdrle", "1.2.840.10008.1.2.4.50",
      "dcmdjpeg",
      "1.2.840.10008.1.2.4.70", "dcmdjpeg", "1.2.840.10008.1.2.4.57", "dcmdjpeg");
  private static final Map<String, String> DIFFERENT = Map.of(
      // says RGB and is YCbCr: DecodedPixelsIT tells how that shows; dcmdjpeg believes it
      "SC_rgb_jpeg_lossy_gdcm.dcm", "pixels");

  @TempDir
  Path folder;

  @BeforeEach
  void judges() throws Exception {
    Judges.require();
  }

  @Test
  void decompressedFilesAreThoseOfDcmtk() throws Exception {
    TreeMap<String, String> differences = new TreeMap<>();
    int compared = 0;
    for (Path file : decodable()) {
      String tool = tool(file);
      Path theirs = folder.resolve("theirs.dcm");
      if (tool == null || !Judges.runs(tool, file.toString(), theirs.toString())) continue;
      Path ours = transcoded(file, TransferSyntax.EXPLICIT_LE);
      compared++;
      if (!shown(theirs).equals(shown(ours)))
        differences.put(file.getFileName().toString(), difference(shown(theirs), shown(ours)));
      else
        if (!List.of(pixels(theirs)).equals(List.of(pixels(ours))))
          differences.put(file.getFileName().toString(), "pixels");
    }

    assertEquals(new TreeMap<>(DIFFERENT), differences);
    assertTrue(compared > 20, compared + " files");
  }

  @Test
  @org.junit.jupiter.api.Tag("full")
  void everySyntaxThatWeWriteIsReadByDcmdumpWithoutAWordAndHoldsTheSamePixels() throws Exception {
    List<String> said = new ArrayList<>();
    int written = 0;
    for (Path file : decodable())
      for (TransferSyntax target : NATIVE) {
        Path ours = transcoded(file, target);
        String words = Judges.run("dcmdump", "-q", ours.toString());
        if (!words.isBlank() && words.lines().anyMatch(line -> line.startsWith("W:") || line.startsWith("E:")))
          said.add(file.getFileName() + " " + target.uid() + ": " + words.lines().findFirst().orElse(""));
        assertEquals(target, Part10.read(Judges.source(ours)).syntax());
        assertEquals(pixels(file), pixels(ours), file.getFileName() + " " + target.uid());
        written++;
      }

    assertEquals(List.of(), said);
    assertTrue(written > 150, written + " files");
  }

  @Test
  @org.junit.jupiter.api.Tag("full")
  void rleOfOursIsReadByDcmtkAndGivesThePixelsBack() throws Exception {
    int written = 0;
    for (Path file : decodable()) {
      PixelFormat format = Pixels.open(Judges.source(file)).decodedFormat();
      if (format.allocated() < 8 || format.isSubsampled()) continue;
      Path ours = transcoded(file, TransferSyntax.RLE);
      Path back = folder.resolve("back.dcm");
      Judges.run("dcmdrle", ours.toString(), back.toString());

      assertEquals(pixels(file), pixels(back), file.getFileName().toString());
      written++;
    }
    assertTrue(written > 40, written + " files");
  }

  @Test
  void lossyPicturesAreMarkedAsLossyAndKeepTheirName() throws Exception {
    Path file = Judges.file("SC_rgb_jpeg_dcmtk.dcm");
    DataSet before = set(file);
    DataSet after = set(transcoded(file, TransferSyntax.EXPLICIT_LE));

    assertEquals("01", after.text(Tag.LOSSY_IMAGE_COMPRESSION));
    assertEquals("ISO_10918_1", after.text(Tag.LOSSY_IMAGE_COMPRESSION_METHOD));
    assertEquals("RGB", after.text(Tag.PHOTOMETRIC_INTERPRETATION));
    assertEquals(before.text(Tag.SOP_INSTANCE_UID), after.text(Tag.SOP_INSTANCE_UID));
  }

  @Test
  void whatCannotBeDoneIsRefusedBeforeTheFirstByte() throws Exception {
    for (String name : List.of("JPEG-lossy.dcm", "MR_small_jpeg_ls_lossless.dcm")) {
      Source source = Judges.source(Judges.file(name));
      PixelException refused = assertThrows(PixelException.class,
          () -> Transcoding.of(source, TransferSyntax.EXPLICIT_LE));
      assertEquals(PixelException.Why.UNSUPPORTED, refused.why);
    }
    Source plain = Judges.source(Judges.file("CT_small.dcm"));
    assertEquals(PixelException.Why.UNSUPPORTED,
        assertThrows(PixelException.class, () -> Transcoding.of(plain, TransferSyntax.JPEG_BASELINE)).why);
  }

  @Test
  void anInstanceWithoutPixelsGoesToo() throws Exception {
    Path report = Judges.file("reportsi.dcm");
    Path ours = transcoded(report, TransferSyntax.IMPLICIT_LE);

    assertEquals(DicomJson.of(set(report), path -> null).size(), DicomJson.of(set(ours), path -> null).size());
    assertTrue(Judges.runs("dcmdump", ours.toString()));
  }

  private List<Path> decodable() throws IOException {
    List<Path> decodable = new ArrayList<>();
    for (Path file : Judges.files()) {
      try {
        Pixels.open(Judges.source(file)).decoded(1);
        decodable.add(file);
      } catch (PixelException | DicomException refused) {
        // DecodedPixelsIT lists them
      }
    }
    return decodable;
  }

  private static String tool(Path file) throws IOException {
    try {
      return TOOLS.get(Part10.read(Judges.source(file)).syntax().uid());
    } catch (DicomException notDicom) {
      return null;
    }
  }

  private Path transcoded(Path file, TransferSyntax target) throws IOException {
    Path ours = folder.resolve("ours.dcm");
    try (OutputStream out = Files.newOutputStream(ours)) {
      Transcoding.of(Judges.source(file), target).write(out);
    }
    return ours;
  }

  private static DataSet set(Path file) throws IOException {
    Source source = Judges.source(file);
    return Part10.read(source).dataSet(source, Limits.WHOLE);
  }

  /** Everything but the pixels. */
  private static ObjectNode shown(Path file) throws IOException {
    ObjectNode shown = DicomJson.of(set(file), path -> null);
    shown.remove("7FE00010");
    return shown;
  }

  private static String pixels(Path file) throws IOException {
    Pixels pixels = Pixels.open(Judges.source(file));
    StringBuilder digests = new StringBuilder();
    for (int frame = 1; frame <= pixels.frames(); frame++)
      digests.append(java.util.Arrays.hashCode(pixels.decoded(frame))).append(' ');
    return digests.append(pixels.decodedFormat().photometric()).toString();
  }

  private static String difference(ObjectNode theirs, ObjectNode ours) {
    List<String> all = new ArrayList<>();
    theirs.fieldNames().forEachRemaining(tag -> {
      if (!theirs.get(tag).equals(ours.get(tag))) all.add(tag + " " + theirs.get(tag) + " here " + ours.get(tag));
    });
    ours.fieldNames()
        .forEachRemaining(tag -> {
          if (!theirs.has(tag)) all.add(tag + " only here " + ours.get(tag));
        });
    return String.join("; ", all);
  }
}

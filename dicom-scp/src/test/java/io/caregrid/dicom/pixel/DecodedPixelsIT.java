package io.caregrid.dicom.pixel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.dicom.data.DicomException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Our pixels are those of DCMTK and of pydicom, bit for bit but for what is listed here with its reason. */
class DecodedPixelsIT {
  private static final Map<String, String> DIFFERENT = Map.of(
      // no lossless stream, and the two wavelet decoders round differently
      "JPEG2000.dcm.pydicom", "by at most 1",
      // OW is words of 16 bits however many are allocated (PS3.5 7.3), so DCMTK and we swap two bytes; pydicom swaps four
      "rtdose_expb.dcm.pydicom", "by at most 255", "rtdose_expb_1frame.dcm.pydicom", "by at most 255",
      // says RGB without a JFIF or Adobe segment, but its second and third component have half the resolution: it is YCbCr
      "SC_rgb_jpeg_lossy_gdcm.dcm.pydicom", "by at most 255", "SC_rgb_jpeg_lossy_gdcm.dcm.dcmtk", "by at most 255",
      // no decoder of 12 bits here
      "JPEG-lossy.dcm.dcmtk", "UNSUPPORTED a JPEG stream of process c1 with 12 bits",
      "JPGExtended.dcm.dcmtk", "UNSUPPORTED a JPEG stream of process c1 with 12 bits");

  /** Of pydicom's files with pixels: what is not decoded, and what is said of it. */
  private static final Map<String, String> REFUSED = Map.of(
      "JPEG-lossy.dcm", "UNSUPPORTED a JPEG stream of process c1 with 12 bits",
      "JPGExtended.dcm", "UNSUPPORTED a JPEG stream of process c1 with 12 bits",
      "MR_small_jpeg_ls_lossless.dcm", "UNSUPPORTED transfer syntax 1.2.840.10008.1.2.4.80 is not decoded here",
      "JPEG2000-embedded-sequence-delimiter.dcm", "UNSUPPORTED a JPEG 2000 stream with extensions of part 2 or 15",
      "MR_truncated.dcm", "(7FE0,0010) at 1500 claims 8192 bytes, 8130 are left",
      "meta_missing_tsyntax.dcm", "BROKEN (0028,0100) Bits Allocated is missing",
      "nested_priv_SQ.dcm", "BROKEN (0028,0100) Bits Allocated is missing");

  @TempDir
  Path folder;

  @BeforeEach
  void judges() throws Exception {
    Judges.require();
  }

  @Test
  void everyFileOfPydicomDecodesAsDcmtkAndPydicomDecodeIt() throws Exception {
    Judges.decodeFiles(folder);

    TreeMap<String, String> differences = differences(Judges.files());

    assertEquals(new TreeMap<>(DIFFERENT), differences);
  }

  @Test
  void whatIsNotDecodedIsRefusedWithItsReason() throws Exception {
    TreeMap<String, String> refused = new TreeMap<>();
    for (Path file : Judges.files()) {
      String answer = answer(file);
      if (answer != null && !answer.startsWith("NO_PIXELS") && !answer.startsWith("not DICOM"))
        refused.put(file.getFileName().toString(), answer);
    }
    refused.remove("rtplan_truncated.dcm");

    assertEquals(new TreeMap<>(REFUSED), refused);
  }

  @Test
  @Tag("full")
  void losslessJpegOfEveryPredictorGivesTheOriginalBack() throws Exception {
    int compared = 0;
    for (String name : List.of("CT_small", "MR_small", "SC_rgb_jpeg_dcmd", "SC_rgb_small_odd", "image_dfl",
        "ExplVR_BigEnd")) {
      Path original = Judges.file(name + ".dcm");
      for (int predictor = 1; predictor <= 7; predictor++) {
        Path compressed = folder.resolve(name + predictor + ".dcm");
        Judges.run("dcmcjpeg", "+el", "+sv", String.valueOf(predictor), original.toString(), compressed.toString());
        assertArrayEquals(interleaved(original), decoded(compressed), compressed.getFileName().toString());
        compared++;
      }
    }
    assertEquals(42, compared);
  }

  @Test
  void framesInManyFragmentsAndWithoutOffsetTableAreFound() throws Exception {
    for (String name : List.of("SC_rgb_rle_2frame", "SC_rgb_rle_16bit_2frame")) {
      Path original = folder.resolve(name + ".dcm");
      Judges.run("dcmdrle", Judges.file(name + ".dcm").toString(), original.toString());
      for (String table : List.of("-ot", "+ot")) {
        Path compressed = folder.resolve(name + table + ".dcm");
        Judges.run("dcmcjpeg", "+e1", "+fs", "1", table, original.toString(), compressed.toString());
        Pixels pixels = Pixels.open(Judges.source(compressed));

        assertEquals(2, pixels.frames());
        assertArrayEquals(decoded(original), decoded(compressed), compressed.getFileName().toString());
      }
    }
  }

  @Test
  void baselineJpegOfDcmtkDecodesAsDcmtkDecodesIt() throws Exception {
    Path compressed = Files.createDirectory(folder.resolve("compressed"));
    for (String name : List.of("SC_rgb_jpeg_dcmd", "SC_rgb_small_odd", "image_dfl", "ExplVR_BigEnd"))
      for (List<String> how : List.of(List.of("+cy", "+s4"), List.of("+cy", "+s2"), List.of("+cr", "+s4"))) {
        Path file = compressed.resolve(name + String.join("", how) + ".dcm");
        Judges.run("dcmcjpeg", "+eb", how.get(0), how.get(1), Judges.file(name + ".dcm").toString(),
            file.toString());
      }
    Judges.decode(compressed, folder);

    TreeMap<String, String> differences = differences(Judges.files(compressed));
    differences.keySet().removeIf(name -> name.endsWith(".pydicom"));

    assertEquals(new TreeMap<>(), differences);
    assertEquals(12, Judges.files(compressed).size());
  }

  /** {@code NAME.judge} → how far apart; nothing where they are the same. Every file that a judge decodes must be here. */
  private TreeMap<String, String> differences(List<Path> files) throws IOException {
    TreeMap<String, String> differences = new TreeMap<>();
    int compared = 0;
    for (Path file : files)
      for (String judge : List.of(".dcmtk", ".pydicom")) {
        String name = file.getFileName() + judge;
        if (!Files.exists(folder.resolve(name))) continue;
        String difference = difference(Files.readAllBytes(folder.resolve(name)), file);
        if (difference != null) differences.put(name, difference);
        compared++;
      }
    assertTrue(compared >= files.size() / 2, compared + " comparisons of " + files.size() + " files");
    return differences;
  }

  private static String difference(byte[] theirs, Path file) throws IOException {
    String refused = answer(file);
    if (refused != null) return refused;
    byte[] ours = decoded(file);
    if (ours.length != theirs.length) return theirs.length + " bytes there, " + ours.length + " here";
    int most = 0;
    for (int i = 0; i < ours.length; i++) most = Math.max(most, Math.abs((ours[i] & 0xFF) - (theirs[i] & 0xFF)));
    return most == 0 ? null : "by at most " + most;
  }

  private static String answer(Path file) throws IOException {
    try {
      decoded(file);
      return null;
    } catch (PixelException refused) {
      return refused.why + " " + refused.getMessage();
    } catch (DicomException refused) {
      return refused.getMessage();
    }
  }

  private static byte[] decoded(Path file) throws IOException {
    Pixels pixels = Pixels.open(Judges.source(file));
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (int frame = 1; frame <= pixels.frames(); frame++) all.writeBytes(pixels.decoded(frame));
    return all.toByteArray();
  }

  /** Colour comes out of JPEG pixel after pixel, however it went in. */
  private static byte[] interleaved(Path file) throws IOException {
    PixelFormat format = Pixels.open(Judges.source(file)).format();
    return format.byPlane() ? Color.rgb(decoded(file), format) : decoded(file);
  }
}

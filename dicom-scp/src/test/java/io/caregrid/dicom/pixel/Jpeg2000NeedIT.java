package io.caregrid.dicom.pixel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.github.jaiimageio.jpeg2000.J2KImageWriteParam;
import com.github.jaiimageio.jpeg2000.impl.J2KImageWriterSpi;
import io.caregrid.dicom.data.TransferSyntax;
import java.awt.image.BufferedImage;
import java.awt.image.WritableRaster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** JPEG 2000 frames are decoded in the memory that is leased for them, and large radiographs fit into a node of usual size. */
class Jpeg2000NeedIT {
  private static final int SIDE = 2000;
  /** Of a process that decodes nothing. */
  private static final int IDLE_MB = 8;
  private static final int SECONDS = 120;
  private static final int MB = 1 << 20;

  @TempDir
  Path folder;

  @Test
  @Tag("full")
  void framesAreDecodedInTheMemoryThatIsLeasedForThem() throws Exception {
    for (String kind : List.of("16 1 lossless", "8 1 lossless", "8 3 lossless", "16 1 lossy")) {
      PixelFormat format = format(SIDE, kind);
      Path stream = folder.resolve("stream");
      Files.write(stream, stream(format, kind.endsWith("lossless")));
      long need = Codec.JPEG_2000.working(Files.size(stream), format);

      assertTrue(decodes(stream, kind, need / MB + IDLE_MB), () -> kind + " not in " + need + " bytes");
    }
  }

  /** Of a heap of 1 GB 211 MB are for one picture, some of them for its data set. */
  @Test
  void aRadiographOfNineMillionPixelsFitsIntoANodeOfUsualSize() {
    long stored = 9_000_000 * 7 / 10;

    assertTrue(Codec.JPEG_2000.working(stored, format(3000, "16 1 lossless")) < 200L << 20);
  }

  private static PixelFormat format(int side, String kind) {
    String[] words = kind.split(" ");
    int bits = Integer.parseInt(words[0]);
    int samples = Integer.parseInt(words[1]);
    return new PixelFormat(side, side, samples, bits, bits, bits - 1, false, false, false,
        samples == 1 ? Photometric.MONOCHROME2 : Photometric.RGB, 1);
  }

  /** Waves under a little noise. */
  private byte[] stream(PixelFormat format, boolean lossless) throws IOException {
    BufferedImage image = new BufferedImage(SIDE, SIDE, format.samples() == 3
        ? BufferedImage.TYPE_INT_RGB
        : format.allocated() == 16 ? BufferedImage.TYPE_USHORT_GRAY : BufferedImage.TYPE_BYTE_GRAY);
    WritableRaster raster = image.getRaster();
    Random noise = new Random(1);
    int most = (1 << format.allocated()) - 1;
    for (int y = 0; y < SIDE; y++)
      for (int x = 0; x < SIDE; x++)
        for (int sample = 0; sample < format.samples(); sample++)
          raster.setSample(x, y, sample,
              (int) (most * (0.5 + 0.3 * Math.sin(x / 200.0) * Math.cos(y / 150.0) + 0.05 * noise.nextDouble())));
    ImageWriter writer = new J2KImageWriterSpi().createWriterInstance();
    J2KImageWriteParam how = (J2KImageWriteParam) writer.getDefaultWriteParam();
    how.setLossless(lossless);
    if (!lossless) how.setFilter(J2KImageWriteParam.FILTER_97);
    Path file = Files.createTempFile(folder, "written", "");
    try (ImageOutputStream out = ImageIO.createImageOutputStream(file.toFile())) {
      writer.setOutput(out);
      writer.write(null, new IIOImage(image, null, null), how);
    }
    return Files.readAllBytes(file);
  }

  private static boolean decodes(Path stream, String kind, long heapMb) throws Exception {
    Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-Xmx" + heapMb + "m", "-XX:+UseSerialGC", "-cp", System.getProperty("java.class.path"),
        Jpeg2000NeedIT.class.getName(), stream.toString(), kind)
        .redirectErrorStream(true)
        .redirectOutput(Path.of("target", "jpeg2000-need.txt").toFile())
        .start();
    assertTrue(process.waitFor(SECONDS, TimeUnit.SECONDS), "still decoding");
    return process.exitValue() == 0;
  }

  /** Decodes in a process of its own: a stream, and of what kind it is. */
  public static void main(String[] where) throws IOException {
    PixelFormat format = format(SIDE, where[1]);
    assertEquals(format.frameBytes(),
        Codec.of(TransferSyntax.of("1.2.840.10008.1.2.4.90"))
            .decode(Files.readAllBytes(Path.of(where[0])), format).length);
  }
}

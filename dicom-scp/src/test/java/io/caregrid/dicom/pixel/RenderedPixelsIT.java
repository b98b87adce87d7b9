package io.caregrid.dicom.pixel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Our pictures are as bright as those that DCMTK draws. */
class RenderedPixelsIT {
  private static final int SIDE = 128;
  /** DCMTK cuts where we round, and inverts before it cuts. */
  private static final int NEAR = 2;
  @TempDir
  Path folder;

  @BeforeEach
  void judges() throws Exception {
    Judges.require();
  }

  /** Presentation LUT Shape, where there is one, says more than the photometric interpretation (PS3.3 C.11.6). */
  @ParameterizedTest
  @CsvSource({"MONOCHROME1,", "MONOCHROME1,IDENTITY", "MONOCHROME1,INVERSE", "MONOCHROME2,", "MONOCHROME2,IDENTITY",
    "MONOCHROME2,INVERSE"})
  void whatIsBrightForDcmtkIsBrightForUs(String photometric, String shape) throws Exception {
    Path file = changed("PhotometricInterpretation=" + photometric, "WindowCenter=500", "WindowWidth=1001");
    if (shape != null) Judges.run("dcmodify", "-nb", "-i", "PresentationLUTShape=" + shape, file.toString());

    assertEquals(List.of(), differences(file));
  }

  @Test
  void aWindowOfEveryFunctionIsDrawnAsDcmtkDrawsIt() throws Exception {
    for (String function : List.of("LINEAR", "SIGMOID"))
      for (String window : List.of("40 400", "-600 1500", "500 2000", "100 1")) {
        String[] numbers = window.split(" ");
        Path file = changed("WindowCenter=" + numbers[0], "WindowWidth=" + numbers[1], "VOILUTFunction=" + function);
        assertEquals(List.of(), differences(file), function + " " + window);
      }
  }

  private Path changed(String... attributes) throws IOException, InterruptedException {
    Path file = folder.resolve("changed.dcm");
    Files.deleteIfExists(file);
    Files.copy(Judges.file("CT_small.dcm"), file);
    List<String> command = new ArrayList<>(List.of("dcmodify", "-nb"));
    for (String attribute : attributes) command.addAll(List.of("-i", attribute));
    command.add(file.toString());
    Judges.run(command.toArray(String[]::new));
    return file;
  }

  /** Places, as {@code column,row theirs ours}, where the two pictures are not nearly the same. */
  private List<String> differences(Path file) throws IOException, InterruptedException {
    Path drawn = folder.resolve("dcmtk.pgm");
    Judges.run("dcm2pnm", "--write-raw-pnm", "+Wi", "1", file.toString(), drawn.toString());
    byte[] theirs = Files.readAllBytes(drawn);
    byte[] png = Renderer.render(Pixels.open(Judges.source(file)), 1,
        new Rendering(Rendering.Media.PNG, Rendering.GOOD, null, null, false));
    Raster ours = ImageIO.read(new ByteArrayInputStream(png)).getRaster();
    assertTrue(theirs.length > SIDE * SIDE);

    List<String> differences = new ArrayList<>();
    for (int at = 0; at < SIDE * SIDE; at++) {
      int their = theirs[theirs.length - SIDE * SIDE + at] & 0xFF;
      int our = ours.getSample(at % SIDE, at / SIDE, 0);
      if (Math.abs(their - our) > NEAR) differences.add(at % SIDE + "," + at / SIDE + " " + their + " " + our);
    }
    return differences.subList(0, Math.min(5, differences.size()));
  }
}

package io.caregrid.dicom.web;

import static io.caregrid.dicom.web.Answers.header;
import static io.caregrid.dicom.web.Answers.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.caregrid.dicom.data.Element;
import io.caregrid.dicom.data.Tag;
import io.caregrid.dicom.data.Value;
import io.caregrid.dicom.data.Vr;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** WADO-RS pictures as their clients see them. */
@ExtendWith(Engines.class)
class RenderedRetrievalIT {
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
  void picturesAreMadeToMeasure() throws Exception {
    door.stored(Slices.file(Slices.picture(27, 1, 32, 2)), Slices.file(Slices.attributes(27, 2)
        .putText(Tag.SOP_CLASS_UID,
            "1.2.840.10008.5.1.4.1.1.88.11")));
    String path = Slices.path(27, 1);

    assertEquals(16, picture(path + "/rendered", "image/png").getWidth());
    assertEquals(8, picture(path + "/rendered?viewport=8,16", "image/jpeg").getWidth());
    assertEquals(16, picture(path + "/frames/2/rendered?window=100,50,linear", "image/png").getWidth());
    assertEquals("image/jpeg", header(door.get(path + "/rendered?quality=10"), "Content-Type"));
    for (String level : List.of("/studies/" + Slices.study(27),
        "/studies/" + Slices.study(27) + "/series/" + Slices.series(27), path,
        path + "/frames/2"))
      assertEquals(64, picture(level + "/thumbnail", "image/jpeg").getWidth(), level);
    assertEquals(10, picture(path + "/thumbnail?viewport=10,20", "image/png").getWidth());
    for (String bad : List.of("viewport=0,8", "viewport=8", "window=1", "window=a,b", "quality=0", "quality=101",
        "quality=x"))
      assertEquals(400, door.get(path + "/rendered?" + bad).statusCode(), bad);
    assertEquals(404, door.get(path + "/frames/3/rendered").statusCode());
    assertEquals(404, door.get(Slices.path(27, 2) + "/rendered").statusCode());
    assertEquals(404, door.get(Slices.path(27, 2) + "/frames/1").statusCode());
    assertEquals(406, door.get(path + "/rendered", "Accept", "image/gif").statusCode());
  }

  @Test
  void overlaysAreDrawnForWhoeverAsksForThemAndOtherAnnotationsAreNotHeeded() throws Exception {
    door.stored(Slices.file(Slices.picture(28, 1, 16, 1)
        .putText(Tag.WINDOW_CENTER, "1000")
        .putText(Tag.WINDOW_WIDTH, "2000")
        .putNumbers(Tag.OVERLAY_ROWS, 1)
        .putNumbers(Tag.OVERLAY_COLUMNS, 1)
        .put(new Element(Tag.OVERLAY_DATA, Vr.OW, new Value.Bytes(new byte[] {1, 0})))));
    String path = Slices.path(28, 1) + "/rendered";

    assertEquals(0xFF, corner(path + "?annotation=overlay"));
    assertEquals(0xFF, corner(path + "?annotation=patient,overlay"));
    assertNotEquals(0xFF, corner(path));
    assertNotEquals(0xFF, corner(path + "?annotation=patient,technique"));
  }

  private static int corner(String path) throws Exception {
    return picture(path, "image/png").getRaster().getSample(0, 0, 0);
  }

  @Test
  void aPictureThatNoMemoryHoldsIsTooLarge() throws Exception {
    door.stored(Slices.file(Slices.picture(29, 1, 16, 1).putNumbers(Tag.ROWS, 40_000).putNumbers(Tag.COLUMNS, 40_000)));

    assertEquals(413, door.get(Slices.path(29, 1) + "/rendered").statusCode());
    assertEquals(413, door.get(Slices.path(29, 1) + "/thumbnail").statusCode());
    assertEquals(200, door.get(Slices.path(29, 1), "Accept", WebDoor.AS_KEPT).statusCode());
  }

  private static BufferedImage picture(String path, String type) throws Exception {
    HttpResponse<byte[]> answer = door.get(path, "Accept", type);
    assertEquals(200, answer.statusCode(), () -> text(answer));
    assertEquals(type, header(answer, "Content-Type"));
    return ImageIO.read(new ByteArrayInputStream(answer.body()));
  }
}

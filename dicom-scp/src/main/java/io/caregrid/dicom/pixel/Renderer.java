package io.caregrid.dicom.pixel;

import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** A frame as a picture for a screen. */
public final class Renderer {
  private Renderer() {}

  /**
   * @param frame counts from 1
   * @return a whole JPEG or PNG file
   * @throws PixelException           there is no such picture
   * @throws IllegalArgumentException the viewport's region lies outside of it
   */
  public static byte[] render(Pixels pixels, int frame, Rendering how) {
    Picture picture = picture(pixels, frame, how.window());
    if (how.viewport() != null) picture = picture.through(how.viewport());
    return encode(picture, how);
  }

  private static Picture picture(Pixels pixels, int frame, Window window) {
    PixelFormat format = pixels.decodedFormat();
    byte[] decoded = pixels.decoded(frame);
    if (format.samples() > 1) return new Picture(format.columns(), format.rows(), 3, Color.rgb(decoded, format));
    Samples samples = new Samples(format, decoded);
    if (format.photometric() == Photometric.PALETTE_COLOR)
      return new Picture(format.columns(), format.rows(), 3, Color.palette(samples, pixels.set(), pixels.source()));
    return new Picture(format.columns(), format.rows(), 1,
        Grayscale.of(pixels.set(), pixels.source(), frame, samples, window).shades());
  }

  private static byte[] encode(Picture picture, Rendering how) {
    ImageWriter writer = ImageIO.getImageWritersByMIMEType(how.media().type).next();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(1 << 16);
    try (ImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
      writer.setOutput(out);
      ImageWriteParam parameters = writer.getDefaultWriteParam();
      if (how.media() == Rendering.Media.JPEG) {
        parameters.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
        parameters.setCompressionQuality(how.quality() / 100f);
      }
      writer.write(null, new IIOImage(image(picture), null, null), parameters);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      writer.dispose();
    }
    return bytes.toByteArray();
  }

  private static BufferedImage image(Picture picture) {
    boolean gray = picture.bands() == 1;
    BufferedImage image = new BufferedImage(picture.width(), picture.height(),
        gray ? BufferedImage.TYPE_BYTE_GRAY : BufferedImage.TYPE_3BYTE_BGR);
    byte[] to = ((DataBufferByte) image.getRaster().getDataBuffer()).getData();
    byte[] from = picture.pixels();
    if (gray) System.arraycopy(from, 0, to, 0, to.length);
    else for (int at = 0; at < to.length; at += 3) {
      to[at] = from[at + 2];
      to[at + 1] = from[at + 1];
      to[at + 2] = from[at];
    }
    return image;
  }
}

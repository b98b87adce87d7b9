package io.caregrid.dicom.pixel;

import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.DataBufferByte;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
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

  /** The same as {@link #write}. */
  public static byte[] render(Pixels pixels, int frame, Rendering how) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(1 << 16);
    try {
      write(pixels, frame, how, bytes);
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
    return bytes.toByteArray();
  }

  /**
   * A whole JPEG or PNG file. How much memory that takes: {@link Need#rendering}.
   *
   * @param frame counts from 1
   * @throws PixelException           there is no such picture
   * @throws IllegalArgumentException the viewport's region lies outside of it
   */
  public static void write(Pixels pixels, int frame, Rendering how, OutputStream out) throws IOException {
    Picture picture = picture(pixels, frame, how.window());
    if (how.overlays()) new Overlays(pixels.set(), pixels.source()).draw(picture, frame);
    encode(picture.shown(Screen.of(pixels, frame), how.viewport()), how, out);
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

  private static void encode(Picture picture, Rendering how, OutputStream out) throws IOException {
    boolean jpeg = how.media() == Rendering.Media.JPEG;
    ImageWriter writer = ImageIO.getImageWritersByMIMEType(how.media().type).next();
    try (ImageOutputStream stream = jpeg ? new Straight(out) : new MemoryCacheImageOutputStream(out)) {
      writer.setOutput(stream);
      ImageWriteParam parameters = writer.getDefaultWriteParam();
      if (jpeg) {
        parameters.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
        parameters.setCompressionQuality(how.quality() / 100f);
      }
      writer.write(null, new IIOImage(image(picture), null, null), parameters);
    } finally {
      writer.dispose();
    }
  }

  /** The JPEG writer never goes back, so nothing needs to be kept for it. The PNG writer does, and lets go itself. */
  private static final class Straight extends MemoryCacheImageOutputStream {
    private static final int KEPT = 1 << 16;

    Straight(OutputStream out) {
      super(out);
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
      super.write(bytes, from, length);
      if (getStreamPosition() - getFlushedPosition() > KEPT) flushBefore(getStreamPosition());
    }
  }

  /** On the picture's own bytes. */
  private static BufferedImage image(Picture picture) {
    int bands = picture.bands();
    int[] offsets = bands == 1 ? new int[] {0} : new int[] {0, 1, 2};
    WritableRaster raster = Raster.createInterleavedRaster(
        new DataBufferByte(picture.pixels(), picture.pixels().length),
        picture.width(), picture.height(), picture.width() * bands, bands, offsets, null);
    ComponentColorModel colors = new ComponentColorModel(
        ColorSpace.getInstance(bands == 1 ? ColorSpace.CS_GRAY : ColorSpace.CS_sRGB),
        false, false, Transparency.OPAQUE, DataBuffer.TYPE_BYTE);
    return new BufferedImage(colors, raster, false, null);
  }
}

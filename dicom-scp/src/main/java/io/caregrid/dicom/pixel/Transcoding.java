package io.caregrid.dicom.pixel;

import io.caregrid.dicom.data.DataSet;
import io.caregrid.dicom.data.DataSetWriter;
import io.caregrid.dicom.data.Element;
import io.caregrid.dicom.data.Limits;
import io.caregrid.dicom.data.Part10;
import io.caregrid.dicom.data.Source;
import io.caregrid.dicom.data.Tag;
import io.caregrid.dicom.data.TransferSyntax;
import io.caregrid.dicom.data.Value;
import io.caregrid.dicom.data.Vr;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;

/**
 * An instance in another transfer syntax. Whether that can be done is answered before the first byte is written; then it goes out frame by frame, so
 * that memory holds one frame however long the instance is.
 *
 * <p>From every uncompressed syntax, RLE, JPEG and JPEG 2000 ({@link Codec}) to every uncompressed one and to RLE. What was lossy stays marked as
 * lossy, and keeps its SOP Instance UID: decompression loses nothing (PS3.3 C.7.6.1.1.5).
 */
public final class Transcoding {
  private static final long MOST_NATIVE = 0xFFFF_FFFEL;
  private static final int ITEM = 0xFFFEE000;
  private static final int SEQUENCE_END = 0xFFFEE0DD;
  private static final List<String> LOSSY_JPEG = List.of("1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51");

  private final Source source;
  private final DataSet meta;
  private final DataSet set;
  private final TransferSyntax target;
  /** Null: the pixel data, if there is any, goes as it is. */
  private final Pixels pixels;

  private Transcoding(Source source, DataSet meta, DataSet set, TransferSyntax target, Pixels pixels) {
    this.source = source;
    this.meta = meta;
    this.set = set;
    this.target = target;
    this.pixels = pixels;
  }

  /**
   * @param file a Part 10 file
   * @throws PixelException UNSUPPORTED: there is no way from one to the other; BROKEN or TOO_LARGE as far as headers tell
   */
  public static Transcoding of(Source file, TransferSyntax target) {
    Part10 part10 = Part10.read(file);
    Source source = part10.source(file);
    DataSet set = part10.dataSet(file, Limits.WHOLE);
    boolean asItIs = part10.syntax().uid().equals(target.uid())
        || !part10.syntax().encapsulated() && !target.encapsulated();
    if (target.encapsulated() && !asItIs && !target.equals(TransferSyntax.RLE))
      throw PixelException.unsupported("transfer syntax " + target.uid() + " is not written here");
    boolean recode = !asItIs && set.has(Tag.PIXEL_DATA);
    Pixels pixels = recode ? Pixels.of(set, source) : null;
    if (recode) check(pixels, target);
    Transcoding transcoding = new Transcoding(source, part10.meta(), set, target, pixels);
    if (!asItIs && !target.encapsulated()) transcoding.decodeIcons(set);
    return transcoding;
  }

  private static void check(Pixels pixels, TransferSyntax target) {
    pixels.checkDecodable();
    PixelFormat format = pixels.decodedFormat();
    if (!target.encapsulated() && size(format) > MOST_NATIVE)
      throw new PixelException(PixelException.Why.TOO_LARGE, "uncompressed pixel data of " + size(format) + " bytes");
    if (target.encapsulated()
        && (format.allocated() < 8 || format.samples() * format.bytesPerSample() > Rle.MOST_SEGMENTS
            || format.isSubsampled()))
      throw PixelException.unsupported("RLE of " + format.samples() + " samples of " + format.allocated() + " bits");
  }

  /** The whole Part 10 file. What fails now, fails in the middle: BROKEN frames, and UncheckedIOException when {@code out} did. */
  public void write(OutputStream out) throws IOException {
    String sopClass = set.text(Tag.SOP_CLASS_UID);
    String instance = set.text(Tag.SOP_INSTANCE_UID);
    ByteBuffer header = Part10.header(sopClass == null ? "" : sopClass, instance == null ? "" : instance, target,
        meta.text(Tag.SOURCE_APPLICATION_ENTITY_TITLE));
    out.write(header.array(), header.arrayOffset() + header.position(), header.remaining());
    if (pixels == null) DataSetWriter.write(set, target, source, out);
    else if (!target.deflated()) recode(target, out);
    else deflate(out);
  }

  private void deflate(OutputStream out) throws IOException {
    Deflater deflater = new Deflater(Deflater.DEFAULT_COMPRESSION, true);
    try {
      DeflaterOutputStream deflated = new DeflaterOutputStream(out, deflater, 1 << 16);
      recode(TransferSyntax.EXPLICIT_LE, deflated);
      deflated.finish();
    } finally {
      deflater.end();
    }
  }

  private void recode(TransferSyntax encoding, OutputStream out) throws IOException {
    DataSet described = described();
    DataSet before = new DataSet(set.syntax());
    DataSet after = new DataSet(set.syntax());
    for (Element element : described) {
      int side = Integer.compareUnsigned(element.tag(), Tag.PIXEL_DATA);
      if (side < 0) before.put(element);
      if (side > 0) after.put(element);
    }
    DataSetWriter.write(before, encoding, source, out);
    if (encoding.encapsulated()) encapsulate(out);
    else natively(encoding, out);
    DataSetWriter.write(after, encoding, source, out);
  }

  /** With what is true of the pixels once they are decoded. */
  private DataSet described() {
    DataSet described = new DataSet(set.syntax());
    for (Element element : set) described.put(element);
    PixelFormat format = pixels.decodedFormat();
    described.remove(Tag.EXTENDED_OFFSET_TABLE).remove(Tag.EXTENDED_OFFSET_TABLE_LENGTHS);
    described.putText(Tag.PHOTOMETRIC_INTERPRETATION, format.photometric().text());
    if (format.samples() > 1) described.putNumbers(Tag.PLANAR_CONFIGURATION, format.byPlane() ? 1 : 0);
    if (LOSSY_JPEG.contains(set.syntax().uid()) && !"01".equals(set.text(Tag.LOSSY_IMAGE_COMPRESSION))) {
      described.putText(Tag.LOSSY_IMAGE_COMPRESSION, "01");
      described.putText(Tag.LOSSY_IMAGE_COMPRESSION_METHOD, "ISO_10918_1");
    }
    return described;
  }

  private void natively(TransferSyntax encoding, OutputStream out) throws IOException {
    PixelFormat format = pixels.decodedFormat();
    boolean words = format.allocated() > 8 || !encoding.explicit();
    long size = size(format);
    head(Tag.PIXEL_DATA, encoding, words ? Vr.OW : Vr.OB, size + size % 2, out);
    for (int frame = 1; frame <= pixels.frames(); frame++) {
      byte[] decoded = pixels.decoded(frame);
      if (encoding.bigEndian() && words) NativeFrames.swap(decoded, 2);
      out.write(decoded);
    }
    if (size % 2 != 0) out.write(0);
  }

  /** One fragment a frame, the basic offset table left empty, which it may be (PS3.5 A.4). */
  private void encapsulate(OutputStream out) throws IOException {
    PixelFormat format = pixels.decodedFormat();
    head(Tag.PIXEL_DATA, target, Vr.OB, -1, out);
    head(ITEM, target, null, 0, out);
    for (int frame = 1; frame <= pixels.frames(); frame++) {
      byte[] encoded = Rle.encode(pixels.decoded(frame), format);
      head(ITEM, target, null, encoded.length, out);
      out.write(encoded);
    }
    head(SEQUENCE_END, target, null, 0, out);
  }

  /** Pixel data inside of sequences is in the same syntax (PS3.5 A.4): a compressed icon is decoded, too. */
  private void decodeIcons(DataSet outer) {
    for (Element element : outer)
      if (element.value() instanceof Value.Items items) items.items().forEach(this::decodeIcon);
  }

  private void decodeIcon(DataSet item) {
    Element compressed = item.get(Tag.PIXEL_DATA);
    if (compressed == null || !(compressed.value() instanceof Value.Fragments)) {
      decodeIcons(item);
      return;
    }
    Pixels icon = Pixels.of(item, source);
    PixelFormat format = icon.decodedFormat();
    byte[] decoded = icon.decoded(1);
    item.putText(Tag.PHOTOMETRIC_INTERPRETATION, format.photometric().text());
    if (format.samples() > 1) item.putNumbers(Tag.PLANAR_CONFIGURATION, format.byPlane() ? 1 : 0);
    item.put(new Element(Tag.PIXEL_DATA, format.allocated() > 8 ? Vr.OW : Vr.OB, new Value.Bytes(decoded)));
  }

  private static long size(PixelFormat format) {
    return (format.frameBits() * format.frames() + 7) / 8;
  }

  /** PS3.5 7.1.2, 7.1.3; {@code vr} null: an item or a delimiter, which have none. */
  private static void head(int tag, TransferSyntax encoding, Vr vr, long length, OutputStream out) throws IOException {
    ByteBuffer head = ByteBuffer.allocate(12)
        .order(encoding.bigEndian() ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN)
        .putShort((short) (tag >>> 16))
        .putShort((short) tag);
    if (vr != null && encoding.explicit())
      head.put((byte) vr.name().charAt(0)).put((byte) vr.name().charAt(1)).putShort((short) 0);
    head.putInt((int) length);
    out.write(head.array(), 0, head.position());
  }
}

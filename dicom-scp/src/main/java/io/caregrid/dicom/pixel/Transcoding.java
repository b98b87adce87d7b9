package io.caregrid.dicom.pixel;

import io.caregrid.dicom.data.DataSet;
import io.caregrid.dicom.data.DataSetWriter;
import io.caregrid.dicom.data.Element;
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
import java.util.ArrayList;
import java.util.List;
import java.util.zip.Deflater;

/**
 * An instance in another transfer syntax. Whether that can be done is answered before the first byte is written; then it goes out part by part, a
 * megabyte or a frame each, so that memory holds no more of it however long the instance is, and whoever writes may stop after each part, for as long
 * as he likes ({@link #write(Progress, OutputStream)}).
 *
 * <p>From every uncompressed syntax, RLE, JPEG and JPEG 2000 ({@link Codec}) to every uncompressed one and to RLE. What was lossy stays marked as
 * lossy, and keeps its SOP Instance UID: decompression loses nothing (PS3.3 C.7.6.1.1.5).
 */
public final class Transcoding {
  private static final long MOST_NATIVE = 0xFFFF_FFFEL;
  /** A multiple of every word. */
  private static final int PART = 1 << 20;
  private static final int FEW = 64;
  private static final int ITEM = 0xFFFEE000;
  private static final int SEQUENCE_END = 0xFFFEE0DD;
  private static final List<String> LOSSY_JPEG = List.of("1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51");

  private final Source source;
  private final DataSet meta;
  private final DataSet set;
  private final TransferSyntax target;
  /** How the elements are written; deflated elements are explicit ones. */
  private final TransferSyntax encoding;
  /** Null: the pixel data, if there is any, goes as it is. */
  private final Pixels pixels;
  private final List<Element> elements = new ArrayList<>();

  private Transcoding(Source source, DataSet meta, DataSet set, TransferSyntax target, Pixels pixels) {
    this.source = source;
    this.meta = meta;
    this.set = set;
    this.target = target;
    this.encoding = target.deflated() ? TransferSyntax.EXPLICIT_LE : target;
    this.pixels = pixels;
    (pixels == null ? set : described()).forEach(elements::add);
  }

  /** See {@link #of(Source, TransferSyntax, Extent)}. */
  public static Transcoding of(Source file, TransferSyntax target) {
    return of(file, target, Extent.LARGE);
  }

  /**
   * @param file a Part 10 file
   * @throws PixelException UNSUPPORTED: there is no way from one to the other; BROKEN or TOO_LARGE as far as headers tell
   */
  public static Transcoding of(Source file, TransferSyntax target, Extent extent) {
    Part10 part10 = Part10.read(file);
    Source source = part10.source(file);
    DataSet set = part10.dataSet(file, extent.copying());
    boolean asItIs = part10.syntax().uid().equals(target.uid())
        || !part10.syntax().encapsulated() && !target.encapsulated();
    if (target.encapsulated() && !asItIs && !target.equals(TransferSyntax.RLE))
      throw PixelException.unsupported("transfer syntax " + target.uid() + " is not written here");
    boolean recode = !asItIs && set.has(Tag.PIXEL_DATA);
    Pixels pixels = recode ? Pixels.of(set, source) : null;
    if (recode) check(pixels, target);
    if (!asItIs) new Icons(source).decode(set);
    return new Transcoding(source, part10.meta(), set, target, pixels);
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

  /** Bytes of memory that a part takes at most ({@link Need}). */
  public long need() {
    return 2 * PART + (pixels == null ? 0 : Need.transcoding(pixels, target.encapsulated()));
  }

  /** How far one writing has come. Not for several threads at once. Close it. */
  public static final class Progress implements AutoCloseable {
    private boolean begun;
    /** Which one is next, and how much of it, in bytes or frames, has gone. */
    private int element;
    private long within;
    private boolean done;
    private Deflater deflater;

    public boolean isDone() {
      return done;
    }

    private void next() {
      element++;
      within = 0;
    }

    @Override
    public void close() {
      done = true;
      if (deflater != null) deflater.end();
      deflater = null;
    }
  }

  /** The whole Part 10 file. What fails now, fails in the middle: BROKEN frames, and UncheckedIOException when {@code out} did. */
  public void write(OutputStream out) throws IOException {
    try (Progress progress = new Progress()) {
      while (!progress.isDone()) write(progress, out);
    }
  }

  /** The next part. It may be another one's of the same file and target that writes the one behind it. */
  public void write(Progress progress, OutputStream out) throws IOException {
    if (!progress.begun) header(out);
    if (target.deflated() && !progress.begun) progress.deflater = new Deflater(Deflater.DEFAULT_COMPRESSION, true);
    progress.begun = true;
    Part part = new Part(out, progress.deflater);
    while (progress.element < elements.size() && part.written() < PART) step(progress, part);
    if (progress.element < elements.size()) return;
    part.finish();
    progress.close();
  }

  private void header(OutputStream out) throws IOException {
    String sopClass = set.text(Tag.SOP_CLASS_UID);
    String instance = set.text(Tag.SOP_INSTANCE_UID);
    ByteBuffer header = Part10.header(sopClass == null ? "" : sopClass, instance == null ? "" : instance, target,
        meta.text(Tag.SOURCE_APPLICATION_ENTITY_TITLE));
    out.write(header.array(), header.arrayOffset() + header.position(), header.remaining());
  }

  private void step(Progress progress, OutputStream out) throws IOException {
    Element next = elements.get(progress.element);
    if (pixels != null && next.tag() == Tag.PIXEL_DATA) frame(progress, out);
    else if (isLong(next)) piece(progress, next, (Value.Bulk) next.value(), out);
    else few(progress, out);
  }

  private static boolean isLong(Element element) {
    return element.value() instanceof Value.Bulk bulk && bulk.length() > PART;
  }

  private void few(Progress progress, OutputStream out) {
    DataSet few = new DataSet(set.syntax());
    do {
      few.put(elements.get(progress.element));
      progress.next();
    } while (progress.element < elements.size() && few.size() < FEW && !isLong(elements.get(progress.element))
        && (pixels == null || elements.get(progress.element).tag() != Tag.PIXEL_DATA));
    DataSetWriter.write(few, encoding, source, out);
  }

  private void piece(Progress progress, Element element, Value.Bulk value, OutputStream out) throws IOException {
    int word = NativeFrames.word(element.vr());
    if (progress.within == 0)
      head(element.tag(), encoding, longVr(element.vr()), value.length() + value.length() % 2,
          out);
    int length = (int) Math.min(PART, value.length() - progress.within);
    byte[] piece = Frames.read(source, value.position() + progress.within, length);
    if (set.syntax().bigEndian() != encoding.bigEndian()) NativeFrames.swap(piece, word);
    out.write(piece);
    progress.within += length;
    if (progress.within < value.length()) return;
    if (value.length() % 2 != 0) out.write(element.vr().isText() ? ' ' : 0);
    progress.next();
  }

  /** PS3.5 6.2.2: what is too long for its own VR goes as UN. */
  private static Vr longVr(Vr vr) {
    return switch (vr) {
      case OB, OD, OF, OL, OV, OW, SV, UC, UN, UR, UT, UV -> vr;
      default -> Vr.UN;
    };
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

  private void frame(Progress progress, OutputStream out) throws IOException {
    byte[] decoded = pixels.decoded((int) progress.within + 1);
    if (encoding.encapsulated()) encapsulated(progress, decoded, out);
    else natively(progress, decoded, out);
    if (++progress.within == pixels.frames()) progress.next();
  }

  private void natively(Progress progress, byte[] decoded, OutputStream out) throws IOException {
    PixelFormat format = pixels.decodedFormat();
    boolean words = format.allocated() > 8 || !encoding.explicit();
    long size = size(format);
    if (progress.within == 0) head(Tag.PIXEL_DATA, encoding, words ? Vr.OW : Vr.OB, size + size % 2, out);
    if (encoding.bigEndian() && words) NativeFrames.swap(decoded, 2);
    out.write(decoded);
    if (progress.within + 1 == pixels.frames() && size % 2 != 0) out.write(0);
  }

  /** One fragment a frame, the basic offset table left empty, which it may be (PS3.5 A.4). */
  private void encapsulated(Progress progress, byte[] decoded, OutputStream out) throws IOException {
    if (progress.within == 0) {
      head(Tag.PIXEL_DATA, target, Vr.OB, -1, out);
      head(ITEM, target, null, 0, out);
    }
    Rle.Packed packed = Rle.packed(decoded, pixels.decodedFormat());
    head(ITEM, target, null, packed.size(), out);
    packed.writeTo(out);
    if (progress.within + 1 == pixels.frames()) head(SEQUENCE_END, target, null, 0, out);
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

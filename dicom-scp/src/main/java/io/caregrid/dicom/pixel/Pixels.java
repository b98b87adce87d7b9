package io.caregrid.dicom.pixel;

import io.caregrid.dicom.data.DataSet;
import io.caregrid.dicom.data.Element;
import io.caregrid.dicom.data.Part10;
import io.caregrid.dicom.data.Source;
import io.caregrid.dicom.data.Tag;
import io.caregrid.dicom.data.TransferSyntax;
import io.caregrid.dicom.data.Value;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.util.AbstractList;
import java.util.List;
import java.util.Optional;
import java.util.RandomAccess;

/**
 * The frames of one instance. Frames count from 1, as in PS3.18. Nothing is read before it is asked for, and one frame at a time.
 *
 * <p>Everything here may fail with {@link PixelException}, or with {@link io.caregrid.dicom.data.DicomException} where not even the data set is one.
 */
public final class Pixels {
  /** In which a frame says what it is. */
  private static final int HEAD = 1 << 20;

  private final DataSet set;
  private final Source source;
  private final PixelFormat format;
  private final Frames frames;

  private Pixels(DataSet set, Source source, PixelFormat format, Frames frames) {
    this.set = set;
    this.source = source;
    this.format = format;
    this.frames = frames;
  }

  /** Of a Part 10 file. NO_PIXELS when it is something else than a picture. */
  public static Pixels open(Source file) {
    return open(file, Extent.LARGE);
  }

  /** DicomException when there is more than {@code extent}. */
  public static Pixels open(Source file, Extent extent) {
    Part10 part10 = Part10.read(file);
    return of(part10.dataSet(file, extent.limits()), part10.source(file));
  }

  /** False: pixel data of this syntax is never decoded here. True: it is, unless a frame's own header says otherwise ({@link #checkDecodable}). */
  public static boolean decodes(TransferSyntax syntax) {
    return !syntax.encapsulated() || Codec.of(syntax) != null;
  }

  /** @param source what the bulk values of {@code set} are positions in */
  public static Pixels of(DataSet set, Source source) {
    Element pixels = pixels(set);
    PixelFormat format = PixelFormat.of(set, pixels.tag());
    return new Pixels(set, source, format, frames(set, source, pixels, format));
  }

  private static Element pixels(DataSet set) {
    for (int tag : new int[] {Tag.PIXEL_DATA, Tag.FLOAT_PIXEL_DATA, Tag.DOUBLE_FLOAT_PIXEL_DATA})
      if (set.has(tag)) return set.get(tag);
    throw new PixelException(PixelException.Why.NO_PIXELS, "this instance has no pixel data");
  }

  private static Frames frames(DataSet set, Source source, Element pixels, PixelFormat format) {
    Value value = pixels.value();
    if (value instanceof Value.Fragments fragments)
      return new EncapsulatedFrames(source, fragments,
          extendedOffsets(set, source, format.frames(), fragments.fragments().size()), format.frames());
    if (set.syntax().encapsulated())
      throw PixelException.broken("native pixel data under a compressed transfer syntax");
    if (value instanceof Value.Bulk bulk)
      return NativeFrames.of(source, bulk.position(), bulk.length(), format, set.syntax(), pixels.vr());
    if (value instanceof Value.Bytes bytes)
      return NativeFrames.of(Source.of(ByteBuffer.wrap(bytes.bytes())), 0, bytes.bytes().length, format, set.syntax(),
          pixels.vr());
    throw PixelException.broken("pixel data with the VR of a sequence");
  }

  /** Empty unless it is of as many numbers as there are frames, and there may be so many: only then it is read (PS3.3 C.7.6.3.1.8). */
  private static List<Long> extendedOffsets(DataSet set, Source source, int frames, int fragments) {
    Element table = set.get(Tag.EXTENDED_OFFSET_TABLE);
    if (table == null || frames > fragments || Frames.length(table) != (long) Long.BYTES * frames) return List.of();
    return new Longs(ByteBuffer.wrap(Frames.plain(table, source)).order(ByteOrder.LITTLE_ENDIAN).asLongBuffer());
  }

  /** No object for each. */
  private static final class Longs extends AbstractList<Long> implements RandomAccess {
    private final LongBuffer numbers;

    Longs(LongBuffer numbers) {
      this.numbers = numbers;
    }

    @Override
    public Long get(int index) {
      return numbers.get(index);
    }

    @Override
    public int size() {
      return numbers.limit();
    }
  }

  public DataSet set() {
    return set;
  }

  Source source() {
    return source;
  }

  public TransferSyntax syntax() {
    return set.syntax();
  }

  /** As kept. */
  public PixelFormat format() {
    return format;
  }

  public int frames() {
    return format.frames();
  }

  public boolean isEncapsulated() {
    return frames instanceof EncapsulatedFrames;
  }

  /** Of {@link #decoded}: colour out of a compressed frame is RGB, pixel after pixel. */
  public PixelFormat decodedFormat() {
    return isEncapsulated() ? codec().decoded(format) : format;
  }

  /**
   * Native frames whose bytes are those to be sent, one behind the other.
   *
   * @param position of the first, in the source
   * @param length   of all of them
   */
  public record Run(long position, long length, long frameBytes) {
    /** BROKEN when it is not all there. */
    public Value.Bulk at(int frame) {
      long start = (frame - 1) * frameBytes;
      if (start + frameBytes > length) throw PixelException.broken("the pixel data ends inside frame " + frame);
      return new Value.Bulk(position + start, frameBytes);
    }
  }

  /** Empty unless they lie in the source in whole bytes and little endian. Nothing is read. */
  public Optional<Run> run() {
    if (!(frames instanceof NativeFrames plain) || !plain.isPlain() || !plain.source().equals(source))
      return Optional.empty();
    return Optional.of(new Run(plain.position(), plain.length(), format.frameBytes()));
  }

  /** Of {@link #stored}, told without reading. */
  long storedBytes(int frame) {
    require(frame);
    return frames.bytes(frame - 1);
  }

  /** As kept: a compressed stream, or native little endian. */
  public byte[] stored(int frame) {
    require(frame);
    return frames.read(frame - 1);
  }

  /** Native little endian, laid out as {@link #decodedFormat} says. UNSUPPORTED when nothing here decodes it. */
  public byte[] decoded(int frame) {
    byte[] stored = stored(frame);
    return isEncapsulated() ? codec().decode(stored, format) : stored;
  }

  /** Answers UNSUPPORTED or BROKEN now, from the header of the first frame, where decoding would later. */
  public void checkDecodable() {
    decodedFormat().frameInMemory();
    if (isEncapsulated()) codec().check(frames.head(0, HEAD), format);
  }

  Codec codec() {
    Codec codec = Codec.of(set.syntax());
    if (codec == null)
      throw PixelException.unsupported("transfer syntax " + set.syntax().uid() + " is not decoded here");
    return codec;
  }

  private void require(int frame) {
    if (frame < 1 || frame > format.frames())
      throw new PixelException(PixelException.Why.NO_SUCH_FRAME, "there are frames 1 to " + format.frames());
  }
}

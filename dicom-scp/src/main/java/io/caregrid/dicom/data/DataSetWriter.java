package io.caregrid.dicom.data;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;

/**
 * Data set → bytes (PS3.5 section 7), in another byte order, with or without VRs, deflated or not. Text keeps its character set and pixel data its
 * compression: what cannot be said in the target is an IllegalArgumentException. Sequences and items get undefined lengths, odd values become even,
 * group lengths are left out (retired, PS3.5 7.2), but for group 2's, which the caller counts.
 */
public final class DataSetWriter {
  private static final int CHUNK = 64 * 1024;
  private static final int UNDEFINED = -1;

  private final TransferSyntax target;
  private final Source bulk;
  private final OutputStream out;
  private final ByteBuffer head = ByteBuffer.allocate(12);

  private DataSetWriter(TransferSyntax target, Source bulk, OutputStream out) {
    this.target = target;
    this.bulk = bulk;
    this.out = out;
    head.order(target.bigEndian() ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
  }

  /** @param bulkSource what the set was read from; null when none of its values is still there. UncheckedIOException: {@code out} failed */
  public static void write(DataSet set, TransferSyntax target, Source bulkSource, OutputStream out) {
    try {
      if (!target.deflated()) {
        new DataSetWriter(target, bulkSource, out).outermost(set);
        return;
      }
      Deflater deflater = new Deflater(Deflater.DEFAULT_COMPRESSION, true);
      try {
        DeflaterOutputStream deflated = new DeflaterOutputStream(out, deflater, CHUNK);
        new DataSetWriter(target, bulkSource, deflated).outermost(set);
        deflated.finish();
      } finally {
        deflater.end();
      }
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  /** A set whose values are all in memory. */
  public static byte[] bytes(DataSet set, TransferSyntax target) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    write(set, target, null, out);
    return out.toByteArray();
  }

  private void outermost(DataSet set) throws IOException {
    Element pixels = set.get(Tag.PIXEL_DATA);
    boolean encapsulated = pixels != null && isEncapsulated(pixels.value());
    if (pixels != null && !isEmpty(pixels.value()) && encapsulated != target.encapsulated())
      throw new IllegalArgumentException("pixel data cannot go from " + set.syntax().uid() + " to " + target.uid()
          + " as it is");
    write(set);
  }

  private static boolean isEmpty(Value value) {
    return value instanceof Value.Bytes bytes && bytes.bytes().length == 0
        || value instanceof Value.Bulk bulk && bulk.length() == 0;
  }

  private static boolean isEncapsulated(Value value) {
    return value instanceof Value.Fragments || value instanceof Value.Bulk bulk && bulk.length() < 0;
  }

  private void write(DataSet set) throws IOException {
    for (Element element : set) {
      boolean groupLength = (element.tag() & 0xFFFF) == 0 && element.tag() >>> 16 != 2;
      if (!groupLength) write(element, set.syntax());
    }
  }

  private void write(Element element, TransferSyntax from) throws IOException {
    Value value = element.value();
    boolean swap = from.bigEndian() != target.bigEndian();
    if (value instanceof Value.Items items) items(element.tag(), items);
    else if (value instanceof Value.Fragments fragments) fragments(element, fragments);
    else if (value instanceof Value.Bytes bytes) bytes(element, bytes.bytes(), swap);
    else bulk(element, (Value.Bulk) value, swap, from);
  }

  private void items(int tag, Value.Items items) throws IOException {
    head(tag, Vr.SQ, UNDEFINED);
    for (DataSet item : items.items()) {
      head(Tag.ITEM, null, UNDEFINED);
      write(item);
      head(Tag.ITEM_END, null, 0);
    }
    head(Tag.SEQUENCE_END, null, 0);
  }

  private void fragments(Element element, Value.Fragments fragments) throws IOException {
    head(element.tag(), element.vr(), UNDEFINED);
    head(Tag.ITEM, null, fragments.offsets().size() * 4L);
    ByteBuffer offset = ByteBuffer.allocate(4).order(head.order());
    for (long each : fragments.offsets())
      out.write(offset.putInt(0, (int) each).array());
    for (Value.Bulk fragment : fragments.fragments()) {
      head(Tag.ITEM, null, even(fragment.length()));
      copy(fragment, 1);
      if (fragment.length() % 2 != 0) out.write(0);
    }
    head(Tag.SEQUENCE_END, null, 0);
  }

  private void bytes(Element element, byte[] bytes, boolean swap) throws IOException {
    Vr vr = element.vr();
    head(element.tag(), vr, even(bytes.length));
    out.write(swap && vr.unit > 1 ? swapped(bytes.clone(), bytes.length, vr.unit) : bytes);
    if (bytes.length % 2 != 0) out.write(vr.padding());
  }

  private void bulk(Element element, Value.Bulk value, boolean swap, TransferSyntax from) throws IOException {
    if (value.length() < 0) {
      Window window = new Window(bulk, value.position(), bulk.size());
      Encapsulated items = new Encapsulated(window, value.position(), bulk.size(), from.bigEndian(),
          Limits.MOST_FRAGMENTS, Limits.MOST_FRAGMENTS);
      fragments(element, items.read());
      return;
    }
    head(element.tag(), element.vr(), even(value.length()));
    copy(value, swap ? element.vr().unit : 1);
    if (value.length() % 2 != 0) out.write(element.vr().padding());
  }

  private void copy(Value.Bulk value, int unit) throws IOException {
    if (bulk == null) throw new IllegalArgumentException("values are still in a source that is not given");
    byte[] chunk = new byte[(int) Math.min(CHUNK, value.length())];
    for (long done = 0; done < value.length(); done += chunk.length) {
      int count = (int) Math.min(chunk.length, value.length() - done);
      Window.read(bulk, value.position() + done, ByteBuffer.wrap(chunk, 0, count));
      out.write(unit > 1 ? swapped(chunk, count, unit) : chunk, 0, count);
    }
  }

  /** Whole words change; what is left of an odd value stays. */
  static byte[] swapped(byte[] bytes, int count, int unit) {
    for (int at = 0; at + unit <= count; at += unit)
      for (int low = at, high = at + unit - 1; low < high; low++, high--) {
        byte first = bytes[low];
        bytes[low] = bytes[high];
        bytes[high] = first;
      }
    return bytes;
  }

  /** @param vr null: an item or a delimiter. A value too long for 16 bits of length goes as UN (PS3.5 6.2.2) */
  private void head(int tag, Vr vr, long length) throws IOException {
    head.clear().putShort((short) (tag >>> 16)).putShort((short) tag);
    if (vr == null || !target.explicit()) head.putInt((int) length);
    else {
      Vr written = vr.isLong() || length <= 0xFFFF ? vr : Vr.UN;
      head.put((byte) written.first()).put((byte) written.second());
      if (written.isLong()) head.putShort((short) 0).putInt((int) length);
      else head.putShort((short) length);
    }
    out.write(head.array(), 0, head.position());
  }

  private static long even(long length) {
    return length + length % 2;
  }
}

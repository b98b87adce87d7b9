package io.caregrid.dicom.pixel;

import io.caregrid.dicom.data.Source;
import io.caregrid.dicom.data.Value;
import io.caregrid.dicom.data.Value.Bulk;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Pixel data in fragments (PS3.5 A.4). Which fragments make a frame is found by the first of these that fits: there is one frame; the extended or the
 * basic offset table points at the first fragment of each frame; there are as many fragments as frames; a JPEG, JPEG-LS or JPEG 2000 stream ends
 * with one fragment and the next begins with the next. A frame takes four bytes of memory beside its fragments: a slide has hundreds of thousands.
 */
final class EncapsulatedFrames implements Frames {
  private static final int MARKER = 0xFF;
  private static final int END_OF_IMAGE = 0xD9;
  /** SOI of JPEG and JPEG-LS, SOC of JPEG 2000. */
  private static final int START_OF_IMAGE = 0xD8;
  private static final int START_OF_CODESTREAM = 0x4F;

  private final Source source;
  private final List<Bulk> fragments;
  /** Of each frame the index of its first fragment. */
  private final int[] starts;

  /** @param extended the Extended Offset Table (7FE0,0001), empty when there is none */
  EncapsulatedFrames(Source source, Value.Fragments pixels, List<Long> extended, int count) {
    this.source = source;
    this.fragments = pixels.fragments();
    this.starts = starts(pixels.offsets(), extended, count);
  }

  @Override
  public int count() {
    return starts.length;
  }

  @Override
  public byte[] read(int frame) {
    List<Bulk> parts = parts(frame);
    long length = bytes(frame);
    if (parts.size() == 1) return Frames.read(source, parts.get(0).position(), length);
    if (length > PixelFormat.MAX_FRAME_BYTES)
      throw new PixelException(PixelException.Why.TOO_LARGE, "a frame of " + length + " bytes in its fragments");
    ByteBuffer whole = ByteBuffer.allocate((int) length);
    for (Bulk part : parts) {
      whole.limit(whole.position() + (int) part.length());
      Frames.readInto(source, part.position(), whole);
    }
    return whole.array();
  }

  @Override
  public long bytes(int frame) {
    return parts(frame).stream().mapToLong(Bulk::length).sum();
  }

  @Override
  public byte[] head(int frame, int most) {
    ByteBuffer head = ByteBuffer.allocate((int) Math.min(most, bytes(frame)));
    for (Bulk part : parts(frame)) {
      head.limit((int) Math.min(head.capacity(), head.position() + part.length()));
      Frames.readInto(source, part.position(), head);
    }
    return head.array();
  }

  private List<Bulk> parts(int frame) {
    return fragments.subList(starts[frame], frame + 1 < starts.length ? starts[frame + 1] : fragments.size());
  }

  private int[] starts(List<Long> basic, List<Long> extended, int count) {
    if (fragments.isEmpty()) throw PixelException.broken("encapsulated pixel data without a fragment");
    if (count == 1) return new int[1];
    if (fragments.size() < count)
      throw PixelException.broken(fragments.size() + " fragments for " + count + " frames");
    int[] starts = startsByOffsets(extended, count);
    if (starts == null) starts = startsByOffsets(basic, count);
    if (starts != null) return starts;
    return fragments.size() == count ? IntStream.range(0, count).toArray() : startsByMarkers(count);
  }

  /** Null: the table does not point at fragments, one for each frame and in their order. */
  private int[] startsByOffsets(List<Long> offsets, int count) {
    if (offsets.size() != count || offsets.get(0) != 0) return null;
    long first = fragments.get(0).position();
    int[] starts = new int[count];
    int frame = 0;
    for (int i = 0; i < fragments.size() && frame < count; i++) {
      long offset = offsets.get(frame);
      long at = fragments.get(i).position() - first;
      if (at > offset) return null;
      if (at == offset) starts[frame++] = i;
    }
    return frame == count ? starts : null;
  }

  private int[] startsByMarkers(int count) {
    int[] starts = new int[count];
    int found = 0;
    for (int i = 0; i < fragments.size(); i++)
      if (startsImage(fragments.get(i)) && (i == 0 || endsImage(fragments.get(i - 1)))) {
        if (found < count) starts[found] = i;
        found++;
      }
    if (found != count)
      throw PixelException.broken(fragments.size() + " fragments without an offset table hold " + found
          + " compressed streams for " + count + " frames");
    return starts;
  }

  private boolean startsImage(Bulk fragment) {
    if (fragment.length() < 2) return false;
    byte[] two = Frames.read(source, fragment.position(), 2);
    int second = two[1] & 0xFF;
    return (two[0] & 0xFF) == MARKER && (second == START_OF_IMAGE || second == START_OF_CODESTREAM);
  }

  /** The end may be followed by one byte of padding; some writers add more. */
  private boolean endsImage(Bulk fragment) {
    int size = (int) Math.min(fragment.length(), 16);
    byte[] tail = Frames.read(source, fragment.position() + fragment.length() - size, size);
    int last = size - 1;
    while (last > 0 && (tail[last] == 0 || (tail[last] & 0xFF) == MARKER)) last--;
    return last > 0 && (tail[last] & 0xFF) == END_OF_IMAGE && (tail[last - 1] & 0xFF) == MARKER;
  }
}

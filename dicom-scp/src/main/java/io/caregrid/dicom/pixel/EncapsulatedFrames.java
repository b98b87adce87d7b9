package io.caregrid.dicom.pixel;

import io.caregrid.dicom.data.Source;
import io.caregrid.dicom.data.Value;
import io.caregrid.dicom.data.Value.Bulk;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Pixel data in fragments (PS3.5 A.4). Which fragments make a frame is found by the first of these that fits: there is one frame; the extended or the
 * basic offset table points at the first fragment of each frame; there are as many fragments as frames; a JPEG, JPEG-LS or JPEG 2000 stream ends
 * with one fragment and the next begins with the next.
 */
final class EncapsulatedFrames implements Frames {
  private static final int MARKER = 0xFF;
  private static final int END_OF_IMAGE = 0xD9;
  /** SOI of JPEG and JPEG-LS, SOC of JPEG 2000. */
  private static final int START_OF_IMAGE = 0xD8;
  private static final int START_OF_CODESTREAM = 0x4F;
  private static final int ITEM_HEADER = 8;

  private final Source source;
  private final List<List<Bulk>> frames;

  /** @param extended the Extended Offset Table (7FE0,0001), empty when there is none */
  EncapsulatedFrames(Source source, Value.Fragments pixels, List<Long> extended, int count) {
    this.source = source;
    this.frames = frames(pixels, extended, count);
  }

  @Override
  public int count() {
    return frames.size();
  }

  @Override
  public byte[] read(int frame) {
    List<Bulk> parts = frames.get(frame);
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
    return frames.get(frame).stream().mapToLong(Bulk::length).sum();
  }

  @Override
  public byte[] head(int frame, int most) {
    ByteBuffer head = ByteBuffer.allocate((int) Math.min(most, bytes(frame)));
    for (Bulk part : frames.get(frame)) {
      head.limit((int) Math.min(head.capacity(), head.position() + part.length()));
      Frames.readInto(source, part.position(), head);
    }
    return head.array();
  }

  private List<List<Bulk>> frames(Value.Fragments pixels, List<Long> extended, int count) {
    List<Bulk> fragments = pixels.fragments();
    if (fragments.isEmpty()) throw PixelException.broken("encapsulated pixel data without a fragment");
    if (count == 1) return List.of(fragments);
    if (fragments.size() < count)
      throw PixelException.broken(fragments.size() + " fragments for " + count + " frames");
    List<Integer> starts = starts(fragments, extended, count);
    if (starts == null) starts = starts(fragments, pixels.offsets(), count);
    if (starts == null && fragments.size() != count) starts = startsByMarkers(fragments, count);
    List<List<Bulk>> frames = new ArrayList<>(count);
    for (int frame = 0; frame < count; frame++) {
      int from = starts == null ? frame : starts.get(frame);
      int to = starts == null ? frame + 1 : frame + 1 < count ? starts.get(frame + 1) : fragments.size();
      frames.add(fragments.subList(from, to));
    }
    return frames;
  }

  /** Null: the table does not point at fragments, one for each frame and in their order. */
  private static List<Integer> starts(List<Bulk> fragments, List<Long> offsets, int count) {
    if (offsets.size() != count) return null;
    long first = fragments.get(0).position() - ITEM_HEADER;
    Map<Long, Integer> byOffset = new HashMap<>();
    for (int i = 0; i < fragments.size(); i++) byOffset.put(fragments.get(i).position() - ITEM_HEADER - first, i);
    List<Integer> starts = new ArrayList<>(count);
    int before = -1;
    for (long offset : offsets) {
      Integer start = byOffset.get(offset);
      if (start == null || start <= before) return null;
      starts.add(start);
      before = start;
    }
    return starts.get(0) == 0 ? starts : null;
  }

  private List<Integer> startsByMarkers(List<Bulk> fragments, int count) {
    List<Integer> starts = new ArrayList<>(count);
    for (int i = 0; i < fragments.size(); i++)
      if (startsImage(fragments.get(i)) && (i == 0 || endsImage(fragments.get(i - 1)))) starts.add(i);
    if (starts.size() != count)
      throw PixelException.broken(fragments.size() + " fragments without an offset table hold " + starts.size()
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

package io.caregrid.dicom.pixel;

import io.caregrid.dicom.data.Element;
import io.caregrid.dicom.data.Source;
import io.caregrid.dicom.data.Tag;
import io.caregrid.dicom.data.Value;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Where the frames of an instance are kept. */
sealed interface Frames permits NativeFrames, EncapsulatedFrames {
  int count();

  /** As kept, padding included. {@code frame} counts from 0 and is there. BROKEN when its bytes are not. */
  byte[] read(int frame);

  /** What {@link #read} gives, told without reading. */
  long bytes(int frame);

  /** Its first bytes, {@code most} at most. */
  byte[] head(int frame, int most);

  /** Of a value as encoded, in bytes. BROKEN when it is no plain one. */
  static long length(Element element) {
    if (element.value() instanceof Value.Bytes bytes) return bytes.bytes().length;
    if (element.value() instanceof Value.Bulk bulk) return bulk.length();
    throw PixelException.broken(Tag.text(element.tag()) + " is not a plain value");
  }

  /** A value as encoded, wherever it is. BROKEN when it is no plain one. */
  static byte[] plain(Element element, Source source) {
    if (element.value() instanceof Value.Bytes bytes) return bytes.bytes();
    long length = length(element);
    return read(source, ((Value.Bulk) element.value()).position(), length);
  }

  static byte[] read(Source source, long position, long length) {
    if (length > PixelFormat.MAX_FRAME_BYTES)
      throw new PixelException(PixelException.Why.TOO_LARGE,
          length + " bytes in one piece; at most " + PixelFormat.MAX_FRAME_BYTES + " are worked on");
    byte[] bytes = new byte[(int) length];
    readInto(source, position, ByteBuffer.wrap(bytes));
    return bytes;
  }

  static void readInto(Source source, long position, ByteBuffer into) {
    try {
      source.read(position, into);
    } catch (EOFException e) {
      throw PixelException.broken("the file ends before its pixel data");
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}

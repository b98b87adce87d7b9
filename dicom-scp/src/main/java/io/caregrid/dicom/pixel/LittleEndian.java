package io.caregrid.dicom.pixel;

import io.caregrid.dicom.data.Source;
import io.caregrid.dicom.data.Vr;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A value of a big endian file with its words the other way round, as it is read. What is left of an odd value stays.
 *
 * @param position of the value in {@code source}; {@code size} its bytes
 * @param word     bytes that change places
 */
public record LittleEndian(Source source, long position, long size, int word) implements Source {

  public static LittleEndian of(Source source, long position, long size, Vr vr) {
    return new LittleEndian(source, position, size, NativeFrames.word(vr));
  }

  @Override
  public void read(long from, ByteBuffer into) throws IOException {
    long to = from + into.remaining();
    if (from < 0 || to > size) throw new EOFException();
    long start = from / word * word;
    long end = Math.min(size, (to + word - 1) / word * word);
    byte[] words = new byte[(int) (end - start)];
    source.read(position + start, ByteBuffer.wrap(words));
    NativeFrames.swap(words, word);
    into.put(words, (int) (from - start), (int) (to - from));
  }
}

package io.caregrid.dicom.pixel;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;

/** Counts what goes into one part of a {@link Transcoding}, before it is deflated. The deflater knows what went before, and is its owner's. */
final class Part extends FilterOutputStream {
  private static final int BUFFER = 1 << 16;
  private long written;

  /** @param deflater null: as it is */
  Part(OutputStream out, Deflater deflater) {
    super(deflater == null ? out : new DeflaterOutputStream(out, deflater, BUFFER));
  }

  long written() {
    return written;
  }

  @Override
  public void write(int one) throws IOException {
    out.write(one);
    written++;
  }

  @Override
  public void write(byte[] bytes, int from, int length) throws IOException {
    out.write(bytes, from, length);
    written += length;
  }

  /** Ends the deflate stream. */
  void finish() throws IOException {
    if (out instanceof DeflaterOutputStream deflated) deflated.finish();
  }
}

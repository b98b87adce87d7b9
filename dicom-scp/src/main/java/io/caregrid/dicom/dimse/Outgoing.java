package io.caregrid.dicom.dimse;

import io.caregrid.dicom.data.DataSet;
import io.caregrid.dicom.data.DicomException;
import io.caregrid.dicom.data.Limits;
import io.caregrid.dicom.data.Part10;
import io.caregrid.dicom.data.Source;
import io.caregrid.dicom.data.Tag;
import io.caregrid.dicom.ul.PduWriter;
import io.netty.buffer.ByteBuf;
import java.io.EOFException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * An instance in a file, to be sent as it is.
 *
 * @param offset where its data set begins
 * @param length of the data set, bytes
 */
public record Outgoing(Path file, String sopClass, String sopInstance, String transferSyntax, long offset,
    long length) {

  /** PS3.10's directory of a medium. */
  private static final String DIRECTORY = "1.2.840.10008.1.3.10";

  /**
   * Blocks.
   *
   * @throws DicomException when it is not a DICOM instance
   * @throws IOException    when it cannot be read
   */
  public static Outgoing read(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      Source source = Source.of(channel, 0, channel.size());
      Part10 part10 = Part10.read(source);
      String sopClass = part10.meta().text(Tag.MEDIA_STORAGE_SOP_CLASS_UID);
      String sopInstance = part10.meta().text(Tag.MEDIA_STORAGE_SOP_INSTANCE_UID);
      if (sopClass == null || sopInstance == null) {
        DataSet set = part10.dataSet(source, Limits.HEADER);
        sopClass = set.text(Tag.SOP_CLASS_UID);
        sopInstance = set.text(Tag.SOP_INSTANCE_UID);
      }
      if (sopClass == null || sopInstance == null) throw new DicomException("no SOP Class or SOP Instance UID");
      if (DIRECTORY.equals(sopClass)) throw new DicomException("a DICOMDIR, which is not sent");
      return new Outgoing(file, sopClass, sopInstance, part10.syntax().uid(), part10.body(),
          source.size() - part10.body());
    }
  }

  /**
   * A stretch of the data set as P-DATA-TF PDUs. Blocks.
   *
   * @param from where the stretch begins, from the data set's start
   * @param room bytes of message in one PDU
   * @param most bytes of the stretch; less where the data set ends
   * @return how many bytes it was
   */
  int frame(FileChannel channel, int context, long from, int room, int most, ByteBuf out) throws IOException {
    int framed = 0;
    do {
      int bytes = (int) Math.min(Math.min(room, most - framed), length - from - framed);
      PduWriter.dataHeader(context, false, from + framed + bytes == length, bytes, out);
      for (int read = 0; read < bytes;) {
        int count = out.writeBytes(channel, offset + from + framed + read, bytes - read);
        if (count < 0) throw new EOFException("the file has become shorter");
        read += count;
      }
      framed += bytes;
    } while (framed < most && from + framed < length);
    return framed;
  }
}

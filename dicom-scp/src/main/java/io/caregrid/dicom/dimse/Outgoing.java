package io.caregrid.dicom.dimse;

import io.caregrid.dicom.data.DataSet;
import io.caregrid.dicom.data.DicomException;
import io.caregrid.dicom.data.Limits;
import io.caregrid.dicom.data.Part10;
import io.caregrid.dicom.data.Source;
import io.caregrid.dicom.data.Tag;
import io.caregrid.dicom.data.TransferSyntax;
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
 * @param length of the data set as it is sent, bytes: a deflated one is made even with a NUL (PS3.5 A.5), which some files lack
 */
public record Outgoing(Path file, String sopClass, String sopInstance, String transferSyntax, long offset,
    long length) {

  /** PS3.10's directory of a medium. */
  private static final String DIRECTORY = "1.2.840.10008.1.3.10";

  /** As far as the SOP Instance UID (0008,0018). */
  private static final Limits IDENTITY = new Limits(64, 100_000, 1 << 16, Tag.SOP_INSTANCE_UID + 1);

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
      // the data set's own count: the provider compares them with the command's, and files exist whose meta information says others
      DataSet set = identity(part10, source);
      String sopClass = text(set, Tag.SOP_CLASS_UID, part10.meta(), Tag.MEDIA_STORAGE_SOP_CLASS_UID);
      String sopInstance = text(set, Tag.SOP_INSTANCE_UID, part10.meta(), Tag.MEDIA_STORAGE_SOP_INSTANCE_UID);
      if (sopClass == null || sopInstance == null) throw new DicomException("no SOP Class or SOP Instance UID");
      if (DIRECTORY.equals(sopClass)) throw new DicomException("a DICOMDIR, which is not sent");
      long length = source.size() - part10.body();
      return new Outgoing(file, sopClass, sopInstance, part10.syntax().uid(), part10.body(),
          part10.syntax().deflated() ? length + (length & 1) : length);
    }
  }

  /** One that cannot be read even so far is the receiver's to judge, as long as its meta information says what it is. */
  private static DataSet identity(Part10 part10, Source source) {
    try {
      return part10.dataSet(source, IDENTITY);
    } catch (DicomException broken) {
      return new DataSet(part10.syntax());
    }
  }

  private static String text(DataSet first, int tag, DataSet otherwise, int metaTag) {
    String text = first.text(tag);
    return text != null ? text : otherwise.text(metaTag);
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
      for (int read = 0; read < bytes;) read += copy(channel, from + framed + read, bytes - read, out);
      framed += bytes;
    } while (framed < most && from + framed < length);
    return framed;
  }

  /** @return how many bytes, at least one */
  private int copy(FileChannel channel, long at, int most, ByteBuf out) throws IOException {
    int count = out.writeBytes(channel, offset + at, most);
    if (count >= 0) return count;
    if (at != length - 1 || !TransferSyntax.DEFLATED_LE.uid().equals(transferSyntax))
      throw new EOFException("the file has become shorter");
    out.writeByte(0);
    return 1;
  }
}

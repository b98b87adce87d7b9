package io.caregrid.dicom.archive;

import io.caregrid.dicom.data.DataSet;
import io.caregrid.dicom.data.DataSetWriter;
import io.caregrid.dicom.data.Element;
import io.caregrid.dicom.data.Part10;
import io.caregrid.dicom.data.Tag;
import io.caregrid.dicom.data.TransferSyntax;
import io.caregrid.dicom.data.Value;
import io.caregrid.dicom.data.Vr;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Images for tests: Part 10 files whose pixels are noise from their own seed. */
final class Phantom {
  static final String CT = "1.2.840.10008.5.1.4.1.1.2";
  static final String ROOT = "1.2.826.0.1.3680043.10.543.";

  private Phantom() {}

  static String study(int n) {
    return ROOT + n;
  }

  static String instance(int study, int n) {
    return ROOT + study + ".1." + n;
  }

  /** All that an index looks at, and a bit. */
  static DataSet attributes(int study, int n) {
    DataSet set = new DataSet(TransferSyntax.EXPLICIT_LE);
    set.putText(Tag.SPECIFIC_CHARACTER_SET, "ISO_IR 100").putText(Tag.SOP_CLASS_UID, CT);
    set.putText(Tag.SOP_INSTANCE_UID, instance(study, n)).putText(Tag.STUDY_INSTANCE_UID, study(study));
    set.putText(Tag.SERIES_INSTANCE_UID, ROOT + study + ".1").putText(Tag.MODALITY, "CT");
    set.putText(Tag.PATIENT_NAME, "Müller^Jürgen").putText(Tag.PATIENT_ID, "PAT-" + study);
    set.putText(Tag.STUDY_DATE, "20261121").putNumbers(Tag.INSTANCE_NUMBER, n).putNumbers(Tag.SERIES_NUMBER, 1);
    set.putNumbers(Tag.ROWS, 16).putNumbers(Tag.COLUMNS, 16).putNumbers(Tag.BITS_ALLOCATED, 8);
    return set;
  }

  static byte[] image(int study, int n, int pixels) {
    return image(attributes(study, n), study * 31L + n, pixels);
  }

  static byte[] image(DataSet attributes, long seed, int pixels) {
    byte[] noise = new byte[pixels];
    new Random(seed).nextBytes(noise);
    attributes.put(new Element(Tag.PIXEL_DATA, Vr.OB, new Value.Bytes(noise)));
    return file(attributes);
  }

  static byte[] file(DataSet attributes) {
    return file(attributes, "TEST");
  }

  static byte[] file(DataSet attributes, String sender) {
    ByteBuffer header = Part10.header(CT, String.valueOf(attributes.text(Tag.SOP_INSTANCE_UID)),
        TransferSyntax.EXPLICIT_LE, sender);
    byte[] set = DataSetWriter.bytes(attributes, TransferSyntax.EXPLICIT_LE);
    return ByteBuffer.allocate(header.remaining() + set.length).put(header).put(set).array();
  }

  /** As a network would bring them. */
  static List<ByteBuf> pieces(byte[] bytes, int size) {
    List<ByteBuf> pieces = new ArrayList<>();
    for (int at = 0; at < bytes.length; at += size) {
      int count = Math.min(size, bytes.length - at);
      pieces.add(PooledByteBufAllocator.DEFAULT.directBuffer(count).writeBytes(bytes, at, count));
    }
    return pieces;
  }
}

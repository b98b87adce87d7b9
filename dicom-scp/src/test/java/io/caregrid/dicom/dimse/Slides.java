package io.caregrid.dicom.dimse;

import io.caregrid.dicom.data.DataSet;
import io.caregrid.dicom.data.DataSetWriter;
import io.caregrid.dicom.data.Element;
import io.caregrid.dicom.data.Part10;
import io.caregrid.dicom.data.Tag;
import io.caregrid.dicom.data.TransferSyntax;
import io.caregrid.dicom.data.Value;
import io.caregrid.dicom.data.Vr;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/** Files to be sent. */
final class Slides {
  static final String CT = "1.2.840.10008.5.1.4.1.1.2";
  static final String MR = "1.2.840.10008.5.1.4.1.1.4";
  private static final String ROOT = "1.2.826.0.1.3680043.10.543.9.";

  private Slides() {}

  static String instance(int n) {
    return ROOT + n;
  }

  /** A whole picture, its pixels noise. */
  static Path picture(Path folder, int n, int pixels) throws IOException {
    DataSet set = attributes(n);
    byte[] noise = new byte[pixels];
    new Random(n).nextBytes(noise);
    set.put(new Element(Tag.PIXEL_DATA, Vr.OB, new Value.Bytes(noise)));
    return file(folder, n, CT, TransferSyntax.EXPLICIT_LE, DataSetWriter.bytes(set, TransferSyntax.EXPLICIT_LE));
  }

  /** All that a study needs. */
  static DataSet attributes(int n) {
    DataSet set = new DataSet(TransferSyntax.EXPLICIT_LE);
    set.putText(Tag.SOP_CLASS_UID, CT).putText(Tag.SOP_INSTANCE_UID, instance(n));
    set.putText(Tag.STUDY_INSTANCE_UID, ROOT + "0").putText(Tag.SERIES_INSTANCE_UID, ROOT + "0.1");
    return set.putText(Tag.MODALITY, "CT").putText(Tag.PATIENT_ID, "P1").putNumbers(Tag.INSTANCE_NUMBER, n);
  }

  /** Whatever bytes as a data set. */
  static Path file(Path folder, int n, String sopClass, TransferSyntax syntax, byte[] dataSet) throws IOException {
    ByteBuffer header = Part10.header(sopClass, instance(n), syntax, null);
    byte[] file = ByteBuffer.allocate(header.remaining() + dataSet.length).put(header).put(dataSet).array();
    return Files.write(folder.resolve(n + ".dcm"), file);
  }
}

package io.caregrid.perf;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.dicom.data.DataSet;
import io.caregrid.dicom.data.DataSetWriter;
import io.caregrid.dicom.data.DicomJson;
import io.caregrid.dicom.data.Element;
import io.caregrid.dicom.data.Limits;
import io.caregrid.dicom.data.Part10;
import io.caregrid.dicom.data.Source;
import io.caregrid.dicom.data.Tag;
import io.caregrid.dicom.data.TransferSyntax;
import io.caregrid.dicom.data.Value;
import io.caregrid.dicom.data.Vr;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What reading one image's header costs, which the archive does once for each that is stored: 512 × 512 × 16 bits, about 140 elements, in memory. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(value = 1, jvmArgs = {"-Xmx512m"})
public class HeaderBenchmark {
  @Param({"explicit", "implicit"})
  public String vrs;
  private Source file;

  @Setup
  public void file() {
    TransferSyntax syntax = vrs.equals("explicit") ? TransferSyntax.EXPLICIT_LE : TransferSyntax.IMPLICIT_LE;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(Part10.header("1.2.840.10008.5.1.4.1.1.2", "1.2.3.4", syntax, "CT1").array());
    out.writeBytes(DataSetWriter.bytes(image(), syntax));
    file = Source.of(ByteBuffer.wrap(out.toByteArray()));
  }

  private static DataSet image() {
    DataSet code = new DataSet(TransferSyntax.EXPLICIT_LE).putText(Tag.CODE_VALUE, "24627-2")
        .putText(Tag.CODING_SCHEME_DESIGNATOR, "LN")
        .putText(Tag.CODE_MEANING, "CT chest");
    DataSet image = new DataSet(TransferSyntax.EXPLICIT_LE).putText(Tag.SPECIFIC_CHARACTER_SET, "ISO_IR 100")
        .putText(Tag.IMAGE_TYPE, "ORIGINAL", "PRIMARY", "AXIAL")
        .putText(Tag.SOP_CLASS_UID, "1.2.840.10008.5.1.4.1.1.2")
        .putText(Tag.SOP_INSTANCE_UID, "1.2.826.0.1.3680043.8.498.1234567890123456789012345678901234567")
        .putText(Tag.STUDY_DATE, "20261120")
        .putText(Tag.MODALITY, "CT")
        .putText(Tag.PATIENT_NAME, "Doe^Jane")
        .putText(Tag.PATIENT_ID, "MRN-1007")
        .putItems(Tag.PROCEDURE_CODE_SEQUENCE, code)
        .putText(Tag.IMAGE_POSITION_PATIENT, "-158.135803", "-179.035797", "-75.699997")
        .putText(Tag.IMAGE_ORIENTATION_PATIENT, "1", "0", "0", "0", "1", "0")
        .putNumbers(Tag.ROWS, 512)
        .putNumbers(Tag.COLUMNS, 512)
        .putText(Tag.WINDOW_CENTER, "40", "300");
    image.putText(0x00090010, "ACME 1.0");
    for (int i = 0; i < 120; i++)
      image.put(new Element(0x00091000 + i, Vr.LO, new Value.Bytes("a private value ".getBytes())));
    return image.put(new Element(Tag.PIXEL_DATA, Vr.OW, new Value.Bytes(new byte[512 * 512 * 2])));
  }

  @Benchmark
  public DataSet read() {
    return Part10.read(file).dataSet(file, Limits.HEADER);
  }

  /** And shown, as the metadata of DICOMweb. */
  @Benchmark
  public ObjectNode readAndShow() {
    return DicomJson.of(read(), path -> null);
  }
}

package io.caregrid.platform.demo;

import io.caregrid.dicom.data.DataSet;
import io.caregrid.dicom.data.DataSetWriter;
import io.caregrid.dicom.data.Element;
import io.caregrid.dicom.data.Part10;
import io.caregrid.dicom.data.Tag;
import io.caregrid.dicom.data.TransferSyntax;
import io.caregrid.dicom.data.Value;
import io.caregrid.dicom.data.Vr;
import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.Period;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/**
 * A CT of the {@link Phantom} (PS3.3 A.3): a scout, which is the body's shadow from the front, and a stack of slices from the feet to the head. A pure
 * function of bed and time: the same UIDs and the same bytes whenever it is made, so sending it again changes nothing.
 */
public final class PhantomStudy {
  /** The scout and the stack. */
  public static final int IMAGES = 49;

  private static final int SLICES = IMAGES - 1;
  private static final String CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2";
  private static final TransferSyntax SYNTAX = TransferSyntax.EXPLICIT_LE;
  /** Millimetres that a picture shows along a side. */
  private static final double FIELD = 400;
  private static final int SIZE = 512;
  private static final int SCOUT_SIZE = 320;
  private static final double THICKNESS = 2 * Phantom.HALF_HEIGHT / SLICES;
  private static final int INTERCEPT = -1024;
  private static final int LARGEST = 4095;
  /** Standard deviation, HU. */
  private static final double NOISE = 13;
  private static final int TIMEZONE_OFFSET = 0x00080201;
  private static final int REFERRING_PHYSICIAN = 0x00080090;
  private static final int PATIENT_AGE = 0x00101010;
  private static final int PATIENT_HISTORY = 0x001021B0;
  private static final int CONTRAST_AGENT = 0x00180010;
  private static final int SOFTWARE = 0x00181020;
  private static final int POSITION_REFERENCE = 0x00201040;

  private final Bed bed;
  private final OffsetDateTime taken;
  private final Phantom phantom = new Phantom();

  /** @param taken to the second */
  public PhantomStudy(Bed bed, OffsetDateTime taken) {
    this.bed = bed;
    this.taken = taken;
  }

  /** One instance as a file (PS3.10). */
  public record Image(String sopInstance, DataSet set) {
    public byte[] file() {
      ByteArrayOutputStream file = new ByteArrayOutputStream();
      ByteBuffer header = Part10.header(CT_IMAGE, sopInstance, SYNTAX, "CAREGRID-DEMO");
      file.write(header.array(), header.arrayOffset() + header.position(), header.remaining());
      file.writeBytes(DataSetWriter.bytes(set, SYNTAX));
      return file.toByteArray();
    }
  }

  /** Study Instance UID. */
  public String uid() {
    return uid("study");
  }

  /** @param number 0 for the scout, 1..{@link #IMAGES} - 1 for a slice. Takes tens of milliseconds of computing */
  public Image image(int number) {
    return number == 0 ? scout() : slice(number);
  }

  private Image slice(int number) {
    double height = -Phantom.HALF_HEIGHT + THICKNESS * (number - 0.5);
    double[] body = phantom.slice(height, SIZE, FIELD / SIZE).values;
    double[] noise = grain(number, SIZE);
    short[] pixels = new short[body.length];
    for (int i = 0; i < pixels.length; i++) pixels[i] = stored(body[i] + NOISE * noise[i]);
    DataSet set = image("stack", 2, number, "AXIAL", pixels, SIZE, FIELD / SIZE);
    set.putText(Tag.SERIES_DESCRIPTION, "Abdomen 5.0 portal venous").putText(CONTRAST_AGENT, "none, computed");
    set.putText(Tag.IMAGE_POSITION_PATIENT, decimal(edge(SIZE)), decimal(edge(SIZE)), decimal(height));
    set.putText(Tag.IMAGE_ORIENTATION_PATIENT, "1", "0", "0", "0", "1", "0");
    set.putText(Tag.SLICE_THICKNESS, decimal(THICKNESS)).putText(Tag.SLICE_LOCATION, decimal(height));
    set.putText(Tag.WINDOW_CENTER, "50", "400").putText(Tag.WINDOW_WIDTH, "400", "1800");
    set.putText(Tag.WINDOW_CENTER_WIDTH_EXPLANATION, "SOFT TISSUE", "BONE");
    set.putText(Tag.RESCALE_TYPE, "HU");
    return new Image(set.text(Tag.SOP_INSTANCE_UID), set);
  }

  /** Rows from the head down; each pixel is what the rays through the body from front to back have lost on their way. */
  private Image scout() {
    double spacing = FIELD / SCOUT_SIZE;
    int rows = (int) Math.round(2 * Phantom.HALF_HEIGHT / spacing);
    double[] noise = grain(0, SCOUT_SIZE);
    short[] pixels = new short[rows * SCOUT_SIZE];
    for (int row = 0; row < rows; row++) {
      double[] body = phantom.slice(-Slice.place(row, rows, spacing), SCOUT_SIZE, spacing).values;
      for (int column = 0; column < SCOUT_SIZE; column++) {
        double lost = 0;
        for (int y = 0; y < SCOUT_SIZE; y++) lost += stops(body[y * SCOUT_SIZE + column]) * spacing;
        int i = row * SCOUT_SIZE + column;
        pixels[i] = stored(lost / 260 + Phantom.AIR + NOISE / 2 * noise[i]);
      }
    }
    DataSet set = image("scout", 1, 1, "LOCALIZER", pixels, SCOUT_SIZE, spacing);
    set.putText(Tag.SERIES_DESCRIPTION, "Scout");
    set.putText(Tag.IMAGE_POSITION_PATIENT, decimal(edge(SCOUT_SIZE)), "0", decimal(-Slice.place(0, rows, spacing)));
    set.putText(Tag.IMAGE_ORIENTATION_PATIENT, "1", "0", "0", "0", "0", "-1");
    set.putText(Tag.SLICE_THICKNESS, decimal(FIELD)).putText(Tag.SLICE_LOCATION, "0");
    set.putText(Tag.WINDOW_CENTER, "-150").putText(Tag.WINDOW_WIDTH, "700");
    set.putText(Tag.RESCALE_TYPE, "US");
    return new Image(set.text(Tag.SOP_INSTANCE_UID), set);
  }

  /** What a ray loses on a millimetre; in bone more than its Hounsfield units say, since a scout is taken with softer rays. */
  private static double stops(double hounsfield) {
    return hounsfield - Phantom.AIR + 5 * Math.max(0, hounsfield - 205);
  }

  private DataSet image(String series, int seriesNumber, int number, String kind, short[] pixels, int columns,
      double spacing) {
    DataSet set = new DataSet(SYNTAX);
    who(set);
    what(set, series, seriesNumber);
    set.putText(Tag.IMAGE_TYPE, "ORIGINAL", "PRIMARY", kind);
    set.putText(Tag.SOP_INSTANCE_UID, uid(series + "." + number)).putNumbers(Tag.INSTANCE_NUMBER, number);
    set.putNumbers(Tag.ACQUISITION_NUMBER, seriesNumber).putText(Tag.KVP, "120");
    set.putText(Tag.IMAGE_COMMENTS, "Computed. A person who does not exist.");
    set.putNumbers(Tag.SAMPLES_PER_PIXEL, 1).putText(Tag.PHOTOMETRIC_INTERPRETATION, "MONOCHROME2");
    set.putNumbers(Tag.ROWS, pixels.length / columns).putNumbers(Tag.COLUMNS, columns);
    set.putText(Tag.PIXEL_SPACING, decimal(spacing), decimal(spacing));
    set.putNumbers(Tag.BITS_ALLOCATED, 16).putNumbers(Tag.BITS_STORED, 12).putNumbers(Tag.HIGH_BIT, 11);
    set.putNumbers(Tag.PIXEL_REPRESENTATION, 0);
    set.putText(Tag.RESCALE_INTERCEPT, String.valueOf(INTERCEPT)).putText(Tag.RESCALE_SLOPE, "1");
    ByteBuffer bytes = ByteBuffer.allocate(2 * pixels.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asShortBuffer().put(pixels);
    return set.put(new Element(Tag.PIXEL_DATA, Vr.OW, new Value.Bytes(bytes.array())));
  }

  private void who(DataSet set) {
    set.putText(Tag.SPECIFIC_CHARACTER_SET, "ISO_IR 192");
    set.putText(Tag.PATIENT_NAME, bed.family() + "^" + bed.given());
    set.putText(Tag.PATIENT_ID, bed.mrn()).putText(Tag.ISSUER_OF_PATIENT_ID, Register.MRN);
    set.putText(Tag.PATIENT_BIRTH_DATE, date(bed.born()));
    set.putText(Tag.PATIENT_SEX, bed.gender().equals("female") ? "F" : "M");
    set.putText(PATIENT_AGE, "%03dY".formatted(Period.between(bed.born(), taken.toLocalDate()).getYears()));
    set.putText(PATIENT_HISTORY, "Second day after a colon resection, C-reactive protein rising: does the joint leak?");
  }

  private void what(DataSet set, String series, int number) {
    String time = taken.format(DateTimeFormatter.ofPattern("HHmmss"));
    for (int tag : new int[] {Tag.STUDY_DATE, Tag.SERIES_DATE, Tag.ACQUISITION_DATE, Tag.CONTENT_DATE})
      set.putText(tag, date(taken.toLocalDate()));
    for (int tag : new int[] {Tag.STUDY_TIME, Tag.SERIES_TIME, Tag.ACQUISITION_TIME, Tag.CONTENT_TIME})
      set.putText(tag, time);
    set.putText(TIMEZONE_OFFSET, taken.format(DateTimeFormatter.ofPattern("xx")));
    set.putText(Tag.SOP_CLASS_UID, CT_IMAGE).putText(Tag.STUDY_INSTANCE_UID, uid());
    set.putText(Tag.SERIES_INSTANCE_UID, uid(series)).putNumbers(Tag.SERIES_NUMBER, number);
    set.putText(Tag.FRAME_OF_REFERENCE_UID, uid("frame")).putText(POSITION_REFERENCE);
    set.putText(Tag.STUDY_ID, "1").putText(Tag.ACCESSION_NUMBER, "DEMO-CT-%02d".formatted(bed.number()));
    set.putText(Tag.STUDY_DESCRIPTION, "CT abdomen and pelvis (computed phantom)").putText(REFERRING_PHYSICIAN);
    set.putText(Tag.MODALITY, "CT").putText(Tag.BODY_PART_EXAMINED, "ABDOMEN").putText(Tag.PATIENT_POSITION, "HFS");
    set.putText(Tag.MANUFACTURER, "Caregrid demo").putText(Tag.MANUFACTURER_MODEL_NAME, "Phantom of ellipsoids");
    set.putText(SOFTWARE, "1");
  }

  private static double edge(int size) {
    return Slice.place(0, size, FIELD / size);
  }

  private static short stored(double value) {
    return (short) Math.max(0, Math.min(LARGEST, Math.round(value - INTERCEPT)));
  }

  /** Noise as a reconstruction leaves it, neighbours alike; of deviation 1. */
  private static double[] grain(int image, int size) {
    double[] white = new double[size * size];
    for (int i = 0; i < white.length; i++)
      white[i] = Noise.chance(image, 2L * i) + Noise.chance(image, 2L * i + 1) - 1;
    double[] soft = softened(softened(white, 1), size);
    double one = Math.sqrt(6) * 8 / 3;
    for (int i = 0; i < soft.length; i++) soft[i] *= one;
    return soft;
  }

  private static double[] softened(double[] values, int step) {
    double[] out = values.clone();
    for (int i = step; i < values.length - step; i++)
      out[i] = (values[i - step] + 2 * values[i] + values[i + step]) / 4;
    return out;
  }

  private static String date(LocalDate date) {
    return date.format(DateTimeFormatter.BASIC_ISO_DATE);
  }

  /** A DS of at most 16 characters (PS3.5 6.2). */
  private static String decimal(double value) {
    return String.format(Locale.ROOT, "%.5f", value).replaceFirst("\\.?0+$", "");
  }

  /** PS3.5 B.2: 2.25 and a number of 128 bits, here of what the thing is. */
  private String uid(String thing) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256")
          .digest(("caregrid demo " + bed.mrn() + " " + taken + " " + thing).getBytes(StandardCharsets.UTF_8));
      return "2.25." + new BigInteger(1, digest).shiftRight(128);
    } catch (NoSuchAlgorithmException missing) {
      throw new IllegalStateException(missing);
    }
  }
}

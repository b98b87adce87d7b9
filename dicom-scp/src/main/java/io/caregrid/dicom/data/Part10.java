package io.caregrid.dicom.data;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A DICOM file (PS3.10 section 7): preamble, prefix, group 2, data set. Files without preamble, without group 2 or without its Transfer Syntax UID
 * exist; how their data set is encoded shows in its first element.
 *
 * @param meta   group 2, empty when there is none
 * @param syntax of the data set
 * @param body   where the data set begins, bytes from the start of the source
 */
public record Part10(DataSet meta, TransferSyntax syntax, long body) {

  /** Ours, under 2.25: a UUID needs no registration (PS3.5 B.2). */
  public static final String IMPLEMENTATION_CLASS = "2.25.300727747879368228572711065305633990386";
  public static final String IMPLEMENTATION_VERSION = "CAREGRID";
  /** What a deflated data set may inflate to. */
  public static final long MOST_INFLATED = 4L << 30;
  /**
   * What is inflated at most of a data set of which only the attributes before pixel data are wanted. A hundred kilobytes of stream may stand for as much,
   * and rightly so when pixels are blank: so it is the size that is bounded and not the ratio. Ten thousand frames with functional groups of their own fit.
   */
  public static final long MOST_ATTRIBUTES = 64L << 20;

  private static final int PREAMBLE = 128;
  private static final byte[] PREFIX = "DICM".getBytes(StandardCharsets.US_ASCII);
  private static final int MOST_UID = 64;

  /** DicomException: not DICOM, or group 2 is broken. The data set is not looked at, beyond its first element where group 2 is silent. */
  public static Part10 read(Source source) {
    DataSet meta = new DataSet(TransferSyntax.EXPLICIT_LE);
    long start = isPrefixed(source, PREAMBLE) ? PREAMBLE + PREFIX.length : isPrefixed(source, 0) ? PREFIX.length : 0;
    long body = DataSetReader.meta(source, start, meta, Limits.WHOLE);
    String uid = meta.text(Tag.TRANSFER_SYNTAX_UID);
    if (uid != null && (uid.length() > MOST_UID || !uid.chars().allMatch(Part10::isUidCharacter)))
      throw new DicomException(Tag.text(Tag.TRANSFER_SYNTAX_UID) + " is not a UID");
    return new Part10(meta, uid == null ? shown(source, body, body > 0) : TransferSyntax.of(uid), body);
  }

  /** All of a file before its data set. Whoever sent it is {@code callingAe}; null: nobody says. */
  public static ByteBuffer header(String sopClass, String sopInstance, TransferSyntax syntax, String callingAe) {
    DataSet meta = new DataSet(TransferSyntax.EXPLICIT_LE);
    meta.put(new Element(Tag.FILE_META_INFORMATION_VERSION, Vr.OB, new Value.Bytes(new byte[] {0, 1})));
    meta.putText(Tag.MEDIA_STORAGE_SOP_CLASS_UID, sopClass);
    meta.putText(Tag.MEDIA_STORAGE_SOP_INSTANCE_UID, sopInstance);
    meta.putText(Tag.TRANSFER_SYNTAX_UID, syntax.uid());
    meta.putText(Tag.IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_CLASS);
    meta.putText(Tag.IMPLEMENTATION_VERSION_NAME, IMPLEMENTATION_VERSION);
    if (callingAe != null) meta.putText(Tag.SOURCE_APPLICATION_ENTITY_TITLE, callingAe);
    byte[] elements = DataSetWriter.bytes(meta, TransferSyntax.EXPLICIT_LE);
    DataSet length = new DataSet(TransferSyntax.EXPLICIT_LE)
        .putNumbers(Tag.FILE_META_INFORMATION_GROUP_LENGTH, elements.length);
    ByteArrayOutputStream header = new ByteArrayOutputStream(PREAMBLE + 300);
    header.writeBytes(new byte[PREAMBLE]);
    header.writeBytes(PREFIX);
    header.writeBytes(DataSetWriter.bytes(length, TransferSyntax.EXPLICIT_LE));
    header.writeBytes(elements);
    return ByteBuffer.wrap(header.toByteArray());
  }

  /**
   * Its data set. Positions of {@link Value.Bulk} are those of {@link #source}. A deflated one is inflated as far as the limits ask:
   * {@link DicomException.TooLarge} when that is beyond {@link #MOST_ATTRIBUTES}, or {@link #MOST_INFLATED} for the whole.
   */
  public DataSet dataSet(Source source, Limits limits) {
    return dataSet(source, limits, null);
  }

  /** @param wanted the only tags of the outermost level that are kept, in ascending order of int; null: all */
  public DataSet dataSet(Source source, Limits limits, int[] wanted) {
    if (!syntax.deflated()) return DataSetReader.read(source, body, source.size(), syntax, limits, wanted);
    boolean head = limits.stopBefore() != 0;
    try (Inflated whole = Inflated.head(source, body, head ? MOST_ATTRIBUTES : MOST_INFLATED, MOST_INFLATED)) {
      return DataSetReader.read(whole, 0, whole.size(), syntax, limits, wanted);
    }
  }

  /** Where {@link #dataSet} reads, and its bulk values are: {@code source} itself, or what its deflated data set stands for. */
  public Source source(Source source) {
    return syntax.deflated() ? Source.inflate(source, body, MOST_INFLATED) : source;
  }

  private static boolean isUidCharacter(int one) {
    return one >= '0' && one <= '9' || one == '.';
  }

  private static boolean isPrefixed(Source source, long at) {
    if (source.size() < at + PREFIX.length) return false;
    byte[] bytes = new byte[PREFIX.length];
    Window.read(source, at, ByteBuffer.wrap(bytes));
    return Arrays.equals(bytes, PREFIX);
  }

  /** Explicit when the first element spells a VR; big endian when only that makes its group a likely first one (PS3.6: 0008). */
  private static TransferSyntax shown(Source source, long body, boolean isDicom) {
    if (source.size() - body < 8) {
      if (isDicom) return TransferSyntax.IMPLICIT_LE;
      throw new DicomException("not DICOM: neither prefix nor elements");
    }
    byte[] head = new byte[8];
    Window.read(source, body, ByteBuffer.wrap(head));
    int little = Values.u16(head, 0, false);
    int big = Values.u16(head, 0, true);
    boolean explicit = Vr.of(head[4], head[5]) != null;
    if (explicit && big < little) return TransferSyntax.EXPLICIT_BE;
    boolean known = Dictionary.keyword(Head.tag(head, 0, false)) != null || Values.u16(head, 2, false) == 0;
    boolean likely = isDicom || known && little > 0 && Head.length(head, 4, false) <= source.size() - body - 8;
    if (!explicit && !likely) throw new DicomException("not DICOM: neither prefix nor elements");
    return explicit ? TransferSyntax.EXPLICIT_LE : TransferSyntax.IMPLICIT_LE;
  }
}

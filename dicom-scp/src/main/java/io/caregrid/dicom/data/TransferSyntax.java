package io.caregrid.dicom.data;

/**
 * How a data set is encoded (PS3.5 section 10 and annex A).
 *
 * @param uid          e.g. 1.2.840.10008.1.2.1
 * @param explicit     VRs are written out
 * @param bigEndian    retired Explicit VR Big Endian
 * @param deflated     everything after group 2 is a raw deflate stream (RFC 1951)
 * @param encapsulated pixel data comes as fragments
 */
public record TransferSyntax(String uid, boolean explicit, boolean bigEndian, boolean deflated, boolean encapsulated) {

  public static final TransferSyntax IMPLICIT_LE = new TransferSyntax("1.2.840.10008.1.2", false, false, false, false);
  public static final TransferSyntax EXPLICIT_LE = new TransferSyntax("1.2.840.10008.1.2.1", true, false, false, false);
  public static final TransferSyntax DEFLATED_LE = new TransferSyntax("1.2.840.10008.1.2.1.99", true, false, true,
      false);
  public static final TransferSyntax EXPLICIT_BE = new TransferSyntax("1.2.840.10008.1.2.2", true, true, false, false);
  public static final TransferSyntax RLE = encapsulated("1.2.840.10008.1.2.5");
  public static final TransferSyntax JPEG_BASELINE = encapsulated("1.2.840.10008.1.2.4.50");
  public static final TransferSyntax JPEG_LOSSLESS = encapsulated("1.2.840.10008.1.2.4.70");

  /** Every UID has one: all but the four above are explicit little endian with encapsulated pixel data (PS3.5 A.4). */
  public static TransferSyntax of(String uid) {
    return switch (uid) {
      case "1.2.840.10008.1.2" -> IMPLICIT_LE;
      case "1.2.840.10008.1.2.1" -> EXPLICIT_LE;
      case "1.2.840.10008.1.2.1.99" -> DEFLATED_LE;
      case "1.2.840.10008.1.2.2" -> EXPLICIT_BE;
      default -> encapsulated(uid);
    };
  }

  private static TransferSyntax encapsulated(String uid) {
    return new TransferSyntax(uid, true, false, false, true);
  }
}

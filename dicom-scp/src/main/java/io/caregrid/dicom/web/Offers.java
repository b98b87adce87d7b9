package io.caregrid.dicom.web;

import io.caregrid.dicom.data.TransferSyntax;
import io.caregrid.dicom.web.Accept.Representation;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** In which ways each resource can be given, our own preference first (PS3.18 section 8.7.3). Pure. */
final class Offers {
  static final String DICOM = "application/dicom";
  static final String OCTETS = "application/octet-stream";
  static final String DICOM_JSON = "application/dicom+json";
  static final List<Representation> JSON = List.of(new Representation(false, DICOM_JSON, null, true),
      new Representation(false, "application/json", null, true));
  static final List<Representation> PICTURE = List.of(new Representation(false, "image/jpeg", null, true),
      new Representation(false, "image/png", null, true));

  private static final String PREFIX = "1.2.840.10008.1.2.4.";
  /** PS3.18 table 8.7.3-5 and the rows for video; by the end of the transfer syntax's UID. */
  private static final Map<String, String> MEDIA = Map.ofEntries(Map.entry("50", "image/jpeg"),
      Map.entry("51", "image/jpeg"), Map.entry("57", "image/jpeg"), Map.entry("70", "image/jpeg"),
      Map.entry("80", "image/jls"), Map.entry("81", "image/jls"), Map.entry("90", "image/jp2"),
      Map.entry("91", "image/jp2"), Map.entry("92", "image/jpx"), Map.entry("93", "image/jpx"),
      Map.entry("201", "image/jphc"), Map.entry("202", "image/jphc"), Map.entry("203", "image/jphc"),
      Map.entry("110", "image/jxl"), Map.entry("111", "image/jxl"), Map.entry("112", "image/jxl"),
      Map.entry("100", "video/mpeg2"), Map.entry("101", "video/mpeg2"), Map.entry("102", "video/mp4"),
      Map.entry("103", "video/mp4"), Map.entry("104", "video/mp4"), Map.entry("105", "video/mp4"),
      Map.entry("106", "video/mp4"), Map.entry("107", "video/H265"), Map.entry("108", "video/H265"));
  private static final Set<String> LOSSLESS = Set.of("57", "70", "80", "90", "92", "110", "201", "202");

  private Offers() {}

  /**
   * Instances (PS3.18 section 8.7.3.5). Without a {@code transfer-syntax} that is Explicit VR Little Endian; what is kept in a lossy form that is not
   * decoded here goes as it is, which that section allows. Implicit and big endian are not made (8.7.3.5.2), but given back where they are kept.
   *
   * @param decodes false: this one's compressed pixels are not understood here
   * @param alone   one instance, which need not be a part
   */
  static List<Representation> instance(TransferSyntax stored, boolean decodes, boolean alone) {
    List<Representation> offers = new ArrayList<>();
    for (boolean multipart : alone ? new boolean[] {true, false} : new boolean[] {true}) {
      boolean plain = stored.equals(TransferSyntax.EXPLICIT_LE);
      if (!plain) offers.add(new Representation(multipart, DICOM, stored.uid(), !decodes && isLossy(stored)));
      if (!decodes) continue;
      offers.add(new Representation(multipart, DICOM, TransferSyntax.EXPLICIT_LE.uid(), true));
      for (TransferSyntax other : List.of(TransferSyntax.RLE, TransferSyntax.DEFLATED_LE))
        if (!stored.equals(other)) offers.add(new Representation(multipart, DICOM, other.uid(), false));
    }
    return offers;
  }

  /**
   * Frames (PS3.18 section 8.7.3.6): native little endian as octets, compressed ones also as they are kept, under their own media type or, for
   * {@code transfer-syntax=*}, as octets.
   *
   * @param alone one frame was asked for, which need not be a part
   */
  static List<Representation> frames(TransferSyntax stored, boolean decodes, boolean alone) {
    List<Representation> offers = new ArrayList<>();
    for (boolean multipart : alone ? new boolean[] {true, false} : new boolean[] {true}) {
      if (stored.encapsulated()) offers.add(new Representation(multipart, OCTETS, stored.uid(), false));
      if (decodes) offers.add(new Representation(multipart, OCTETS, TransferSyntax.EXPLICIT_LE.uid(), true));
      if (stored.encapsulated()) offers.add(new Representation(multipart, media(stored), stored.uid(), true));
    }
    return offers;
  }

  /** Bulk data that is no pixel data. */
  static List<Representation> octets() {
    return List.of(new Representation(true, OCTETS, TransferSyntax.EXPLICIT_LE.uid(), true),
        new Representation(false, OCTETS, TransferSyntax.EXPLICIT_LE.uid(), true));
  }

  /** Media type of one compressed frame; octets where PS3.18 names none. */
  static String media(TransferSyntax syntax) {
    if (syntax.equals(TransferSyntax.RLE)) return "image/dicom-rle";
    return syntax.uid().startsWith(PREFIX)
        ? MEDIA.getOrDefault(syntax.uid().substring(PREFIX.length()), OCTETS)
        : OCTETS;
  }

  static boolean isLossy(TransferSyntax syntax) {
    return syntax.uid().startsWith(PREFIX) && !LOSSLESS.contains(syntax.uid().substring(PREFIX.length()));
  }
}

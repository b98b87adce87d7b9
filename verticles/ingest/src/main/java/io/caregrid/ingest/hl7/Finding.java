package io.caregrid.ingest.hl7;

import java.util.List;

/**
 * What is wrong with a message, for its sender.
 *
 * @param rejects true: AR or CR, the message is none that is taken here; false: AE or CE, there is an error in it, or it could not be kept now
 * @param field   of MSH, 0 for the message as a whole
 * @param code    HL7 table 0357
 * @param text    ASCII, without anything of the message but what its sender may see
 */
record Finding(boolean rejects, int field, int code, String text) {

  static final int SEGMENT_SEQUENCE = 100;
  static final int REQUIRED_FIELD = 101;
  static final int DATA_TYPE = 102;
  static final int TABLE_VALUE = 103;
  static final int MESSAGE_TYPE = 200;
  static final int PROCESSING_ID = 202;
  static final int VERSION_ID = 203;
  static final int INTERNAL = 207;

  static Finding reject(int field, int code, String text) {
    return new Finding(true, field, code, text);
  }

  static Finding error(int field, int code, String text) {
    return new Finding(false, field, code, text);
  }

  static boolean rejects(List<Finding> findings) {
    return findings.stream().anyMatch(Finding::rejects);
  }

  /** As table 0357 calls it. */
  String meaning() {
    return switch (code) {
      case SEGMENT_SEQUENCE -> "Segment sequence error";
      case REQUIRED_FIELD -> "Required field missing";
      case DATA_TYPE -> "Data type error";
      case TABLE_VALUE -> "Table value not found";
      case MESSAGE_TYPE -> "Unsupported message type";
      case PROCESSING_ID -> "Unsupported processing id";
      case VERSION_ID -> "Unsupported version id";
      default -> "Application internal error";
    };
  }
}

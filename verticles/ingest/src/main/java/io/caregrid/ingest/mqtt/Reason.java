package io.caregrid.ingest.mqtt;

/** Reason codes of MQTT 5 (section 2.4) that are said here, and what MQTT 3.1.1 says instead where it says anything. */
enum Reason {
  SUCCESS(0x00, 0),
  NO_SUBSCRIPTION(0x11, 0),
  UNSPECIFIED(0x80, 0x80),
  MALFORMED(0x81, 0),
  PROTOCOL_ERROR(0x82, 0),
  IMPLEMENTATION(
      0x83, 0x80),
  UNSUPPORTED_VERSION(0x84, 1),
  CLIENT_ID_INVALID(0x85, 2),
  BAD_USER_OR_PASSWORD(0x86, 4),
  NOT_AUTHORIZED(
      0x87, 5),
  UNAVAILABLE(0x88, 3),
  BUSY(0x89, 3),
  SHUTTING_DOWN(0x8B, 3),
  BAD_METHOD(0x8C, 5),
  KEEP_ALIVE(0x8D,
      0),
  TAKEN_OVER(0x8E, 0),
  TOPIC_INVALID(0x90, 0),
  ID_NOT_FOUND(0x92, 0),
  RECEIVE_MAXIMUM(0x93,
      0),
  ALIAS_INVALID(0x94, 0),
  TOO_LARGE(0x95, 0),
  QUOTA(0x97, 0),
  PAYLOAD_INVALID(0x99, 0);

  final int code;
  /** Of CONNACK (3.1.1 section 3.2.2.3) or SUBACK. */
  final int before5;

  Reason(int code, int before5) {
    this.code = code;
    this.before5 = before5;
  }
}

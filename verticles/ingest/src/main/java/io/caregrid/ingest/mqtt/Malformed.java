package io.caregrid.ingest.mqtt;

/** A packet after which nothing of its connection can be believed. */
final class Malformed extends Exception {
  private static final long serialVersionUID = 1;
  final transient Reason reason;

  Malformed(Reason reason, String why) {
    super(why, null, false, false);
    this.reason = reason;
  }
}

package io.caregrid.dicom.ul;

/** Where an association is (PS3.8 tables 9-1 to 9-5). Named as in the standard. */
enum State {
  /** Idle. */
  STA1,
  /** Transport connection open, awaiting A-ASSOCIATE-RQ. */
  STA2,
  /** Awaiting the local user's A-ASSOCIATE response. */
  STA3,
  /** Awaiting the transport connection. */
  STA4,
  /** Awaiting A-ASSOCIATE-AC or -RJ. */
  STA5,
  /** Established, ready for data. */
  STA6,
  /** Awaiting A-RELEASE-RP. */
  STA7,
  /** Awaiting the local user's A-RELEASE response. */
  STA8,
  /** Release collision, requestor's side, awaiting the local user's A-RELEASE response. */
  STA9,
  /** Release collision, acceptor's side, awaiting A-RELEASE-RP. */
  STA10,
  /** Release collision, requestor's side, awaiting A-RELEASE-RP. */
  STA11,
  /** Release collision, acceptor's side, awaiting the local user's A-RELEASE response. */
  STA12,
  /** Awaiting the transport connection's end; the association is no more. */
  STA13
}

package io.caregrid.dicom.ul;

/** What can happen to an association (PS3.8 table 9-10, left column). */
enum Event {
  /** A-ASSOCIATE request of the local user. */
  EVT1,
  /** The transport connection is there. */
  EVT2,
  /** A-ASSOCIATE-AC PDU. */
  EVT3,
  /** A-ASSOCIATE-RJ PDU. */
  EVT4,
  /** A transport connection came in. */
  EVT5,
  /** A-ASSOCIATE-RQ PDU. */
  EVT6,
  /** A-ASSOCIATE response of the local user: accept. */
  EVT7,
  /** A-ASSOCIATE response of the local user: reject. */
  EVT8,
  /** P-DATA request of the local user. */
  EVT9,
  /** P-DATA-TF PDU. */
  EVT10,
  /** A-RELEASE request of the local user. */
  EVT11,
  /** A-RELEASE-RQ PDU. */
  EVT12,
  /** A-RELEASE-RP PDU. */
  EVT13,
  /** A-RELEASE response of the local user. */
  EVT14,
  /** A-ABORT request of the local user. */
  EVT15,
  /** A-ABORT PDU. */
  EVT16,
  /** The transport connection is closed. */
  EVT17,
  /** ARTIM timer expired. */
  EVT18,
  /** Unrecognized or invalid PDU. */
  EVT19
}

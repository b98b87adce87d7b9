package io.caregrid.dicom.ul;

import java.time.Duration;

/**
 * @param maxPdu longest P-DATA-TF variable field we take, bytes
 * @param artim  longest wait for A-ASSOCIATE-RQ and for the peer to close (PS3.8 section 9.1.5)
 * @param idle   longest silence of a peer from whom something is expected; noticed at most a quarter later
 */
public record Limits(int maxPdu, Duration artim, Duration idle) {}

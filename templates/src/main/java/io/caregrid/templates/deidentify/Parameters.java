package io.caregrid.templates.deidentify;

import java.util.List;

/**
 * What the methods share.
 *
 * @param shiftScope       what has one offset in common
 * @param fixedOffset      days every date is moved by; null: by the key
 * @param encryptKey       16, 24 or 32 bytes
 * @param restrictedZips   beginnings of ZIP codes where too few people live
 */
record Parameters(String dateShiftKey, Scope shiftScope, Integer fixedOffset, String cryptoHashKey, byte[] encryptKey,
    boolean partialAges, boolean partialDates, boolean partialZips, List<String> restrictedZips) {

  /** What has one offset of dates in common. */
  enum Scope {
    RESOURCE, FILE, FOLDER
  }
}

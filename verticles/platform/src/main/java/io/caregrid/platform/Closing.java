package io.caregrid.platform;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Closing what may fail to close, on the way out. */
final class Closing {
  private static final Logger log = LoggerFactory.getLogger(Closing.class);

  private Closing() {}

  /** One failure must not keep the rest from being closed. */
  static void quietly(AutoCloseable thing) {
    try {
      thing.close();
    } catch (Exception failed) {
      log.warn("did not close cleanly what={} cause={}", thing.getClass().getSimpleName(), failed.toString());
    }
  }
}

package io.caregrid.device;

import io.caregrid.templates.observation.Identity;

/** Whose a reading is, as far as it could be found out. */
public sealed interface Owner {
  /** What a reading says about itself: the device's own identifier, and the patient's if the message named one. */
  record Claim(String device, String patient) {}

  record Known(Identity identity) implements Owner {}

  /**
   * The reading cannot be attributed.
   *
   * @param reason a constant, safe as a metric tag
   * @param detail a sentence for a person, without patient data
   */
  record Unknown(String reason, String detail) implements Owner {}
}

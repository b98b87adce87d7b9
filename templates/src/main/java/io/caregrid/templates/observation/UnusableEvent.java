package io.caregrid.templates.observation;

import io.caregrid.templates.mapping.Declaration;

/** An event that can never become part of an Observation. It is set aside with its reason; what comes behind it goes on. */
public final class UnusableEvent extends Exception {
  private static final long serialVersionUID = 1;
  public final String reason;

  /**
   * @param reason a constant, e.g. {@code no-fhir-template}, {@code not-a-number}, {@code no-correlation-id}: safe as a metric tag
   * @param detail a sentence for a person, without patient data
   */
  public UnusableEvent(String reason, String detail) {
    super(detail, null, false, false);
    this.reason = reason;
  }

  /** The same, and which template could not take it. */
  UnusableEvent of(Declaration template) {
    return new UnusableEvent(reason,
        getMessage() + " (line " + template.line() + " of the FHIR mapping, template " + template.type() + ")");
  }
}

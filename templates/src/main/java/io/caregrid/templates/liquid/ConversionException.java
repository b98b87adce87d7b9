package io.caregrid.templates.liquid;

/**
 * A conversion that ends without a result. It carries its code and, when a template was at work, the template's key and line (1-based; 0 when unknown). No
 * stack trace: it is an answer. The message may quote a few characters of the input, so it goes to the caller and never to a log.
 */
public final class ConversionException extends RuntimeException {
  private static final long serialVersionUID = 1;
  public final ErrorCode code;
  public final String template;
  public final int line;

  public ConversionException(ErrorCode code, String message) {
    this(code, message, null, 0);
  }

  public ConversionException(ErrorCode code, String message, String template, int line) {
    super(message, null, false, false);
    this.code = code;
    this.template = template;
    this.line = line;
  }

  /** The same, with its place, unless a deeper place is known already. */
  ConversionException at(String place, int where) {
    return template != null ? this : new ConversionException(code, getMessage(), place, where);
  }

  /** What to tell: the message and where it happened. */
  public String told() {
    return template == null ? getMessage() : getMessage() + " (template " + template + ", line " + line + ")";
  }
}

package io.caregrid.platform;

/** Something a person can mend keeps the node from running. The message names the thing and the fix. */
public final class StartException extends RuntimeException {
  private static final long serialVersionUID = 1;

  public StartException(String message) {
    super(message);
  }

  public StartException(String message, Throwable cause) {
    super(message, cause);
  }
}

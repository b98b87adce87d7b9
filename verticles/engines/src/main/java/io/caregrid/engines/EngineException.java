package io.caregrid.engines;

/** An embedded engine that cannot start or go on. The message names the engine, the folder and, where known, the fix. */
public final class EngineException extends RuntimeException {
  private static final long serialVersionUID = 1;

  EngineException(String message) {
    super(message);
  }

  EngineException(String message, Throwable cause) {
    super(message, cause);
  }
}

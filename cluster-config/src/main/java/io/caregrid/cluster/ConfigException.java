package io.caregrid.cluster;

/** A setting that would break something. The message names the key, the range and, where it helps, the reason. */
public final class ConfigException extends IllegalArgumentException {
  private static final long serialVersionUID = 1;

  public ConfigException(String message) {
    super(message);
  }

  static void require(boolean holds, String message) {
    if (!holds) throw new ConfigException(message);
  }
}

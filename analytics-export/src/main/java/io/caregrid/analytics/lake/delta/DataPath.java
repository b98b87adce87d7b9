package io.caregrid.analytics.lake.delta;

import java.util.regex.Pattern;

/** How the log names a data file. Its paths are URIs (RFC 2396); ours have no character that would have to be encoded, so they are names as well. */
final class DataPath {
  private static final Pattern PLAIN = Pattern.compile("(?![._])[A-Za-z0-9._=-]+(/(?![._])[A-Za-z0-9._=-]+)*");

  private DataPath() {}

  /** Refuses what is absolute, hidden, encoded, or leads out of the table. */
  static void plain(String path) {
    if (path == null) throw new IllegalArgumentException("a file without a path");
    if (!PLAIN.matcher(path).matches())
      throw new IllegalArgumentException("a file's path is absolute, hidden, or has characters that need encoding");
  }
}

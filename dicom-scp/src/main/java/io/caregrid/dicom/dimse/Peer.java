package io.caregrid.dicom.dimse;

import java.time.Duration;

/**
 * Whom to call, and as whom.
 *
 * @param called   their application entity title
 * @param calling  ours
 * @param patience longest they may say nothing
 */
public record Peer(String host, int port, String called, String calling, Duration patience) {

  public static final Duration PATIENCE = Duration.ofMinutes(2);

  public Peer {
    for (String title : new String[] {called, calling})
      if (!title.matches("[ -\\[\\]-~]{1,16}") || title.isBlank())
        throw new IllegalArgumentException(
            "an AE title has 1 to 16 printable ASCII characters without backslash, not '" + title + "'");
  }

  String address() {
    return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
  }

  /** As it is written: {@code CAREGRID@127.0.0.1:11112}. */
  @Override
  public String toString() {
    return called + "@" + address();
  }
}

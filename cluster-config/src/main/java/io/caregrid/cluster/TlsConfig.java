package io.caregrid.cluster;

import java.nio.file.Path;

/**
 * TLS of one door, from PEM files that are read again when they change.
 *
 * @param cert     the door's certificate, followed by those between it and its root; null: no TLS
 * @param key      its private key (PKCS #8, without password)
 * @param clientCa certificates that sign those of clients; null: a client needs none. With it, whoever shows none is not let in
 */
public record TlsConfig(Path cert, Path key, Path clientCa) {

  public static final TlsConfig NONE = new TlsConfig(null, null, null);

  /** @throws ConfigException when a file is missing beside the others */
  void check(String door) {
    ConfigException.require((cert == null) == (key == null),
        door + ".tls.cert and " + door + ".tls.key must be set both, or neither");
    ConfigException.require(clientCa == null || cert != null, door + ".tls.clientCa needs " + door + ".tls.cert");
  }

  public boolean isOn() {
    return cert != null;
  }
}

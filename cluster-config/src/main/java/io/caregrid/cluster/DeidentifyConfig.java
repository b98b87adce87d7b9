package io.caregrid.cluster;

import static io.caregrid.cluster.ConfigException.require;

import java.nio.charset.StandardCharsets;
import java.util.Set;

/**
 * Keys of {@code $de-identify}, for configurations that have none of their own; empty: there is none. Each is a secret: masked wherever the configuration is shown.
 *
 * @param dateShiftKey  decides by how many days dates move
 * @param cryptoHashKey of HMAC-SHA256: 32 bytes in UTF-8 at least (RFC 2104 3). Who has it can try out which id belongs to a hash
 * @param encryptKey    of AES: 16, 24 or 32 bytes in UTF-8
 */
public record DeidentifyConfig(String dateShiftKey, String cryptoHashKey, String encryptKey) {

  private static final int LEAST_HASH_KEY = 32;
  private static final Set<Integer> BYTES = Set.of(0, 16, 24, 32);
  /** Behind what its checks need. */
  public static final DeidentifyConfig DEFAULT = new DeidentifyConfig("", "", "");

  public DeidentifyConfig {
    require(BYTES.contains(encryptKey.getBytes(StandardCharsets.UTF_8).length),
        "fhir.deidentify.encryptKey must have 16, 24 or 32 bytes");
    require(cryptoHashKey.isEmpty() || cryptoHashKey.getBytes(StandardCharsets.UTF_8).length >= LEAST_HASH_KEY,
        "fhir.deidentify.cryptoHashKey must have " + LEAST_HASH_KEY
            + " bytes at least: a short key is found by trying");
  }

  @Override
  public String toString() {
    return "DeidentifyConfig[…]";
  }
}

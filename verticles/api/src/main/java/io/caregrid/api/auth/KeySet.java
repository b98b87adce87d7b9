package io.caregrid.api.auth;

import com.fasterxml.jackson.databind.JsonNode;
import java.security.PublicKey;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jose4j.jwk.JsonWebKey;
import org.jose4j.lang.JoseException;

/** The public keys by which an issuer's signatures are known (RFC 7517). What cannot be used is left out: nothing is verified by it. */
record KeySet(List<Key> keys) {
  private static final int MOST_KEYS = 100;

  /**
   * @param kid       null when it has no name
   * @param algorithm the only one it is for; null when it does not say
   */
  record Key(String kid, Algorithm algorithm, PublicKey key) {
    private boolean isFor(Jws jws) {
      return (jws.kid() == null || jws.kid().equals(kid)) && (algorithm == null || algorithm == jws.algorithm())
          && jws.algorithm().fits(key);
    }
  }

  KeySet {
    keys = List.copyOf(keys);
  }

  /** @param set a JWK Set: {@code {"keys": [...]}} */
  static KeySet of(JsonNode set) {
    List<Key> keys = new ArrayList<>();
    for (JsonNode jwk : set.path("keys")) {
      if (keys.size() < MOST_KEYS) key(jwk).ifPresent(keys::add);
    }
    return new KeySet(keys);
  }

  /** The one key this token can be verified by; empty when there is none, or when it does not say which of several. */
  Optional<PublicKey> keyFor(Jws jws) {
    List<Key> fitting = keys.stream().filter(key -> key.isFor(jws)).toList();
    return fitting.size() == 1 ? Optional.of(fitting.get(0).key()) : Optional.empty();
  }

  /** @param algorithm the only one it is for */
  private static boolean isUsable(PublicKey key, Optional<Algorithm> algorithm) {
    return algorithm.map(Stream::of).orElseGet(() -> Arrays.stream(Algorithm.values())).anyMatch(one -> one.fits(key));
  }

  private static Optional<Key> key(JsonNode jwk) {
    if (!jwk.path("use").asText("sig").equals("sig")) return Optional.empty();
    String named = jwk.path("alg").asText("");
    Optional<Algorithm> algorithm = Algorithm.of(named);
    if (!named.isEmpty() && algorithm.isEmpty()) return Optional.empty();
    try {
      return JsonWebKey.Factory.newJwk(jwk.toString()).getKey() instanceof PublicKey key && isUsable(key, algorithm)
          ? Optional.of(new Key(jwk.path("kid").isTextual() ? jwk.path("kid").asText() : null, algorithm.orElse(null),
              key))
          : Optional.empty();
    } catch (JoseException | RuntimeException unusable) {
      return Optional.empty();
    }
  }
}

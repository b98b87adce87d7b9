package io.caregrid.api.auth;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigInteger;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.security.spec.RSAPublicKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The public keys by which an issuer's signatures are known (RFC 7517). What cannot be used is left out: nothing is verified by it. */
record KeySet(List<Key> keys) {
  private static final int LEAST_RSA_BITS = 2048;
  private static final int MOST_KEYS = 100;
  private static final Map<String, String> CURVES = Map.of("P-256", "secp256r1", "P-384", "secp384r1", "P-521",
      "secp521r1");
  /** What stands before the 32 bytes of an Ed25519 key in X.509 (RFC 8410 section 4). */
  private static final byte[] ED25519 = HexFormat.of().parseHex("302a300506032b6570032100");

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

  private static Optional<Key> key(JsonNode jwk) {
    if (!jwk.path("use").asText("sig").equals("sig")) return Optional.empty();
    String named = jwk.path("alg").asText("");
    Optional<Algorithm> algorithm = Algorithm.of(named);
    if (!named.isEmpty() && algorithm.isEmpty()) return Optional.empty();
    try {
      PublicKey key = publicKey(jwk);
      return key == null
          ? Optional.empty()
          : Optional.of(new Key(jwk.path("kid").isTextual() ? jwk.path("kid").asText() : null, algorithm.orElse(null),
              key));
    } catch (GeneralSecurityException | IllegalArgumentException unusable) {
      return Optional.empty();
    }
  }

  private static PublicKey publicKey(JsonNode jwk) throws GeneralSecurityException {
    return switch (jwk.path("kty").asText()) {
      case "RSA" -> rsa(jwk);
      case "EC" -> curve(jwk);
      case "OKP" -> edwards(jwk);
      default -> null;
    };
  }

  private static PublicKey rsa(JsonNode jwk) throws GeneralSecurityException {
    RSAPublicKey key = (RSAPublicKey) KeyFactory.getInstance("RSA")
        .generatePublic(new RSAPublicKeySpec(number(jwk, "n"), number(jwk, "e")));
    return key.getModulus().bitLength() >= LEAST_RSA_BITS ? key : null;
  }

  private static PublicKey curve(JsonNode jwk) throws GeneralSecurityException {
    String name = CURVES.get(jwk.path("crv").asText());
    if (name == null) return null;
    AlgorithmParameters parameters = AlgorithmParameters.getInstance("EC");
    parameters.init(new ECGenParameterSpec(name));
    ECPoint point = new ECPoint(number(jwk, "x"), number(jwk, "y"));
    return KeyFactory.getInstance("EC")
        .generatePublic(new ECPublicKeySpec(point, parameters.getParameterSpec(ECParameterSpec.class)));
  }

  private static PublicKey edwards(JsonNode jwk) throws GeneralSecurityException {
    byte[] x = bytes(jwk, "x");
    if (!jwk.path("crv").asText().equals("Ed25519") || x.length != 32) return null;
    byte[] encoded = java.util.Arrays.copyOf(ED25519, ED25519.length + x.length);
    System.arraycopy(x, 0, encoded, ED25519.length, x.length);
    return KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(encoded));
  }

  private static BigInteger number(JsonNode jwk, String name) {
    return new BigInteger(1, bytes(jwk, name));
  }

  private static byte[] bytes(JsonNode jwk, String name) {
    return Base64.getUrlDecoder().decode(jwk.path(name).asText());
  }
}

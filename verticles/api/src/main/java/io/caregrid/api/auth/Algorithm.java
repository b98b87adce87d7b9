package io.caregrid.api.auth;

import java.security.PublicKey;
import java.util.Arrays;
import java.util.Optional;
import org.jose4j.jca.ProviderContext;
import org.jose4j.jwa.AlgorithmFactoryFactory;
import org.jose4j.jws.JsonWebSignatureAlgorithm;
import org.jose4j.lang.InvalidAlgorithmException;
import org.jose4j.lang.InvalidKeyException;
import org.jose4j.lang.JoseException;

/**
 * The signatures that are taken (RFC 7518 section 3.1, RFC 8037): all with a key pair. {@code none} and those with a shared secret are not among them,
 * so that nobody can sign with what the issuer publishes. How each is verified is jose4j's affair.
 */
enum Algorithm {
  RS256,
  RS384,
  RS512,
  PS256,
  PS384,
  PS512,
  ES256,
  ES384,
  ES512,
  EdDSA;

  private static final ProviderContext JDK = new ProviderContext();
  private final JsonWebSignatureAlgorithm jose = jose(name());

  private static JsonWebSignatureAlgorithm jose(String name) {
    try {
      return AlgorithmFactoryFactory.getInstance().getJwsAlgorithmFactory().getAlgorithm(name);
    } catch (InvalidAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  static Optional<Algorithm> of(String name) {
    return Arrays.stream(values()).filter(one -> one.name().equals(name)).findFirst();
  }

  /** A key of the right family, of 2048 bits at least with RSA, on the right curve with ECDSA. */
  boolean fits(PublicKey key) {
    // jose4j looks at the sizes and curves of the family it expects, and finds nothing wrong with a key of another
    if (!jose.getKeyType().equals(family(key))) return false;
    try {
      jose.validateVerificationKey(key);
      return true;
    } catch (InvalidKeyException other) {
      return false;
    }
  }

  /** As JWKs call it in {@code kty} (RFC 7518 section 6.1, RFC 8037 section 2); the JDK's name where we take none of its keys. */
  private static String family(PublicKey key) {
    return key.getAlgorithm().equals("EdDSA") ? "OKP" : key.getAlgorithm();
  }

  /** On the caller's thread, which is no event loop: see {@link Signatures}. */
  boolean verifies(PublicKey key, byte[] signed, byte[] signature) {
    try {
      return jose.verifySignature(signature, key, signed, JDK);
    } catch (JoseException | RuntimeException unusable) {
      return false;
    }
  }
}

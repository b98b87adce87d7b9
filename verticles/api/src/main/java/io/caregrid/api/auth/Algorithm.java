package io.caregrid.api.auth;

import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.spec.AlgorithmParameterSpec;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.util.Arrays;
import java.util.Optional;

/**
 * The signatures that are taken (RFC 7518 section 3.1, RFC 8037): all with a key pair. {@code none} and those with a shared secret are not among them,
 * so that nobody can sign with what the issuer publishes.
 */
enum Algorithm {
  RS256("SHA256withRSA", "RSA", 0, null),
  RS384("SHA384withRSA", "RSA", 0, null),
  RS512("SHA512withRSA", "RSA", 0,
      null),
  PS256("RSASSA-PSS", "RSA", 0, pss("SHA-256", MGF1ParameterSpec.SHA256, 32)),
  PS384("RSASSA-PSS", "RSA", 0,
      pss("SHA-384", MGF1ParameterSpec.SHA384, 48)),
  PS512("RSASSA-PSS", "RSA", 0,
      pss("SHA-512", MGF1ParameterSpec.SHA512, 64)),
  ES256("SHA256withECDSAinP1363Format", "EC", 256,
      null),
  ES384("SHA384withECDSAinP1363Format", "EC", 384,
      null),
  ES512("SHA512withECDSAinP1363Format", "EC", 521, null),
  EdDSA("Ed25519", "EdDSA", 0, null);

  private final String jca;
  private final String family;
  private final int curveBits;
  private final AlgorithmParameterSpec parameters;

  Algorithm(String jca, String family, int curveBits, AlgorithmParameterSpec parameters) {
    this.jca = jca;
    this.family = family;
    this.curveBits = curveBits;
    this.parameters = parameters;
  }

  private static PSSParameterSpec pss(String digest, MGF1ParameterSpec mask, int salt) {
    return new PSSParameterSpec(digest, "MGF1", mask, salt, 1);
  }

  static Optional<Algorithm> of(String name) {
    return Arrays.stream(values()).filter(one -> one.name().equals(name)).findFirst();
  }

  /** A key of the right family and, for elliptic curves, the right curve. */
  boolean fits(PublicKey key) {
    if (!key.getAlgorithm().equals(family)) return false;
    return !(key instanceof ECPublicKey curve) || curve.getParams().getCurve().getField().getFieldSize() == curveBits;
  }

  /** On the caller's thread, which is no event loop: see {@link Signatures}. */
  boolean verifies(PublicKey key, byte[] signed, byte[] signature) {
    try {
      Signature check = Signature.getInstance(jca);
      if (parameters != null) check.setParameter(parameters);
      check.initVerify(key);
      check.update(signed);
      return check.verify(signature);
    } catch (GeneralSecurityException unusable) {
      return false;
    }
  }
}

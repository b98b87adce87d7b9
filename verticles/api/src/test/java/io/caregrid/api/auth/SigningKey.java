package io.caregrid.api.auth;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.EdECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.Map;

/** A key as an issuer has it: it signs, and shows its public half as a JWK. */
record SigningKey(String kid, String algorithm, KeyPair pair) {

  private static final ObjectMapper JSON = new ObjectMapper();

  static SigningKey of(String kid, String algorithm) {
    try {
      KeyPairGenerator maker = KeyPairGenerator.getInstance(switch (algorithm.substring(0, 2)) {
        case "RS", "PS" -> "RSA";
        case "ES" -> "EC";
        default -> "Ed25519";
      });
      if (!algorithm.equals("EdDSA"))
        maker.initialize(switch (algorithm) {
          case "ES256" -> 256;
          case "ES384" -> 384;
          case "ES512" -> 521;
          default -> 2048;
        });
      return new SigningKey(kid, algorithm, maker.generateKeyPair());
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  ObjectNode jwk() {
    ObjectNode jwk = JSON.createObjectNode().put("use", "sig").put("alg", algorithm);
    if (kid != null) jwk.put("kid", kid);
    if (pair.getPublic() instanceof RSAPublicKey rsa)
      return jwk.put("kty", "RSA").put("n", text(rsa.getModulus(), 0)).put("e", text(rsa.getPublicExponent(), 0));
    if (pair.getPublic() instanceof ECPublicKey curve) {
      int bytes = (curve.getParams().getCurve().getField().getFieldSize() + 7) / 8;
      return jwk.put("kty", "EC")
          .put("crv", "P-" + curve.getParams().getCurve().getField().getFieldSize())
          .put("x", text(curve.getW().getAffineX(), bytes))
          .put("y", text(curve.getW().getAffineY(), bytes));
    }
    byte[] encoded = ((EdECPublicKey) pair.getPublic()).getEncoded();
    return jwk.put("kty", "OKP")
        .put("crv", "Ed25519")
        .put("x", text(Arrays.copyOfRange(encoded, encoded.length - 32, encoded.length)));
  }

  /** Signed as it should be. */
  String token(ObjectNode claims) {
    return token(Map.of(), claims);
  }

  String token(Map<String, Object> header, ObjectNode claims) {
    return token(header, claims.toString());
  }

  /** @param header members beside or in place of alg, kid and typ */
  String token(Map<String, Object> header, String claims) {
    ObjectNode all = JSON.createObjectNode().put("alg", algorithm).put("typ", "JWT");
    if (kid != null) all.put("kid", kid);
    header.forEach(all::putPOJO);
    String signed = text(json(all)) + "." + text(claims.getBytes(StandardCharsets.UTF_8));
    return signed + "." + text(signature(signed));
  }

  private static byte[] json(ObjectNode node) {
    try {
      return JSON.writeValueAsBytes(node);
    } catch (java.io.IOException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  private byte[] signature(String signed) {
    try {
      Signature maker = Signature.getInstance(switch (algorithm.substring(0, 2)) {
        case "RS" -> "SHA" + algorithm.substring(2) + "withRSA";
        case "PS" -> "RSASSA-PSS";
        case "ES" -> "SHA" + algorithm.substring(2) + "withECDSAinP1363Format";
        default -> "Ed25519";
      });
      if (algorithm.equals("PS256"))
        maker.setParameter(new PSSParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, 32, 1));
      maker.initSign(pair.getPrivate());
      maker.update(signed.getBytes(StandardCharsets.US_ASCII));
      return maker.sign();
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  static String text(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  private static String text(BigInteger number, int length) {
    byte[] significant = number.toByteArray();
    int from = significant.length > 1 && significant[0] == 0 ? 1 : 0;
    byte[] bytes = Arrays.copyOfRange(significant, from, significant.length);
    if (length <= bytes.length) return text(bytes);
    byte[] padded = new byte[length];
    System.arraycopy(bytes, 0, padded, length - bytes.length, bytes.length);
    return text(padded);
  }
}

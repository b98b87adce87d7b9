package io.caregrid.api.auth;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.PublicKey;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * A signed token as it came, taken apart and not yet believed (RFC 7515 section 7.1, RFC 7519).
 *
 * @param kid       which key signed it, by its own word; null when it does not say
 * @param claims    an object
 * @param signed    what the signature is over
 */
record Jws(Algorithm algorithm, String kid, JsonNode claims, byte[] signed, byte[] signature) {

  /** Characters. Groups by the hundred fit into it. */
  static final int LONGEST = 12 << 10;
  private static final int DEEPEST = 20;
  /** Of access tokens; issuers sign other things with the same keys, each with a type of its own (RFC 8725 section 3.11). */
  private static final Set<String> TYPES = Set.of("", "jwt", "at+jwt", "application/at+jwt");
  private static final JsonMapper JSON = JsonMapper.builder(JsonFactory.builder()
      .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(DEEPEST).maxNumberLength(30).build())
      .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
      .build()).enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

  /** @throws io.caregrid.contract.Failure.Unauthenticated saying what is wrong */
  static Jws parse(String token) {
    if (token.length() > LONGEST)
      throw InvalidToken.because("it has " + token.length() + " characters, more than " + LONGEST);
    String[] parts = token.split("\\.", -1);
    if (parts.length != 3) throw InvalidToken.because("it is no signed JWT of three parts");
    JsonNode header = object(parts[0], "header");
    if (header.has("crit")) throw InvalidToken.because("its header asks for extensions that are not known here");
    if (!TYPES.contains(text(header, "typ", "").toLowerCase(Locale.ROOT)))
      throw InvalidToken.because("its type says that it is no access token");
    Algorithm algorithm = Algorithm.of(text(header, "alg", ""))
        .orElseThrow(() -> InvalidToken.because("its algorithm is not one of " + List.of(Algorithm.values())));
    byte[] signed = (parts[0] + "." + parts[1]).getBytes(StandardCharsets.US_ASCII);
    return new Jws(algorithm, text(header, "kid", null), object(parts[1], "payload"), signed,
        bytes(parts[2], "signature"));
  }

  private static String text(JsonNode header, String name, String unless) {
    JsonNode value = header.get(name);
    if (value == null) return unless;
    if (!value.isTextual()) throw InvalidToken.because("its header's " + name + " is no text");
    return value.asText();
  }

  private static JsonNode object(String part, String what) {
    try {
      JsonNode object = JSON.readTree(bytes(part, what));
      if (object != null && object.isObject()) return object;
    } catch (IOException unreadable) {
      // said below, without its words: they quote the token
    }
    throw InvalidToken.because("its " + what + " is no JSON object");
  }

  private static byte[] bytes(String part, String what) {
    try {
      if (!part.isEmpty() && part.indexOf('=') < 0) return Base64.getUrlDecoder().decode(part);
    } catch (IllegalArgumentException unreadable) {
      // said below
    }
    throw InvalidToken.because("its " + what + " is not in base64url");
  }

  boolean isSignedBy(PublicKey key) {
    return algorithm.verifies(key, signed, signature);
  }
}

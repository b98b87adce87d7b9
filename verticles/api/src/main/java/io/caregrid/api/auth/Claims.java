package io.caregrid.api.auth;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What a token says of its bearer, as far as we use it (RFC 7519 section 4.1, RFC 9068 section 2.2).
 *
 * @param subject {@code sub}
 * @param name    for people; null when there is none
 * @param roles   values of the roles claims, as the issuer calls them
 * @param until   when it expires, our patience with the issuer's clock included
 */
record Claims(String subject, String name, Set<String> roles, Instant until) {

  private static final int LONGEST_SUBJECT = 255;
  private static final int MOST_ROLES = 1_000;
  private static final List<String> NAMES = List.of("preferred_username", "name", "client_id", "azp", "appid");
  /**
   * Claims that only an ID token has (OpenID Connect Core 1.0 sections 3.1.3.6, 3.3.2.11): it says who signed in, is given to the browser when somebody signs
   * out, and may have our audience where an issuer is told one name for both. Not every ID token has one: hence {@code accessClaim} of {@link Terms}.
   */
  private static final List<String> OF_ID_TOKENS = List.of("at_hash", "c_hash", "s_hash");
  /** What Keycloak writes into the claim typ of tokens that are no access tokens. */
  private static final Set<String> OTHER_TYPES = Set.of("ID", "Refresh", "Offline", "Logout", "Initial");

  /** @throws io.caregrid.contract.Failure.Unauthenticated saying which claim is wrong; the signature is somebody else's matter */
  static Claims of(JsonNode claims, Terms issuer, Instant now) {
    if (OTHER_TYPES.contains(claims.path("typ").asText()) || OF_ID_TOKENS.stream().anyMatch(claims::has)
        || claims.path("token_use").asText().equals("id"))
      throw InvalidToken.because("its type says that it is no access token");
    if (!issuer.accessClaim().isEmpty() && !claims.hasNonNull(issuer.accessClaim()))
      throw InvalidToken.because("it has no " + issuer.accessClaim() + ", which access tokens of its issuer have");
    if (!audience(claims).contains(issuer.audience()))
      throw InvalidToken.because("it is made for somebody else: aud must name " + issuer.audience());
    Instant expires = moment(claims, "exp");
    if (expires == null) throw InvalidToken.because("it does not say when it expires (exp)");
    Instant until = expires.plus(issuer.skew());
    if (!now.isBefore(until)) throw InvalidToken.because("it has expired");
    Instant begins = moment(claims, "nbf");
    if (begins != null && now.plus(issuer.skew()).isBefore(begins))
      throw InvalidToken.because("it is not valid yet (nbf)");
    moment(claims, "iat");
    Set<String> roles = new LinkedHashSet<>();
    issuer.rolesClaim().forEach(path -> roles.addAll(roles(claims, path)));
    return new Claims(subject(claims), name(claims), roles, until);
  }

  private static String subject(JsonNode claims) {
    JsonNode subject = claims.path("sub");
    if (!subject.isTextual() || subject.asText().isBlank() || subject.asText().length() > LONGEST_SUBJECT
        || subject.asText().chars().anyMatch(Character::isISOControl))
      throw InvalidToken.because("sub must be a text of 1 to " + LONGEST_SUBJECT + " characters");
    return subject.asText();
  }

  private static String name(JsonNode claims) {
    return NAMES.stream()
        .map(claims::path)
        .filter(JsonNode::isTextual)
        .map(JsonNode::asText)
        .filter(text -> !text.isBlank() && text.length() <= LONGEST_SUBJECT)
        .map(text -> text.replaceAll("\\p{Cntrl}", "?"))
        .findFirst()
        .orElse(null);
  }

  private static List<String> audience(JsonNode claims) {
    JsonNode audience = claims.path("aud");
    if (audience.isMissingNode()) return List.of();
    return texts(audience, "aud");
  }

  private static Instant moment(JsonNode claims, String name) {
    JsonNode value = claims.get(name);
    if (value == null) return null;
    if (!value.isNumber() || value.asDouble() < 0 || value.asDouble() > 253_402_300_799.0)
      throw InvalidToken.because(name + " must be a number of seconds since 1970");
    return Instant.ofEpochMilli((long) (value.asDouble() * 1000));
  }

  /** A name with dots may be one claim, or a path into the object of another. */
  private static List<String> roles(JsonNode claims, String path) {
    JsonNode found = claims.get(path);
    if (found == null) {
      found = claims;
      for (String step : path.split("\\.")) found = found.path(step);
    }
    if (found.isMissingNode()) return List.of();
    String last = path.substring(path.lastIndexOf('.') + 1);
    boolean spaced = found.isTextual() && (last.equals("scope") || last.equals("scp"));
    return spaced ? List.of(found.asText().strip().split(" +")) : texts(found, path);
  }

  private static List<String> texts(JsonNode value, String name) {
    if (value.isTextual()) return List.of(value.asText());
    if (!value.isArray() || value.size() > MOST_ROLES)
      throw InvalidToken.because(name + " must be a text or a list of at most " + MOST_ROLES + " texts");
    List<String> texts = new java.util.ArrayList<>();
    for (JsonNode one : value) {
      if (!one.isTextual()) throw InvalidToken.because(name + " must be a text or a list of texts");
      texts.add(one.asText());
    }
    return texts;
  }
}

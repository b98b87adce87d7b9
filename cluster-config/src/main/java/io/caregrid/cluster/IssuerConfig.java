package io.caregrid.cluster;

import static io.caregrid.cluster.ConfigException.require;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * One OpenID Connect issuer whose access tokens are taken.
 *
 * @param url        as it stands in its tokens as {@code iss}; its keys are found through {@code url/.well-known/openid-configuration}
 * @param audience   has to be among a token's {@code aud}: what the issuer calls this house
 * @param rolesClaim where in the token the roles stand, one or several: {@code roles}, {@code realm_access.roles}, {@code scope}
 * @param roles      value of that claim → roles of this house. Empty: the values are names of roles; otherwise only what stands here counts
 * @param accessClaim name of a claim that only its access tokens have, such as {@code scp}: a token without it is refused. Empty: none is asked for
 * @param skew       how far the issuer's clock may be from ours, 0 s..5 min
 * @param keysFor    how long its keys are good when it cannot be asked again, 1 min..30 d
 * @param trust      PEM file with the certificates of the authorities that vouch for its TLS; null: those of the JVM
 */
public record IssuerConfig(String url, String audience, List<String> rolesClaim, Map<String, List<String>> roles,
    String accessClaim, Duration skew, Duration keysFor, Path trust) {

  static final Map<String, String> DEFAULTS = Map.of("audience", "caregrid", "rolesClaim", "roles", "accessClaim", "",
      "skew", "30s",
      "keysFor", "1d", "trust", "");

  public IssuerConfig {
    rolesClaim = List.copyOf(rolesClaim);
    roles = Map.copyOf(roles);
    require(isSafe(url), "security.issuers: url must be https://…, or http:// on loopback, not " + url);
    require(!url.contains("?") && !url.contains("#"), "security.issuers: url must be without ? and #, not " + url);
    require(!audience.isBlank(), "security.issuers: audience of " + url
        + " must not be blank: a token made for somebody else would open this house");
    require(!rolesClaim.isEmpty(), "security.issuers: rolesClaim of " + url + " must name a claim");
    require(!skew.isNegative() && skew.toMinutes() <= 5, "security.issuers: skew must be PT0S..PT5M, not " + skew);
    require(keysFor.toMinutes() >= 1 && keysFor.toDays() <= 30,
        "security.issuers: keysFor must be PT1M..PT720H, not " + keysFor);
  }

  private static boolean isSafe(String url) {
    try {
      URI there = URI.create(url);
      if (there.getHost() == null || there.getScheme() == null) return false;
      return there.getScheme().equals("https") || there.getScheme().equals("http") && Hosts.isLoopback(there.getHost());
    } catch (IllegalArgumentException none) {
      return false;
    }
  }
}

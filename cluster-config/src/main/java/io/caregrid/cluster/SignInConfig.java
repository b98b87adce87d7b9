package io.caregrid.cluster;

import static io.caregrid.cluster.ConfigException.require;

import java.net.URI;
import java.time.Duration;
import java.util.List;

/**
 * How people sign in with a browser: OpenID Connect's code flow with PKCE (RFC 7636).
 *
 * @param issuer       name of the one among {@code security.issuers} where they do; empty: pages ask nobody to sign in
 * @param clientId     what that issuer calls this house
 * @param clientSecret empty for a public client; a secret: masked wherever the configuration is shown
 * @param scopes       asked for; have to lead to an access token with the audience and the roles claim of that issuer
 * @param sessionFor   after that somebody has to sign in again, 1 min..30 d
 * @param origin       scheme, host and port under which browsers reach this house, behind a proxy that ends TLS; empty: as each of them calls it
 */
public record SignInConfig(String issuer, String clientId, String clientSecret, List<String> scopes,
    Duration sessionFor,
    String origin) {

  public static final SignInConfig DEFAULT = new SignInConfig("", "caregrid", "", List.of("openid", "profile"),
      Duration.ofHours(12), "");

  public SignInConfig {
    scopes = List.copyOf(scopes);
    require(issuer.isEmpty() || !clientId.isBlank(), "security.signIn.clientId must not be blank");
    require(sessionFor.toMinutes() >= 1 && sessionFor.toDays() <= 30,
        "security.signIn.sessionFor must be PT1M..PT720H, not " + sessionFor);
    require(origin.isEmpty() || isOrigin(origin),
        "security.signIn.origin must be like https://caregrid.hospital.example, not " + origin);
  }

  public boolean isOffered() {
    return !issuer.isEmpty();
  }

  private static boolean isOrigin(String text) {
    try {
      URI there = URI.create(text);
      return List.of("http", "https").contains(there.getScheme()) && there.getHost() != null
          && (there.getScheme() + "://" + there.getAuthority()).equals(text);
    } catch (IllegalArgumentException none) {
      return false;
    }
  }
}

package io.caregrid.api.auth;

import io.caregrid.cluster.IssuerConfig;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * On what terms the tokens of one issuer are taken; see {@link IssuerConfig}.
 *
 * @param issuer as in {@code iss}
 */
record Terms(String issuer, String audience, List<String> rolesClaim, Map<String, List<String>> roles,
    String accessClaim, Duration skew, Duration keysFor) {

  static Terms of(IssuerConfig config) {
    return new Terms(config.url(), config.audience(), config.rolesClaim(), config.roles(), config.accessClaim(),
        config.skew(),
        config.keysFor());
  }

  /** For tokens of this node's own key, made on a machine with the same clock. */
  static Terms own(NodeKey key) {
    return new Terms(key.issuer(), NodeKey.AUDIENCE, List.of(NodeKey.ROLES), Map.of(), "", Duration.ofSeconds(30),
        Duration.ofDays(1));
  }
}

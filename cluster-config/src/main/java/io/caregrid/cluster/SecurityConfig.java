package io.caregrid.cluster;

import static io.caregrid.cluster.ConfigException.require;

import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Who may do what.
 *
 * @param mode       {@code protected}: as soon as somebody is there who says who calls, every door asks; before that only loopback is open.
 *                   {@code open-i-know-what-i-do}: whoever reaches a door without a token may do everything
 * @param nodeTokens whether tokens that {@code caregrid token} signs with this node's own key are taken: {@code loopback}, only while HTTP is bound to
 *                   loopback; {@code always}, and then every door asks, also when there is no other issuer; {@code never}
 * @param issuers    who says who calls, by any name
 * @param roles      roles beside the built-in ones, or in place of those with the same name
 * @param signIn     how people sign in with a browser
 */
public record SecurityConfig(String mode, String nodeTokens, Map<String, IssuerConfig> issuers,
    Map<String, RoleConfig> roles, SignInConfig signIn) {

  public static final String PROTECTED = "protected";
  public static final String OPEN = "open-i-know-what-i-do";
  private static final String ALWAYS = "always";
  private static final String LOOPBACK = "loopback";
  private static final Set<String> NODE_TOKENS = Set.of(LOOPBACK, ALWAYS, "never");
  public static final SecurityConfig DEFAULT = new SecurityConfig(PROTECTED, LOOPBACK, Map.of(), Map.of(),
      SignInConfig.DEFAULT);

  public SecurityConfig {
    issuers = Map.copyOf(issuers);
    roles = Map.copyOf(roles);
    require(mode.equals(PROTECTED) || mode.equals(OPEN),
        "security.mode must be " + PROTECTED + " or " + OPEN + ", not " + mode);
    require(NODE_TOKENS.contains(nodeTokens),
        "security.nodeTokens must be " + String.join(", ", NODE_TOKENS.stream().sorted().toList()) + ", not "
            + nodeTokens);
    require(!signIn.isOffered() || issuers.containsKey(signIn.issuer()),
        "security.signIn.issuer must be one of security.issuers, " + issuers.keySet().stream().sorted().toList()
            + ", not "
            + signIn.issuer());
    List<String> urls = issuers.values().stream().map(IssuerConfig::url).toList();
    require(urls.size() == Set.copyOf(urls).size(), "security.issuers must name each issuer's url once");
  }

  /** Somebody is there who says who calls. */
  public boolean asksWhoCalls() {
    return !issuers.isEmpty() || nodeTokens.equals(ALWAYS);
  }

  public boolean isOpenByWish() {
    return mode.equals(OPEN);
  }

  /** @param host to which HTTP is bound */
  public boolean takesNodeTokens(String host) {
    return nodeTokens.equals(ALWAYS) || nodeTokens.equals(LOOPBACK) && Hosts.isLoopback(host);
  }
}

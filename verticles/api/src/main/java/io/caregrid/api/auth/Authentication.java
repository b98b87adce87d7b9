package io.caregrid.api.auth;

import io.caregrid.cluster.IssuerConfig;
import io.caregrid.cluster.NodeConfig;
import io.caregrid.cluster.SecurityConfig;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Doorman;
import io.caregrid.contract.Roles;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;

/** The node's doorman with everybody who vouches for callers: the issuers of {@code security.issuers}, and the node's own key where that is taken. */
public final class Authentication implements AutoCloseable {
  private final Vertx vertx;
  private final List<Discovery> discoveries = new ArrayList<>();
  private final List<Issuer> issuers = new ArrayList<>();
  private final List<Long> timers = new ArrayList<>();
  private final Signatures signatures;
  private final TokenDoorman doorman;
  private final boolean asks;
  /** Whom clients are sent to for a token, or null. */
  private final Discovery named;

  /**
   * Returns at once; issuers are asked for their keys in the background.
   *
   * @param key null when tokens of this node are not taken
   */
  public Authentication(Vertx vertx, NodeConfig config, NodeKey key, Roles roles, Clock clock, MeterRegistry metrics) {
    this.vertx = vertx;
    Admitted admitted = new Admitted();
    for (IssuerConfig issuer : config.security().issuers().values()) {
      Discovery discovery = new Discovery(vertx, issuer);
      discoveries.add(discovery);
      issuers.add(new Issuer(Terms.of(issuer), discovery::keys, clock, admitted::forget));
    }
    asks = !config.isOpen();
    named = named(config.security());
    issuers.forEach(issuer -> timers.add(issuer.follow(vertx)));
    List<Issuer> all = new ArrayList<>(issuers);
    if (key != null) all.add(Issuer.fixed(Terms.own(key), key.keys(), clock));
    signatures = new Signatures(metrics);
    doorman = new TokenDoorman(all, roles, config.isOpen(), admitted, signatures, clock, metrics);
  }

  /** The one that signs people in, or the only one there is. */
  private Discovery named(SecurityConfig security) {
    if (!security.signIn().isOffered()) return discoveries.size() == 1 ? discoveries.get(0) : null;
    String url = security.issuers().get(security.signIn().issuer()).url();
    return discoveries.stream().filter(one -> one.url().equals(url)).findFirst().orElseThrow();
  }

  /** As it is known now. */
  public Authority authority() {
    return named == null ? new Authority(asks, null, null) : new Authority(asks, named.url(), named.metadata());
  }

  public Doorman doorman() {
    return doorman;
  }

  /** Whose this access token is; fails as the doorman does. */
  public Future<Caller> caller(String token) {
    return doorman.known(token, null);
  }

  /** The same for one that somebody at this address has sent otherwise than by HTTP. */
  public Future<Caller> caller(String token, String from) {
    return doorman.sent(token, from);
  }

  /** For {@code /health/ready}, as a warning: every issuer answers. */
  public boolean allThere() {
    return issuers.stream().allMatch(Issuer::isThere);
  }

  /** True when somebody other than the node itself vouches for callers. */
  public boolean hasIssuers() {
    return !issuers.isEmpty();
  }

  @Override
  public void close() {
    timers.forEach(vertx::cancelTimer);
    signatures.close();
    Future.all(discoveries.stream().map(Discovery::close).toList());
  }
}

package io.caregrid.platform;

import io.caregrid.api.auth.Authentication;
import io.caregrid.api.auth.NodeKey;
import io.caregrid.api.signin.SignIn;
import io.caregrid.cluster.NodeConfig;
import io.caregrid.contract.Doorman;
import io.caregrid.store.Database;
import io.caregrid.store.WebSessions;
import io.vertx.core.Future;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** Who calls a node, and how that is found out: by tokens of the issuers it trusts and of its own, and by signing in. */
final class Callers {
  private final NodeKey key;
  private final Authentication authentication;

  private Callers(NodeKey key, Authentication authentication) {
    this.key = key;
    this.authentication = authentication;
  }

  static Callers of(Ground ground) {
    NodeConfig config = ground.config();
    NodeKey key = config.security().takesNodeTokens(config.http().host()) ? nodeKey(config) : null;
    Authentication authentication = ground
        .keep(new Authentication(ground.vertx(), config, key, ground.roles(), Clock.systemUTC(), ground.metrics()));
    if (authentication.hasIssuers())
      ground.warn("issuers", () -> Future.succeededFuture(authentication.allThere()));
    return new Callers(key, authentication);
  }

  private static NodeKey nodeKey(NodeConfig config) {
    try {
      return NodeKey.keep(config.data(), config.name());
    } catch (IOException refused) {
      throw new StartException("this node's own key: " + refused.getMessage(), refused);
    }
  }

  /** Shows where people sign in. @return lets in who has, and whoever shows a token */
  Doorman signIn(Ground ground, Database database) {
    SignIn signIn = SignIn.of(ground.vertx(), ground.config().security(), ground.config().isOpen(), ground.roles(),
        ground.trail(), new WebSessions(database), authentication::caller, Clock.systemUTC());
    ground.show(signIn);
    return signIn.before(authentication.doorman());
  }

  /** What finds out who somebody is by a token. */
  Authentication authentication() {
    return authentication;
  }

  /** Whether the node takes tokens of its own. */
  boolean hasKey() {
    return key != null;
  }

  /**
   * A token of this node's own for somebody in this process, good for {@code validFor}.
   *
   * @throws StartException when this node takes no such tokens
   */
  String token(String subject, String role, Duration validFor) {
    if (key == null)
      throw new StartException("this node takes no tokens of its own, which its parts need here: "
          + "set security.nodeTokens to loopback or always");
    return key.token(subject, List.of(role), Instant.now(), validFor);
  }
}

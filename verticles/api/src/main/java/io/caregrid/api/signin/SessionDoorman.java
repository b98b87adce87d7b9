package io.caregrid.api.signin;

import io.caregrid.api.Requests;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Doorman;
import io.caregrid.contract.Gate;
import io.vertx.core.Future;
import io.vertx.ext.web.RoutingContext;
import java.util.Optional;

/** Knows who is signed in with a browser. A request that brings a token of its own is the token's, whatever cookie comes with it. */
final class SessionDoorman implements Doorman {
  private final Sessions sessions;
  private final Doorman tokens;
  private final boolean tls;

  /** @param tokens asked where there is no session */
  SessionDoorman(Sessions sessions, Doorman tokens, boolean tls) {
    this.sessions = sessions;
    this.tokens = tokens;
    this.tls = tls;
  }

  @Override
  public Future<Caller> who(RoutingContext request) {
    Optional<String> cookie = request.request().headers().contains("Authorization")
        ? Optional.empty()
        : Cookies.session(request, tls || Requests.scheme(request).equals("https"));
    if (cookie.isEmpty()) return tokens.who(request);
    return sessions.find(cookie.get())
        .compose(caller -> {
          if (caller == null) return tokens.who(request);
          Gate.stays(request, sessions.stay(cookie.get()));
          return Future.succeededFuture(caller);
        });
  }
}

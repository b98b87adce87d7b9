package io.caregrid.api.signin;

import io.caregrid.store.WebSessions;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.time.Clock;
import java.time.Duration;
import java.util.Base64;
import java.util.Optional;

/**
 * Makes the cookies of those who are on their way to the issuer, and opens them: sealed with a secret that all nodes know, so that nobody brings one that
 * none of them gave him, and none that is older than {@link #TIME}. Any thread.
 */
final class Attempts {
  static final Duration TIME = Duration.ofMinutes(10);
  private final WebSessions kept;
  private final Clock clock;
  private Future<Seal> seal;

  Attempts(WebSessions kept, Clock clock) {
    this.kept = kept;
    this.clock = clock;
  }

  Attempt begun(String wanted) {
    return Attempt.to(wanted, clock.instant().plus(TIME));
  }

  /** Fails with Busy when the secret cannot be read. */
  Future<String> cookie(Attempt attempt) {
    return seal().map(seal -> Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(seal.sealed(attempt.text()).getBytes()));
  }

  /** Empty when the cookie is none of ours, or too old. */
  Future<Optional<Attempt>> opened(String cookie) {
    byte[] sealed;
    try {
      sealed = Base64.getUrlDecoder().decode(cookie);
    } catch (IllegalArgumentException none) {
      return Future.succeededFuture(Optional.empty());
    }
    return seal().map(seal -> seal.opened(Buffer.buffer(sealed))
        .map(Attempt::of)
        .filter(attempt -> clock.instant().isBefore(attempt.until())));
  }

  private synchronized Future<Seal> seal() {
    if (seal == null || seal.failed()) seal = kept.secret().map(secret -> new Seal(secret.getBytes()));
    return seal;
  }
}

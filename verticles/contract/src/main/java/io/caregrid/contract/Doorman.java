package io.caregrid.contract;

import io.vertx.core.Future;
import io.vertx.ext.web.RoutingContext;

/** Says who stands before an HTTP door. Asked by {@link Gate} only where a route needs to know. */
@FunctionalInterface
public interface Doorman {
  /** Takes everybody for {@link Caller#LOCAL}. */
  Doorman OPEN = request -> Future.succeededFuture(Caller.LOCAL);

  /**
   * Called on the request's context, before its body is read; may complete on any thread.
   *
   * @return fails with {@link Failure.Unauthenticated} for who proves nothing or wrongly, {@link Failure.Invalid} when the proof is in a place where it
   *         must not be, {@link Failure.Busy} when it cannot be examined right now
   */
  Future<Caller> who(RoutingContext request);
}

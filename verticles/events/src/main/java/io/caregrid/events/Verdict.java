package io.caregrid.events;

import io.caregrid.contract.Failure;
import io.caregrid.events.Courier.Answer;
import io.caregrid.events.RemoteServer.Reply;
import io.caregrid.fhirpath.FhirPathException;
import java.time.Duration;

/** What another FHIR server's word, or its silence, means for an Observation on its way there. Pure; in our own words. */
final class Verdict {
  private Verdict() {}

  /** What this status means for an Observation that was to be written or deleted there. */
  static Answer of(int status, Duration retryAfter) {
    return switch (status) {
      case 400, 413, 422 -> Answer.refused(status, "HTTP " + status + ": it is not taken as it is");
      case 409, 412 -> Answer.waits(status, "HTTP " + status + ": somebody else has changed it there meanwhile");
      default -> Answer.later(status, retryAfter, said(status));
    };
  }

  private static String said(int status) {
    if (status >= 300 && status < 400)
      return "HTTP " + status + ": redirects are not followed, tell.targets has to name the address itself";
    return switch (status) {
      case 401 -> "HTTP 401: the token is not taken, see to scopes and audience";
      case 403 -> "HTTP 403: the client may not do that there";
      default -> "HTTP " + status;
    };
  }

  /** Whatever came before it could be put, or instead of an answer. */
  static Answer of(Throwable cause) {
    if (cause instanceof RemoteIdentity.Missing missing) return Answer.waits(424, missing.getMessage());
    if (cause instanceof Refusal refusal) return Answer.refused(refusal.status(), refusal.getMessage());
    if (cause instanceof RemoteIdentity.Refused refused) return of(refused.reply());
    if (cause instanceof Unheard unheard) return Answer.none(unheard.getMessage());
    if (cause instanceof RemoteServer.TooMuch much) return Answer.waits(503, much.getMessage());
    if (cause instanceof Failure.Busy) return Answer.waits(503, "the store cannot be read just now");
    if (cause instanceof FhirPathException) return Answer.refused(422, "the target's filter fails on it");
    return Answer.refused(422, "it cannot be put into words (" + cause.getClass().getSimpleName() + ")");
  }

  /** A question that is not answered is nothing that an Observation can help. */
  static Answer of(Reply reply) {
    return Answer.later(reply.status(), reply.retryAfter(), said(reply.status()));
  }
}

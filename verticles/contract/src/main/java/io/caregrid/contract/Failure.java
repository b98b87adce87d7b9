package io.caregrid.contract;

/**
 * Everything that can go wrong on purpose. A {@code Failure} is an answer, not a bug: it carries its HTTP status and its
 * FHIR issue code (FHIR R4 valueset-issue-type), so the edge translates it in one line. Bugs stay ordinary
 * RuntimeExceptions and become 500. A message names the thing and the fix, and never holds patient data.
 */
public abstract sealed class Failure extends RuntimeException {
  private static final long serialVersionUID = 1;

  public final int status;
  public final String issue;
  /** The FHIRPath of the element at fault, e.g. {@code Observation.status}; null when no element is. */
  public final String expression;

  private Failure(int status, String issue, String message, String expression) {
    super(message, null, false, false);
    this.status = status;
    this.issue = issue;
    this.expression = expression;
  }

  /** 400: the request cannot be read. */
  public static final class Invalid extends Failure {
    private static final long serialVersionUID = 1;

    public Invalid(String why) {
      this(why, null);
    }

    public Invalid(String why, String expression) {
      super(400, "invalid", why, expression);
    }
  }

  /** 401: nobody is asking. */
  public static final class Unauthenticated extends Failure {
    private static final long serialVersionUID = 1;
    /** RFC 6750 section 3.1, e.g. {@code invalid_token}; null when the request brought no proof at all. */
    public final String error;

    public Unauthenticated(String why) {
      this(why, null);
    }

    public Unauthenticated(String why, String error) {
      super(401, "login", why, null);
      this.error = error;
    }
  }

  /** 403: this caller may not. */
  public static final class Forbidden extends Failure {
    private static final long serialVersionUID = 1;

    public Forbidden(String why) {
      super(403, "forbidden", why, null);
    }
  }

  /** 404: no such thing, ever. */
  public static final class NotFound extends Failure {
    private static final long serialVersionUID = 1;

    public NotFound(String what) {
      super(404, "not-found", what, null);
    }
  }

  /** 405: the address exists, the verb does not. */
  public static final class NotSupported extends Failure {
    private static final long serialVersionUID = 1;

    public NotSupported(String what) {
      super(405, "not-supported", what, null);
    }
  }

  /** 406: no representation the client accepts. */
  public static final class NotAcceptable extends Failure {
    private static final long serialVersionUID = 1;

    public NotAcceptable(String what) {
      super(406, "not-supported", what, null);
    }
  }

  /** 409: somebody else was there first. */
  public static final class Conflict extends Failure {
    private static final long serialVersionUID = 1;

    public Conflict(String why) {
      super(409, "conflict", why, null);
    }
  }

  /** 410: it was here and has been deleted. */
  public static final class Gone extends Failure {
    private static final long serialVersionUID = 1;
    /** Which version of it is the deletion. */
    public final int version;

    public Gone(String what, int version) {
      super(410, "deleted", what, null);
      this.version = version;
    }
  }

  /** 412: the version named in If-Match is not the current one, or a condition matched several. */
  public static final class PreconditionFailed extends Failure {
    private static final long serialVersionUID = 1;

    public PreconditionFailed(String why) {
      this(why, "conflict");
    }

    private PreconditionFailed(String why, String issue) {
      super(412, issue, why, null);
    }

    public static PreconditionFailed multiple(String why) {
      return new PreconditionFailed(why, "multiple-matches");
    }
  }

  /** 413: more than this node is willing to take at once. */
  public static final class TooLarge extends Failure {
    private static final long serialVersionUID = 1;

    public TooLarge(String why) {
      super(413, "too-long", why, null);
    }
  }

  /** 415: a content type this address does not read. */
  public static final class UnsupportedMedia extends Failure {
    private static final long serialVersionUID = 1;

    public UnsupportedMedia(String why) {
      super(415, "not-supported", why, null);
    }
  }

  /** 422: readable, but against the rules of FHIR. */
  public static final class Unprocessable extends Failure {
    private static final long serialVersionUID = 1;

    public Unprocessable(String why, String expression) {
      super(422, "invariant", why, expression);
    }
  }

  /** 422: readable, but its answer takes more time, memory or room than one request may have. Asking for less helps, asking again does not. */
  public static final class TooCostly extends Failure {
    private static final long serialVersionUID = 1;

    public TooCostly(String why) {
      super(422, "too-costly", why, null);
    }
  }

  /** 429 with Retry-After: this caller has as much under way as one may have. Nobody else is refused for it. */
  public static final class Throttled extends Failure {
    private static final long serialVersionUID = 1;
    /** What is under way takes its time. */
    public static final int RETRY_AFTER_SECONDS = 30;

    public Throttled(String why) {
      super(429, "throttled", why, null);
    }
  }

  /** 500: it is kept, but what is kept of it cannot be read any more. Neither the caller's fault nor a passing one. */
  public static final class Unreadable extends Failure {
    private static final long serialVersionUID = 1;

    public Unreadable(String what) {
      super(500, "exception", what, null);
    }
  }

  /** 503 with Retry-After: overload and outages are answered, not absorbed. */
  public static sealed class Busy extends Failure permits Crowded {
    private static final long serialVersionUID = 1;
    public static final int RETRY_AFTER_SECONDS = 2;

    public Busy(String what) {
      super(503, "transient", what, null);
    }
  }

  /** The same before anything of it was begun: too many stood before it. Asked again it is as if it came for the first time. */
  public static final class Crowded extends Busy {
    private static final long serialVersionUID = 1;

    public Crowded(String what) {
      super(what);
    }
  }
}

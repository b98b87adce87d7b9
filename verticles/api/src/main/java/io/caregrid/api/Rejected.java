package io.caregrid.api;

import io.caregrid.contract.OperationOutcome.Issue;
import java.util.List;

/** A request refused for several reasons at once, all of which the client should see: an answer, like {@code Failure}, not a bug. */
public final class Rejected extends RuntimeException {
  private static final long serialVersionUID = 1;
  public final int status;
  public final transient List<Issue> issues;

  public Rejected(int status, List<Issue> issues) {
    super(issues.get(0).text(), null, false, false);
    this.status = status;
    this.issues = List.copyOf(issues);
  }
}

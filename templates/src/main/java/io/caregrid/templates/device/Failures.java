package io.caregrid.templates.device;

import java.util.List;

/** What went wrong in one payload: the first reason counts, the others are only counted. */
final class Failures {
  private static final Outcome UNMATCHED = new Outcome.Unmatched("no template of the device mapping matched");
  private Unreadable first;
  private int more;

  void add(Unreadable failure) {
    if (first == null) {
      first = failure;
    } else {
      more++;
    }
  }

  Outcome outcome(List<Measurement> found) {
    if (first != null) {
      String detail = more == 0 ? first.getMessage() : first.getMessage() + " (and " + more + " more)";
      return new Outcome.Failed(first.reason, detail, List.copyOf(found));
    }
    return found.isEmpty() ? UNMATCHED : new Outcome.Measured(List.copyOf(found));
  }
}

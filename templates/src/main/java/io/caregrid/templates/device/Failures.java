package io.caregrid.templates.device;

import java.util.ArrayList;
import java.util.List;

/** What went wrong in one payload: the first reason counts, the others are kept up to a bound and counted. */
final class Failures {
  private static final Outcome UNMATCHED = new Outcome.Unmatched("no template of the device mapping matched");
  private final List<Outcome.Error> errors = new ArrayList<>(0);
  private int count;

  void add(Unreadable failure) {
    count++;
    if (errors.size() < Outcome.Failed.MOST_ERRORS) {
      errors.add(new Outcome.Error(failure.reason, failure.getMessage(), failure.line));
    }
  }

  Outcome outcome(List<Measurement> found) {
    if (count > 0) {
      Outcome.Error first = errors.get(0);
      String detail = count == 1 ? first.detail() : first.detail() + " (and " + (count - 1) + " more)";
      return new Outcome.Failed(first.reason(), detail, List.copyOf(found), List.copyOf(errors));
    }
    return found.isEmpty() ? UNMATCHED : new Outcome.Measured(List.copyOf(found));
  }
}

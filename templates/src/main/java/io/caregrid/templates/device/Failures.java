package io.caregrid.templates.device;

import io.caregrid.templates.mapping.Declaration;
import java.util.ArrayList;
import java.util.List;

/** What went wrong in one payload: the first reason counts, the others are kept up to a bound and counted. */
final class Failures {
  private static final Outcome UNMATCHED = new Outcome.Unmatched("no template of the device mapping matched");
  /** Null while nothing went wrong. */
  private List<Outcome.Error> errors;
  private int count;

  void add(Unreadable failure) {
    if (count++ == 0) errors = new ArrayList<>();
    if (errors.size() < Outcome.Failed.MOST_ERRORS) {
      errors.add(new Outcome.Error(failure.reason, failure.getMessage(), failure.line));
    }
  }

  /** A template that took too long. */
  void addCostly(Declaration template, String why) {
    add(new Unreadable("too-costly", of(template) + " was given up: " + why + ".", template.line()));
  }

  /** Some of a template's candidates could not be tested in time. */
  void addGivenUp(Declaration template, String why) {
    add(new Unreadable("too-costly", of(template) + " leaves out what it could not test: " + why + ".",
        template.line()));
  }

  /** A template that met a fault of this program. */
  void addBroken(Declaration template, Throwable fault) {
    add(new Unreadable("internal-error", of(template) + " was given up: " + fault.getClass().getSimpleName() + ".",
        template.line()));
  }

  private static String of(Declaration template) {
    return "The template of type " + template.type() + " (line " + template.line() + " of the device mapping)";
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

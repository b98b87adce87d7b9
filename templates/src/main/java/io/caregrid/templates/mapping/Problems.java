package io.caregrid.templates.mapping;

import io.caregrid.templates.MappingException;
import io.caregrid.templates.MappingProblem;
import io.caregrid.templates.MappingProblem.Severity;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Gathers what is wrong with one mapping file while it is read. */
public final class Problems {
  private final List<MappingProblem> found = new ArrayList<>();

  public void error(Located at, String message) {
    error(at.line(), at.column(), message);
  }

  public void error(int line, int column, String message) {
    found.add(new MappingProblem(Severity.ERROR, line, column, message));
  }

  public void warning(Located at, String message) {
    found.add(new MappingProblem(Severity.WARNING, at.line(), at.column(), message));
  }

  /** Everything found, in the order of the file. */
  public List<MappingProblem> all() {
    found.sort(Comparator.comparingInt(MappingProblem::line).thenComparingInt(MappingProblem::column));
    return List.copyOf(found);
  }

  /** @throws MappingException when there is an error; it carries the warnings too, all in the order of the file */
  public List<MappingProblem> warningsUnlessErrors(String file) {
    List<MappingProblem> all = all();
    if (all.stream().anyMatch(problem -> problem.severity() == Severity.ERROR)) throw new MappingException(file, all);
    return all;
  }
}

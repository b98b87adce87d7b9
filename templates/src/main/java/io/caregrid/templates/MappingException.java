package io.caregrid.templates;

import java.util.List;
import java.util.stream.Collectors;

/** A mapping file that must not be used. Carries every problem found, not only the first. */
public final class MappingException extends IllegalArgumentException {
  private static final long serialVersionUID = 1;
  private final transient List<MappingProblem> problems;

  public MappingException(String file, List<MappingProblem> problems) {
    super(file + ": " + problems.stream().map(MappingProblem::toString).collect(Collectors.joining("; ")));
    this.problems = List.copyOf(problems);
  }

  public List<MappingProblem> problems() {
    return problems;
  }
}

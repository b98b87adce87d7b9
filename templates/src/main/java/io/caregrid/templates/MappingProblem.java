package io.caregrid.templates;

/**
 * One thing wrong with a mapping file.
 *
 * @param severity ERROR keeps the mapping from being used, WARNING does not
 * @param line     1-based line in the file, 0 when unknown
 * @param column   1-based column, 0 when unknown
 * @param message  what, and what to do, in a sentence
 */
public record MappingProblem(Severity severity, int line, int column, String message) {
  public enum Severity {
    ERROR, WARNING
  }

  @Override
  public String toString() {
    return line == 0 ? message : "line " + line + ", column " + column + ": " + message;
  }
}

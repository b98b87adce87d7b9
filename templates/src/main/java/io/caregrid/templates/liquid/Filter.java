package io.caregrid.templates.liquid;

/** What stands after a {@code |} in a template. Thread-safe and without state. */
@FunctionalInterface
public interface Filter {
  /**
   * @param arguments as written, at least {@link Filters#fewest} and at most {@link Filters#most} of them
   * @throws ConversionException when the value or an argument is not usable
   */
  Object apply(Run run, Object value, Object[] arguments);
}

package io.caregrid.templates.mapping;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * Types of templates that somebody else brings, by name. One that cannot be loaded is told to whoever asks for a type that is not there, and keeps nobody from
 * using the others.
 */
public final class Further<T> {
  private final Map<String, T> byName = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
  private final List<String> broken = new ArrayList<>();

  private Further() {}

  /** All on the class path. Never throws. */
  public static <T> Further<T> of(Class<T> type, Function<T, String> name) {
    return of(ServiceLoader.load(type, type.getClassLoader()).iterator(), name);
  }

  static <T> Further<T> of(Iterator<T> found, Function<T, String> name) {
    Further<T> further = new Further<>();
    int inARow = 0;
    while (inARow < 100) { // an iterator that only fails would go on for ever
      try {
        if (!found.hasNext()) break;
        T one = found.next();
        further.byName.putIfAbsent(name.apply(one).toLowerCase(Locale.ROOT), one);
        inARow = 0;
      } catch (ServiceConfigurationError | RuntimeException | LinkageError wrong) {
        further.broken.add(why(wrong));
        inARow++;
      }
    }
    return further;
  }

  /** Null when nobody brought it. */
  public T named(String templateType) {
    return templateType == null ? null : byName.get(templateType);
  }

  /** What to add to the message that a type is not there: empty, or a blank and the types that could not be loaded. */
  public String missing() {
    return broken.isEmpty() ? "" : " Extensions that could not be loaded: " + String.join("; ", broken) + ".";
  }

  /** A sentence for the mapping's author: his mistake in the extension's own words, or what broke in it. */
  public static String why(Throwable wrong) {
    if (wrong instanceof IllegalArgumentException && wrong.getMessage() != null) return wrong.getMessage();
    return "the extension failed: " + wrong.getClass().getSimpleName()
        + (wrong.getMessage() == null ? "" : ": " + wrong.getMessage());
  }
}

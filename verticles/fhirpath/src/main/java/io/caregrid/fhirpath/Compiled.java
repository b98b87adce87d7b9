package io.caregrid.fhirpath;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The expressions used last, compiled, of one environment. Bounded: beyond {@code most} the one goes that was not used for longest. Any thread. What
 * cannot be compiled is not kept.
 */
public final class Compiled {
  private final Environment environment;
  private final Map<String, FhirPath> kept;

  /** @param most how many are kept, at least 1 */
  public Compiled(Environment environment, int most) {
    if (most < 1) throw new IllegalArgumentException("at least one expression is kept");
    this.environment = environment;
    this.kept = new LinkedHashMap<>(64, 0.75f, true) {
      private static final long serialVersionUID = 1;

      @Override
      protected boolean removeEldestEntry(Map.Entry<String, FhirPath> eldest) {
        return size() > most;
      }
    };
  }

  /** @throws FhirPathException as {@link FhirPath#compile(String, Environment)} does */
  public FhirPath of(String text) {
    synchronized (kept) {
      FhirPath there = kept.get(text);
      if (there != null) return there;
    }
    FhirPath made = FhirPath.compile(text, environment);
    synchronized (kept) {
      kept.put(text, made);
    }
    return made;
  }

  int size() {
    synchronized (kept) {
      return kept.size();
    }
  }
}

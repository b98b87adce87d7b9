package io.caregrid.cluster;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** What somebody may have meant. */
public final class NearMisses {
  private static final int SHOWN = 3;

  private NearMisses() {}

  /** The known names a few keystrokes away, or with the same last word; nearest first, at most three. */
  public static List<String> of(String name, Collection<String> known) {
    int near = Math.max(2, name.length() / 4);
    return known.stream()
        .filter(candidate -> distance(name, candidate) <= near || lastWord(name).equals(lastWord(candidate)))
        .sorted(Comparator.<String>comparingInt(candidate -> distance(name, candidate))
            .thenComparing(candidate -> candidate))
        .limit(SHOWN)
        .toList();
  }

  private static String lastWord(String key) {
    return key.substring(key.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
  }

  /** Levenshtein's, blind to case. */
  public static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) row[j] = j;
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        boolean same = Character.toLowerCase(a.charAt(i - 1)) == Character.toLowerCase(b.charAt(j - 1));
        int replaced = diagonal + (same ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[b.length()];
  }
}

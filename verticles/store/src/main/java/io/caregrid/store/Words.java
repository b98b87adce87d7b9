package io.caregrid.store;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;

/**
 * What is asked of a text (FHIR R4 search.html#text): words that all stand in it, {@code or} between them where either will do, brackets around what belongs
 * together, as in {@code (bone OR liver) and metastases}. Brackets that do not fit together are text as well.
 */
final class Words {
  private static final String OPEN = "\u0002";
  private static final String CLOSE = "\u0003";

  private final List<String> all;
  private int at;

  private Words(List<String> all) {
    this.all = all;
  }

  /** Normalised; brackets that are some are words of their own, which no text has. */
  static List<String> of(String asked) {
    String normal = Postings.normalised(asked);
    String apart = isBracketed(normal) ? normal.replace("(", " " + OPEN + " ").replace(")", " " + CLOSE + " ") : normal;
    return Arrays.stream(apart.split(" ")).filter(word -> !word.isEmpty()).toList();
  }

  private static boolean isBracketed(String text) {
    int open = 0;
    for (int i = 0; i < text.length() && open >= 0; i++)
      open += text.charAt(i) == '(' ? 1 : text.charAt(i) == ')' ? -1 : 0;
    return open == 0;
  }

  /** Asks a normalised text; where nothing is asked of it, no text has it. @param words as {@link #of} gives them, so few that each bracket may be in the one before */
  static Predicate<String> stand(List<String> words) {
    return new Words(words).either();
  }

  private Predicate<String> either() {
    Predicate<String> found = both();
    while (isNext("or")) {
      at++;
      found = found.or(both());
    }
    return found;
  }

  private Predicate<String> both() {
    List<Predicate<String>> found = new ArrayList<>();
    while (at < all.size() && !isNext("or") && !isNext(CLOSE)) {
      if (!isNext("and")) found.add(one());
      else at++;
    }
    return text -> !found.isEmpty() && found.stream().allMatch(each -> each.test(text));
  }

  private Predicate<String> one() {
    String word = all.get(at++);
    if (!word.equals(OPEN)) return text -> text.contains(word);
    Predicate<String> within = either();
    at++;
    return within;
  }

  private boolean isNext(String word) {
    return at < all.size() && all.get(at).equals(word);
  }
}

package io.caregrid.store;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.contract.Failure;
import java.time.Instant;
import java.util.List;
import java.util.function.Predicate;

/** The parameters that every type has and that are no tokens: {@code _id}, {@code _lastUpdated}, {@code _text}, {@code _content}. */
final class General {
  /** Each is looked for in all of every resource. */
  private static final int MOST_WORDS = 50;

  private General() {}

  /** Null: it says nothing. */
  static Criterion criterion(String name, String modifier, List<String> alternatives, Instant now) {
    if (modifier.equals(":missing")) return ParamCriterion.truth(name, alternatives) ? Criterion.NOTHING : null;
    boolean not = modifier.equals(":not") && name.equals("_id"); // which is a token like others
    if (!not) Match.requireNone(name, modifier);
    return switch (name) {
      case "_id" -> ids(alternatives, not);
      case "_lastUpdated" -> Criterion.sql(bind -> ParamCriterion.joined(alternatives.stream()
          .map(value -> DateColumns.UPDATED.sql(SearchValue.date(name, value, now), bind))
          .toList()));
      case "_text", "_content" -> text(name, alternatives);
      default -> throw new IllegalArgumentException(name);
    };
  }

  private static Criterion ids(List<String> alternatives, boolean not) {
    String[] legal = alternatives.stream().map(SearchValue::unescaped).filter(Ids::legal).toArray(String[]::new);
    return Criterion.sql(bind -> (not ? "id <> all (" : "id = any (") + bind.apply(legal) + ")");
  }

  /** The {@link Words} of one alternative stand in the narrative, or anywhere in the resource. */
  private static Criterion text(String name, List<String> alternatives) {
    List<List<String>> wanted = alternatives.stream()
        .map(value -> Words.of(SearchValue.unescaped(value)))
        .toList();
    if (wanted.stream().mapToInt(List::size).sum() > MOST_WORDS)
      throw new Failure.TooCostly(name + " has at most " + MOST_WORDS + " words");
    List<Predicate<String>> meant = wanted.stream().map(Words::stand).toList();
    return Criterion.sql(null, false, values -> {
      StringBuilder all = new StringBuilder();
      if (name.equals("_text")) all.append(values.resource().path("text").path("div").asText());
      else gather(values.resource(), all);
      String text = Postings.normalised(withoutTags(all));
      return meant.stream().anyMatch(said -> said.test(text));
    });
  }

  /** In one pass: a bracket that nothing closes is none of a tag. */
  private static String withoutTags(StringBuilder marked) {
    StringBuilder plain = new StringBuilder(marked.length());
    int at = 0;
    for (int open = marked.indexOf("<"); open >= 0; open = marked.indexOf("<", at)) {
      int close = marked.indexOf(">", open);
      if (close < 0) break;
      plain.append(marked, at, open).append(' ');
      at = close + 1;
    }
    return plain.append(marked, at, marked.length()).toString();
  }

  private static void gather(JsonNode node, StringBuilder all) {
    if (node.isValueNode()) all.append(node.asText()).append(' ');
    node.forEach(child -> gather(child, all));
  }
}

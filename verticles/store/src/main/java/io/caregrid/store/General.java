package io.caregrid.store;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.util.List;
import java.util.Locale;

/** The parameters that every type has and that are no tokens: {@code _id}, {@code _lastUpdated}, {@code _text}, {@code _content}. */
final class General {
  private General() {}

  /** Null: it says nothing. */
  static Criterion criterion(String name, String modifier, List<String> alternatives, Instant now) {
    if (modifier.equals(":missing")) return ParamCriterion.truth(name, alternatives) ? Criterion.NOTHING : null;
    Match.requireNone(name, modifier);
    return switch (name) {
      case "_id" -> ids(alternatives);
      case "_lastUpdated" -> Criterion.sql(bind -> ParamCriterion.joined(alternatives.stream()
          .map(value -> DateColumns.UPDATED.sql(SearchValue.date(name, value, now), bind))
          .toList()));
      case "_text", "_content" -> text(name, alternatives);
      default -> throw new IllegalArgumentException(name);
    };
  }

  private static Criterion ids(List<String> alternatives) {
    String[] legal = alternatives.stream().map(SearchValue::unescaped).filter(Ids::legal).toArray(String[]::new);
    return Criterion.sql(bind -> "id = any (" + bind.apply(legal) + ")");
  }

  /** All words of one alternative stand in the narrative, or anywhere in the resource. */
  private static Criterion text(String name, List<String> alternatives) {
    List<List<String>> wanted = alternatives.stream()
        .map(value -> List.of(Postings.normalised(SearchValue.unescaped(value)).split(" ")))
        .toList();
    return Criterion.sql(null, false, values -> {
      StringBuilder all = new StringBuilder();
      if (name.equals("_text")) all.append(values.resource().path("text").path("div").asText());
      else gather(values.resource(), all);
      String text = Postings.normalised(all.toString().replaceAll("<[^>]*>", " ")).toLowerCase(Locale.ROOT);
      return wanted.stream().anyMatch(words -> words.stream().allMatch(text::contains));
    });
  }

  private static void gather(JsonNode node, StringBuilder all) {
    if (node.isValueNode()) all.append(node.asText()).append(' ');
    node.forEach(child -> gather(child, all));
  }
}

package io.caregrid.store;

import io.caregrid.contract.Failure;
import io.caregrid.store.Param.Kind;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What is asked of one parameter of a type, as a criterion. */
final class ParamCriterion {
  private static final String MIME = "urn:ietf:bcp:13";

  private ParamCriterion() {}

  /** Null: it says nothing, as an empty string. Invalid 400 names the parameter. */
  static Criterion of(Definition definition, Param param, String modifier, List<String> alternatives, Instant now) {
    if (modifier.equals(":missing")) return missing(param, truth(param.name(), alternatives));
    if (param.kind() == Kind.COMPOSITE) return composite(param, modifier, alternatives, now);
    if (isPrimaryDate(definition, param)) {
      Match.requireNone(param.name(), modifier);
      return primary(param, alternatives, now);
    }
    if (Canonical.isUrlOf(definition, param) && modifier.isEmpty())
      return Canonical.named(definition, alternatives.stream().map(SearchValue::unescaped).toList());
    if (modifier.equals(":not") && param.kind() == Kind.TOKEN) return not(matches(param, "", alternatives, now));
    List<Match> matches = matches(param, modifier, alternatives, now);
    if (definition.isPatient(param)) {
      Criterion patients = patients(param, modifier, alternatives);
      if (patients != null) return patients;
    }
    if (param.kind() == Kind.STRING && !modifier.equals(":exact"))
      return strings(definition, param, matches, alternatives,
          modifier);
    if (modifier.equals(":text")) return within(definition, alternatives, present(param, Criterion.of(param, matches)));
    return present(param, Criterion.of(param, matches));
  }

  /** What has no candidates of its own has at least a value; unless there are others of the same name. */
  private static Criterion present(Param param, Criterion criterion) {
    return criterion.any() != null ? criterion : Criterion.any(presents(param), false, criterion.holds());
  }

  /** Whether its codes are mime types. */
  static boolean isMime(Param param) {
    return param.kind() == Kind.TOKEN && param.paths().stream().allMatch(path -> path.system().equals(MIME));
  }

  static Criterion mime(Param param, List<String> alternatives) {
    return present(param, Criterion.of(param,
        alternatives.stream().map(value -> Match.mime(param, SearchValue.unescaped(value))).toList()));
  }

  private static List<Match> matches(Param param, String modifier, List<String> alternatives, Instant now) {
    return alternatives.stream().map(value -> Match.of(param, param.name(), modifier, value, now)).toList();
  }

  private static boolean isPrimaryDate(Definition definition, Param param) {
    return definition.date() != null && param.kind() == Kind.DATE && param.under().size() == 1
        && param.under().get(0).name().equals(definition.date().name());
  }

  private static Criterion primary(Param param, List<String> alternatives, Instant now) {
    List<SearchValue.Date> dates = alternatives.stream()
        .map(value -> SearchValue.date(param.name(), value, now))
        .toList();
    return Criterion.sql(bind -> joined(dates.stream().map(date -> DateColumns.PRIMARY.sql(date, bind)).toList()));
  }

  static String joined(List<String> alternatives) {
    return "(" + String.join(" or ", alternatives) + ")";
  }

  static boolean truth(String name, List<String> alternatives) {
    return switch (String.join(",", alternatives)) {
      case "true" -> true;
      case "false" -> false;
      default -> throw new Failure.Invalid(name + ":missing is true or false");
    };
  }

  private static Criterion missing(Param param, boolean missing) {
    if (param.kind() == Kind.COMPOSITE)
      return Criterion.sql(null, false, values -> missing == values.tuples(param)
          .stream()
          .noneMatch(tuple -> tuple.stream().noneMatch(List::isEmpty)));
    List<String> tokens = presents(param);
    return missing
        ? Criterion.none(tokens)
        : Criterion.any(tokens, true, values -> !values.of(param).isEmpty());
  }

  private static List<String> presents(Param param) {
    if (param.kind() == Kind.COMPOSITE || param.isPart()) return List.of(Postings.present(param.name()));
    return param.under().stream().map(under -> Postings.present(under.name())).toList();
  }

  /** Without what has it; a resource without any value is not left out (FHIR R4 search.html#modifiers). */
  private static Criterion not(List<Match> matches) {
    return Criterion.none(Criterion.tokens(matches));
  }

  /** By the column of the compartment; null where others than patients are meant. */
  private static Criterion patients(Param param, String modifier, List<String> alternatives) {
    if (modifier.equals(Postings.IDENTIFIER)) return null;
    String type = modifier.isEmpty() ? param.target() : modifier.substring(1);
    List<String> targets = alternatives.stream().map(value -> SearchValue.reference(type, value)).toList();
    if (!targets.stream().allMatch(target -> target.startsWith("Patient/"))) return null;
    return patients(targets);
  }

  static Criterion patients(List<String> targets) {
    Long[] hashes = targets.stream().map(Hash::of).toArray(Long[]::new);
    Set<String> meant = new HashSet<>(targets);
    return Criterion.patients(hashes, values -> meant.contains(Postings.compartment(values)));
  }

  /** An empty beginning is anybody's. */
  private static Criterion strings(Definition definition, Param param, List<Match> matches, List<String> alternatives,
      String modifier) {
    List<String> normal = alternatives.stream().map(SearchValue::unescaped).map(Postings::normalised).toList();
    List<Match> wanted = new ArrayList<>();
    for (int i = 0; i < matches.size(); i++) if (!normal.get(i).isEmpty()) wanted.add(matches.get(i));
    if (wanted.isEmpty()) return null;
    Criterion criterion = Criterion.of(param, wanted);
    return modifier.equals(":contains")
        ? within(definition, alternatives, present(param, criterion))
        : criterion;
  }

  /** What stands somewhere in a text is looked for in all texts of the resource, where they are indexed. */
  private static Criterion within(Definition definition, List<String> alternatives, Criterion criterion) {
    if (!definition.isWorded()) return criterion;
    List<String> patterns = alternatives.stream()
        .map(SearchValue::unescaped)
        .map(Postings::normalised)
        .map(text -> "%" + text.replaceAll("([\\\\%_])", "\\\\$1") + "%")
        .toList();
    return Criterion.sql(
        bind -> joined(patterns.stream().map(pattern -> "words like " + bind.apply(pattern)).toList()), false,
        criterion.holds());
  }

  /** Its parts are looked up each for itself; that they belong together the resource tells (FHIR R4 search.html#combining). */
  private static Criterion composite(Param param, String modifier, List<String> alternatives, Instant now) {
    Match.requireNone(param.name(), modifier);
    List<Criterion> all = new ArrayList<>();
    for (String alternative : alternatives) {
      List<String> values = SearchValue.split(alternative, '$');
      if (values.size() != param.parts().size() || values.stream().anyMatch(String::isEmpty))
        throw new Failure.Invalid(param.name() + " needs " + param.parts().size() + " values with $ between");
      List<Match> matches = new ArrayList<>();
      for (int i = 0; i < values.size(); i++)
        matches.add(Match.of(param.parts().get(i).param(), param.name(), "", values.get(i), now));
      all.add(bound(param, matches));
    }
    return Criterion.or(all);
  }

  private static Criterion bound(Param param, List<Match> matches) {
    List<List<String>> tokens = new ArrayList<>();
    for (Match match : matches) {
      if (match.tokens() != null) tokens.add(match.tokens());
    }
    return Criterion.sql(tokens.isEmpty() ? null : bind -> {
      List<String> all = tokens.stream().map(one -> "tok && " + bind.apply(Criterion.hashes(one))).toList();
      return "(" + String.join(" and ", all) + ")";
    }, false, values -> values.tuples(param).stream().anyMatch(tuple -> holds(matches, tuple)));
  }

  private static boolean holds(List<Match> matches, List<List<Found>> tuple) {
    for (int i = 0; i < matches.size(); i++) {
      if (!Criterion.holds(List.of(matches.get(i)), tuple.get(i))) return false;
    }
    return true;
  }

}

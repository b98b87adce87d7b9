package io.caregrid.store;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * Everything that finds one resource. In the database tokens are only hashes; whoever reads a row back makes its postings anew from the body, and
 * so sees whether a token was really there or only its hash.
 *
 * <p>Forms of a token: {@code name=system|code}, {@code name=code}, {@code name=system|}, {@code name=|code} when it has no system (with U+001F for the bar); of a
 * reference {@code name=Type/id}, {@code name=id} or {@code name=url}; of a string {@code name^beginning} for some lengths, normalised, and
 * {@code name=exact}; {@code name?} says that it has any value.
 *
 * @param tokens  as above, unhashed
 * @param strings normalised values of string parameters, by name
 * @param patient {@code Patient/id} of the compartment, or null
 * @param date    primary date, {@link Span#NONE} without one
 */
record Postings(Set<String> tokens, Map<String, List<String>> strings, String patient, Span date) {

  private static final int[] BEGINNINGS = {1, 2, 3, 4, 6, 9};
  private static final Pattern RELATIVE = Pattern
      .compile("[A-Z][A-Za-z]{1,63}/[A-Za-z0-9\\-.]{1,64}(?:/_history/.*)?");
  private static final Pattern MARKS = Pattern.compile("\\p{M}+");
  /** Letters that Unicode does not take apart into a letter and a mark. */
  private static final Map<Character, String> PLAIN = Map.of('ø', "o", 'đ', "d", 'ł', "l", 'ı', "i", 'ß', "ss", 'æ',
      "ae", 'œ', "oe", 'þ', "th");
  private static final Pattern SPACES = Pattern.compile("\\s+");

  static Postings of(Definition definition, ObjectNode resource) {
    Postings postings = new Postings(new LinkedHashSet<>(), new HashMap<>(), compartment(definition, resource),
        date(definition, resource));
    for (Param param : definition.params().values()) {
      for (String path : param.paths()) each(resource, path, value -> postings.add(param, value));
    }
    return postings;
  }

  private static String compartment(Definition definition, ObjectNode resource) {
    if (definition.type().equals("Patient")) return "Patient/" + resource.path("id").asText();
    if (definition.patient() == null) return null;
    String target = local(resource.at("/" + definition.patient() + "/reference").asText());
    return target.startsWith("Patient/") ? target : null;
  }

  private static Span date(Definition definition, ObjectNode resource) {
    List<Span> found = new ArrayList<>();
    for (Param param : definition.params().values()) {
      if (param.kind() != Param.Kind.DATE) continue;
      for (String path : param.paths()) each(resource, path, value -> Span.of(value).ifPresent(found::add));
    }
    return found.isEmpty() ? Span.NONE : found.get(0);
  }

  private static void each(JsonNode node, String path, Consumer<JsonNode> found) {
    if (node.isArray()) {
      node.forEach(element -> each(element, path, found));
    } else if (path.isEmpty()) {
      found.accept(node);
    } else {
      int dot = path.indexOf('.');
      JsonNode next = node.get(dot < 0 ? path : path.substring(0, dot));
      if (next != null && !next.isNull()) each(next, dot < 0 ? "" : path.substring(dot + 1), found);
    }
  }

  private void add(Param param, JsonNode value) {
    int before = tokens.size();
    switch (param.kind()) {
      case TOKEN -> addToken(param, value);
      case REFERENCE -> addReference(param, value);
      case STRING -> addString(param.name(), value.asText());
      case URI -> tokens.add(param.name() + "=" + value.asText());
      case DATE -> tokens.add(present(param.name()));
    }
    if (tokens.size() > before) tokens.add(present(param.name()));
  }

  private void addToken(Param param, JsonNode value) {
    if (value.has("coding")) {
      value.get("coding").forEach(coding -> addToken(param, coding));
    } else if (value.isObject()) {
      String code = value.has("code") ? value.get("code").asText() : value.path("value").asText();
      addCode(param.name(), value.path("system").asText(), code);
    } else {
      addCode(param.name(), param.system() == null ? "" : param.system(), value.asText());
    }
  }

  private void addCode(String name, String system, String code) {
    if (!code.isEmpty()) tokens.addAll(List.of(token(name, code), coded(name, system, code)));
    if (!system.isEmpty()) tokens.add(coded(name, system, ""));
  }

  private void addReference(Param param, JsonNode value) {
    String target = local(value.path("reference").asText());
    boolean local = RELATIVE.matcher(target).matches();
    if (target.isEmpty() || param.target() != null && !target.startsWith(param.target() + "/")) return;
    tokens.add(token(param.name(), target));
    if (local) tokens.add(token(param.name(), target.substring(target.indexOf('/') + 1)));
  }

  /** {@code Type/id} of a relative reference, without its version; what is absolute belongs somewhere else and stays as it is. */
  static String local(String reference) {
    int type = reference.indexOf('/');
    if (type < 2 || type > 64 || !isType(reference, type)) return reference;
    int id = type + 1;
    while (id < reference.length() && isOfId(reference.charAt(id))) id++;
    if (id == reference.length() || id == type + 1 || id > type + 65) return reference;
    return RELATIVE.matcher(reference).matches() ? reference.substring(0, id) : reference;
  }

  private static boolean isType(String reference, int length) {
    boolean letters = reference.charAt(0) < 'a';
    for (int i = 0; letters && i < length; i++) letters = isLetter(reference.charAt(i));
    return letters;
  }

  private static boolean isOfId(char c) {
    return isLetter(c) || c >= '0' && c <= '9' || c == '-' || c == '.';
  }

  private static boolean isLetter(char c) {
    return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z';
  }

  private void addString(String name, String value) {
    tokens.add(token(name, value));
    String normal = normalised(value);
    strings.computeIfAbsent(name, first -> new ArrayList<>()).add(normal);
    for (int length : BEGINNINGS) {
      if (normal.length() >= length) tokens.add(beginning(name, normal, length));
    }
  }

  static String token(String name, String value) {
    return name + "=" + value;
  }

  /** System and code are held apart by a character that neither can contain. */
  static String coded(String name, String system, String code) {
    return token(name, system + '\u001f' + code);
  }

  /** The longest of the lengths that are kept. */
  static String beginning(String name, String normal) {
    int kept = 0;
    for (int length : BEGINNINGS) kept = length <= normal.length() ? length : kept;
    return beginning(name, normal, kept);
  }

  private static String beginning(String name, String normal, int length) {
    return name + "^" + normal.substring(0, length);
  }

  static String present(String name) {
    return name + "?";
  }

  /** Case, accents and runs of space do not count (FHIR R4 search.html#string). */
  static String normalised(String text) {
    String plain = MARKS.matcher(Normalizer.normalize(text, Normalizer.Form.NFKD)).replaceAll("");
    StringBuilder letters = new StringBuilder(plain.length());
    for (char c : plain.toLowerCase(Locale.ROOT).toCharArray())
      letters.append(PLAIN.getOrDefault(c, String.valueOf(c)));
    return SPACES.matcher(letters).replaceAll(" ").strip();
  }

  /** Sorted, without repeats. */
  Long[] hashes() {
    return tokens.stream().map(Hash::of).distinct().sorted().toArray(Long[]::new);
  }

  /** Null outside any patient's compartment. */
  Long patientHash() {
    return patient == null ? null : Hash.of(patient);
  }

  /** Equal when no indexed column would change. */
  long fingerprint(Long[] hashes) {
    return Hash.of(Arrays.toString(hashes) + patient + date.from());
  }
}

package io.caregrid.store;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.fhirpath.Quantity;
import java.text.Normalizer;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Everything that finds one resource. In the database tokens are only hashes; whoever reads a row back asks its {@link Values}, and so sees whether a value
 * was really there or only its hash.
 *
 * <p>Forms of a token: {@code name=system|code}, {@code name=code}, {@code name=system|}, {@code name=|code} when it has no system (with U+001F for the bar); of a
 * reference {@code name=Type/id}, {@code name=id} or {@code name=url}, and with {@code name:identifier} in front as of a code; of a string
 * {@code name^beginning} for some lengths, normalised, and {@code name=exact}; of a uri {@code name=uri}, without its version too; of a number
 * {@code name#bucket} and with its unit {@code name#bucket|base unit}, of a date {@code name@bucket} ({@link Buckets}); {@code name?} says that it has any
 * value. What another parameter has ({@link Param#isAlias}) is not told twice.
 *
 * @param tokens  as above, unhashed
 * @param patient {@code Patient/id} of the compartment, or null
 * @param date    primary date, {@link Span#NONE} without one
 * @param key     what it is sorted by, normalised and cut; empty where it has none
 * @param words   normalised texts to be searched within, a line each; null where they are not indexed
 */
record Postings(Set<String> tokens, String patient, Span date, String key, String words) {

  /** Behind the name of a reference parameter where the identifier is meant. */
  static final String IDENTIFIER = ":identifier";
  static final Postings NOTHING = new Postings(Set.of(), null, Span.NONE, "", null);
  private static final int[] BEGINNINGS = {1, 2, 3, 4, 6, 9};
  /** Tokens of a Patient and some more, so that their table need not grow. */
  private static final int MANY = 256;
  /** A row of an index has to fit a third of a page. */
  private static final int LONGEST_KEY = 200;
  private static final Pattern RELATIVE = Pattern
      .compile("[A-Z][A-Za-z]{1,63}/[A-Za-z0-9\\-.]{1,64}(?:/_history/.*)?");
  private static final Pattern MARKS = Pattern.compile("\\p{M}+");
  /** Letters that Unicode does not take apart into a letter and a mark. */
  private static final Map<Character, String> PLAIN = Map.of('ø', "o", 'đ', "d", 'ł', "l", 'ı', "i", 'ß', "ss", 'æ',
      "ae", 'œ', "oe", 'þ', "th");
  private static final Pattern SPACES = Pattern.compile("\\s+");

  static Postings of(Definition definition, ObjectNode resource) {
    return of(new Values(definition, resource));
  }

  static Postings of(Values values) {
    Definition definition = values.definition();
    Set<String> tokens = new LinkedHashSet<>(MANY);
    Set<String> words = definition.isWorded() ? new LinkedHashSet<>() : null;
    for (Param param : definition.always()) add(definition, param, values.of(param), tokens, words);
    for (Iterator<String> fields = values.resource().fieldNames(); fields.hasNext();) {
      for (Param param : definition.ofField(fields.next())) add(definition, param, values.of(param), tokens, words);
    }
    return new Postings(tokens, compartment(values), date(values), key(definition.key(), values),
        words == null ? null : String.join("\n", words));
  }

  static String compartment(Values values) {
    Definition definition = values.definition();
    if (definition.type().equals("Patient")) return "Patient/" + values.resource().path("id").asText();
    if (definition.patient() == null) return null;
    String target = local(values.resource().path(definition.patient()).path("reference").asText());
    return target.startsWith("Patient/") ? target : null;
  }

  private static Span date(Values values) {
    if (values.definition().date() == null) return Span.NONE;
    for (Found one : values.of(values.definition().date())) return ((Found.When) one).span();
    return Span.NONE;
  }

  /** The first of its values in order. */
  private static String key(Param param, Values values) {
    if (param == null) return "";
    return values.of(param).stream().map(Postings::keyed).min(Comparator.naturalOrder()).orElse("");
  }

  static String keyed(Found text) {
    String normal = normalised(((Found.Text) text).value());
    return normal.length() > LONGEST_KEY ? normal.substring(0, LONGEST_KEY) : normal;
  }

  private static void add(Definition definition, Param param, List<Found> values, Set<String> tokens,
      Set<String> words) {
    if (values.isEmpty()) return;
    if (!param.isAlias() || param.isPart()) tokens.add(present(param.name()));
    if (param.isAlias() || param == definition.date()) return;
    for (Found value : values) add(param.name(), value, tokens, words);
  }

  private static void add(String name, Found value, Set<String> tokens, Set<String> words) {
    if (value instanceof Found.Code code) {
      addCode(name, code, tokens);
      if (words != null && code.text() != null) words.add(normalised(code.text()));
    } else if (value instanceof Found.Link link) {
      addLink(name, link, tokens);
    } else if (value instanceof Found.Text text) {
      addText(name, text.value(), tokens, words);
    } else if (value instanceof Found.Uri uri) {
      addUri(name, uri.value(), tokens);
    } else if (value instanceof Found.When when) {
      Buckets.of(when.span()).forEach(bucket -> tokens.add(dated(name, bucket)));
    } else if (value instanceof Found.Amount amount && amount.isPlain()) {
      addAmount(name, amount, tokens);
    } else if (value instanceof Found.Amount || value instanceof Samples) {
      tokens.add(number(name, Buckets.ANYWHERE, ""));
    }
  }

  private static void addCode(String name, Found.Code code, Set<String> tokens) {
    if (!code.code().isEmpty()) {
      tokens.add(token(name, code.code()));
      tokens.add(coded(name, code.system(), code.code()));
    }
    if (!code.system().isEmpty()) tokens.add(coded(name, code.system(), ""));
  }

  private static void addLink(String name, Found.Link link, Set<String> tokens) {
    if (link.identifier() != null) addCode(name + IDENTIFIER, link.identifier(), tokens);
    if (link.target().isEmpty()) return;
    if (isLocal(link.target())) {
      tokens.add(token(name, link.target()));
      tokens.add(token(name, link.target().substring(link.target().indexOf('/') + 1)));
    } else {
      addUri(name, link.target(), tokens);
    }
  }

  private static void addUri(String name, String uri, Set<String> tokens) {
    Canonical.meant(uri).forEach(one -> tokens.add(token(name, one)));
  }

  private static void addText(String name, String value, Set<String> tokens, Set<String> words) {
    tokens.add(token(name, value));
    String normal = normalised(value);
    if (words != null) words.add(normal);
    for (int length : BEGINNINGS) {
      if (normal.length() >= length) tokens.add(beginning(name, normal, length));
    }
  }

  private static void addAmount(String name, Found.Amount amount, Set<String> tokens) {
    Buckets.of(amount.low()).forEach(bucket -> tokens.add(number(name, bucket, "")));
    Quantity base = Amounts.base(amount.low(), amount.system(), amount.code());
    if (base != null) Buckets.of(base.value()).forEach(bucket -> tokens.add(number(name, bucket, base.unit())));
  }

  /** {@code Type/id} of a relative reference, without its version; what is absolute belongs somewhere else and stays as it is. */
  static String local(String reference) {
    int type = reference.indexOf('/');
    if (type < 2 || type > 64 || !isType(reference, type)) return reference;
    int id = type + 1;
    while (id < reference.length() && Ids.isOfId(reference.charAt(id))) id++;
    if (id == reference.length() || id == type + 1 || id > type + 65) return reference;
    return RELATIVE.matcher(reference).matches() ? reference.substring(0, id) : reference;
  }

  private static boolean isType(String reference, int length) {
    boolean letters = reference.charAt(0) < 'a';
    for (int i = 0; letters && i < length; i++) letters = Ids.isLetter(reference.charAt(i));
    return letters;
  }

  static boolean isLocal(String target) {
    return RELATIVE.matcher(target).matches();
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

  /** Whether {@link #beginning} is all of it, so that whoever has the token begins so. */
  static boolean isBeginning(String normal) {
    return Arrays.binarySearch(BEGINNINGS, normal.length()) >= 0;
  }

  private static String beginning(String name, String normal, int length) {
    return name + "^" + normal.substring(0, length);
  }

  /** {@code unit} is one of base units, or empty. */
  static String number(String name, String bucket, String unit) {
    return name + "#" + bucket + (unit.isEmpty() ? "" : "|" + unit);
  }

  static String dated(String name, String bucket) {
    return name + "@" + bucket;
  }

  static String present(String name) {
    return name + "?";
  }

  /** Case, accents and runs of space do not count (FHIR R4 search.html#string). */
  static String normalised(String text) {
    String simple = simple(text);
    return simple != null ? simple : folded(text);
  }

  /** What {@link #folded} gives of what most texts are: printable ASCII. Null for others. */
  static String simple(String text) {
    char[] letters = new char[text.length()];
    int length = 0;
    for (int i = 0; i < letters.length; i++) {
      char c = text.charAt(i);
      if (c < ' ' || c > '~') return null;
      if (c == ' ' && (length == 0 || letters[length - 1] == ' ')) continue;
      letters[length++] = c >= 'A' && c <= 'Z' ? (char) (c + ('a' - 'A')) : c;
    }
    if (length > 0 && letters[length - 1] == ' ') length--;
    return new String(letters, 0, length);
  }

  static String folded(String text) {
    String plain = MARKS.matcher(Normalizer.normalize(text, Normalizer.Form.NFKD)).replaceAll("");
    StringBuilder letters = new StringBuilder(plain.length());
    for (char c : plain.toLowerCase(Locale.ROOT).toCharArray())
      letters.append(PLAIN.getOrDefault(c, String.valueOf(c)));
    return SPACES.matcher(letters).replaceAll(" ").strip();
  }

  /** Sorted, without repeats. */
  Long[] hashes() {
    long[] all = new long[tokens.size()];
    int many = 0;
    for (String token : tokens) all[many++] = Hash.of(token);
    Arrays.sort(all);
    Long[] distinct = new Long[many];
    int kept = 0;
    for (long hash : all) if (kept == 0 || distinct[kept - 1] != hash) distinct[kept++] = hash;
    return kept == many ? distinct : Arrays.copyOf(distinct, kept);
  }

  /** Null outside any patient's compartment. */
  Long patientHash() {
    return patient == null ? null : Hash.of(patient);
  }

  /** Equal when no indexed column would change. */
  long fingerprint(Long[] hashes) {
    return Hash.of(Arrays.toString(hashes) + patient + date.from() + key + (words == null ? "" : words));
  }
}

package io.caregrid.templates.deidentify;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.fhirpath.FhirPath;
import io.caregrid.fhirpath.FhirPathException;
import io.caregrid.templates.deidentify.Deidentifier.Keys;
import io.caregrid.templates.mapping.Located;
import io.caregrid.templates.mapping.Located.Kind;
import io.caregrid.templates.mapping.Located.Member;
import io.caregrid.templates.mapping.Members;
import io.caregrid.templates.mapping.Problems;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;

/** A configuration's JSON into rules. Whatever is wrong is found, not only the first. */
final class RuleFile {
  private static final String METHODS = "redact, keep, dateShift, cryptoHash, encrypt, substitute, perturb, generalize";
  private static final Set<String> VERSIONS = Set.of("", "r4");
  private static final Set<Integer> KEY_BYTES = Set.of(16, 24, 32);
  private static final int MOST_RULES = 10_000;
  private static final int MOST_DIGITS = 28;
  /** Brackets in brackets are followed on the thread's stack. */
  private static final int LONGEST_PATH = 4_000;
  /** Days; what is shifted by more than a lifetime is a slip. */
  private static final int MOST_DAYS = 365 * 200;
  /** As the tool does: where a configuration has no key, the process makes one up. */
  private static final String MADE_UP = UUID.randomUUID().toString().replace("-", "");

  private final Problems problems = new Problems();
  private final Keys keys;
  private final Clock clock;
  private final Set<String> made = new HashSet<>();
  private final Set<String> used = new TreeSet<>();

  private RuleFile(Keys keys, Clock clock) {
    this.keys = keys;
    this.clock = clock;
  }

  static Deidentifier read(String file, String text, Keys keys, Clock clock) {
    return new RuleFile(keys, clock).read(file, Located.read(file, text));
  }

  static Deidentifier read(String name, JsonNode configuration, Keys keys, Clock clock) {
    return new RuleFile(keys, clock).read(name, located(configuration));
  }

  private static Located located(JsonNode json) {
    List<Member> members = new ArrayList<>();
    List<Located> items = new ArrayList<>();
    json.properties().forEach(one -> members.add(new Member(one.getKey(), located(one.getValue()), 0, 0)));
    if (json.isArray()) json.forEach(one -> items.add(located(one)));
    Kind kind = switch (json.getNodeType()) {
      case OBJECT -> Kind.OBJECT;
      case ARRAY -> Kind.ARRAY;
      case NUMBER -> Kind.NUMBER;
      case BOOLEAN -> Kind.BOOLEAN;
      case STRING -> Kind.TEXT;
      default -> Kind.NULL;
    };
    return new Located(kind, json.isValueNode() && !json.isNull() ? json.asText() : null, members, items, 0, 0);
  }

  private Deidentifier read(String file, Located whole) {
    if (whole.kind() != Kind.OBJECT) {
      problems.error(whole, "a JSON object is expected");
      problems.warningsUnlessErrors(file);
    }
    once(whole);
    Members members = new Members(whole, "a de-identification configuration", problems);
    String version = members.text("fhirVersion");
    if (version != null && !VERSIONS.contains(version.toLowerCase(Locale.ROOT)))
      problems.error(members.get("fhirVersion"),
          "fhirVersion must be R4, or empty: other versions are not de-identified here");
    boolean skips = skips(members);
    Parameters parameters = parameters(members.get("parameters"));
    List<Rule> rules = rules(members, parameters);
    members.doneLeniently();
    used.retainAll(made);
    return new Deidentifier(rules, skips, clock, List.copyOf(used), problems.warningsUnlessErrors(file));
  }

  /** The tool takes no member twice. */
  private void once(Located value) {
    Set<String> names = new HashSet<>();
    for (Member member : value.members()) {
      if (!names.add(member.name()))
        problems.error(member.line(), member.column(), "'" + member.name() + "' stands here twice");
      once(member.value());
    }
    value.items().forEach(this::once);
  }

  private boolean skips(Members members) {
    String asked = members.text("processingErrors");
    if (asked == null || asked.equalsIgnoreCase("raise") || asked.isEmpty()) return false;
    if (asked.equalsIgnoreCase("skip")) return true;
    String why = asked.equalsIgnoreCase("keep") ? ": keep would give out what was not de-identified" : "";
    problems.error(members.get("processingErrors"), "processingErrors must be raise or skip" + why);
    return false;
  }

  private Parameters parameters(Located given) {
    Located object = given == null ? new Located(Kind.OBJECT, null, List.of(), List.of(), 0, 0) : given;
    if (object.kind() != Kind.OBJECT) problems.error(object, "'parameters' must be an object");
    Members members = new Members(object, "parameters", problems);
    String shift = key(members, "dateShiftKey", keys.dateShift(), UUID.randomUUID().toString().replace("-", ""));
    String hash = key(members, "cryptoHashKey", keys.cryptoHash(), MADE_UP);
    String encrypt = key(members, "encryptKey", keys.encrypt(), MADE_UP);
    byte[] secret = encrypt.getBytes(StandardCharsets.UTF_8);
    if (!KEY_BYTES.contains(secret.length)) {
      Located at = members.get("encryptKey");
      problems.error(at == null ? object : at,
          "encryptKey must have 16, 24 or 32 bytes (128, 192 or 256 bits) in UTF-8; it has "
              + secret.length);
    }
    Parameters parameters = new Parameters(shift, scope(members), days(members), hash, secret,
        members.flag("enablePartialAgesForRedact"), members.flag("enablePartialDatesForRedact"),
        members.flag("enablePartialZipCodesForRedact"), zips(members));
    members.ignore("customSettings");
    members.doneLeniently();
    return parameters;
  }

  private String key(Members members, String name, String server, String madeUp) {
    String own = members.text(name);
    if (own != null && !own.isEmpty()) return own;
    if (server != null && !server.isEmpty()) return server;
    made.add(name);
    return madeUp;
  }

  private Parameters.Scope scope(Members members) {
    String scope = members.text("dateShiftScope");
    if (scope == null || scope.isEmpty()) return Parameters.Scope.RESOURCE;
    for (Parameters.Scope one : Parameters.Scope.values()) {
      if (one.name().equalsIgnoreCase(scope)) return one;
    }
    problems.error(members.get("dateShiftScope"), "dateShiftScope must be resource, file or folder");
    return Parameters.Scope.RESOURCE;
  }

  private Integer days(Members members) {
    BigDecimal days = members.number("dateShiftFixedOffsetInDays");
    if (days == null) return null;
    boolean fits = days.abs().compareTo(BigDecimal.valueOf(MOST_DAYS)) <= 0 && days.stripTrailingZeros().scale() <= 0;
    if (fits) return days.intValue();
    problems.error(members.get("dateShiftFixedOffsetInDays"),
        "dateShiftFixedOffsetInDays must be a whole number from -" + MOST_DAYS + " to " + MOST_DAYS);
    return null;
  }

  private List<String> zips(Members members) {
    List<String> zips = new ArrayList<>();
    for (Located one : members.list("restrictedZipCodeTabulationAreas")) {
      if (one.text() == null || one.text().isBlank())
        problems.error(one, "restrictedZipCodeTabulationAreas must hold beginnings of ZIP codes, such as \"036\"");
      else
        zips.add(one.text());
    }
    return zips;
  }

  private List<Rule> rules(Members members, Parameters parameters) {
    List<Located> items = members.requiredList("fhirPathRules");
    Located list = members.get("fhirPathRules");
    if (list != null && items.isEmpty()) problems.error(list, "fhirPathRules must hold at least one rule");
    if (items.size() > MOST_RULES) problems.error(list, "fhirPathRules may hold " + MOST_RULES + " rules at most");
    List<Rule> rules = new ArrayList<>();
    for (int i = 0; i < Math.min(items.size(), MOST_RULES); i++) {
      Located item = items.get(i);
      if (item.kind() != Kind.OBJECT) problems.error(item, "rule " + (i + 1) + " must be an object");
      else rule(i + 1, new Members(item, "rule " + (i + 1), problems), parameters, rules);
    }
    return rules;
  }

  private void rule(int number, Members members, Parameters parameters, List<Rule> rules) {
    String path = needed(number, members, "path");
    String method = needed(number, members, "method");
    Selector selector = path == null ? null : selector(number, members.get("path"), path.strip());
    Method does = method == null ? null : method(number, method.strip().toLowerCase(Locale.ROOT), members, parameters);
    members.doneLeniently();
    if (selector == null || does == null) return;
    rules.add(new Rule(number, path, selector, method.strip(), does));
  }

  private String needed(int number, Members members, String name) {
    String text = members.text(name);
    if (text != null && !text.isBlank()) return text;
    if (members.get(name) == null || text != null)
      problems.error(members.object(), "rule " + number + " has no " + name);
    return null;
  }

  private Selector selector(int number, Located at, String path) {
    if (path.length() > LONGEST_PATH) {
      problems.error(at, "rule " + number + ": a path has " + LONGEST_PATH + " characters at most");
      return null;
    }
    try {
      Selector selector = Selector.compile(path);
      String nothing = Selector.emptiness(path);
      if (nothing != null)
        problems.warning(at, "rule " + number + " (" + path + ") never finds anything: " + nothing);
      return selector;
    } catch (Selector.Misplaced wrong) {
      problems.error(at,
          "rule " + number + " (" + path + "): at character " + wrong.column + " of the path: " + wrong.getMessage());
    } catch (FhirPathException wrong) {
      problems.error(at,
          "rule " + number + " (" + path + "): at character " + wrong.column + " of the path: " + wrong.reason);
    }
    return null;
  }

  private Method method(int number, String method, Members members, Parameters parameters) {
    Redact redact = new Redact(parameters);
    boolean moves = method.equals("dateshift") && parameters.fixedOffset() == null;
    if (moves) used.add("dateShiftKey");
    if (method.equals("cryptohash")) used.add("cryptoHashKey");
    if (method.equals("encrypt")) used.add("encryptKey");
    return switch (method) {
      case "redact" -> redact;
      case "keep" -> (element, work) -> {};
      case "dateshift" -> new DateShift(parameters, redact);
      case "cryptohash" -> Sealing.hash(parameters.cryptoHashKey(), local(number, members));
      case "encrypt" -> KEY_BYTES.contains(parameters.encryptKey().length)
          ? Sealing.encryption(parameters.encryptKey())
          : null;
      case "substitute" -> substitute(number, members);
      case "perturb" -> perturb(number, members);
      case "generalize" -> generalize(number, members);
      default -> {
        problems.error(members.get("method"), "rule " + number + ": there is no method '" + members.text("method")
            + "', but " + METHODS);
        yield null;
      }
    };
  }

  /** Our own: {@code "references": "local"}, of references only type and id. */
  private boolean local(int number, Members members) {
    String references = members.text("references");
    if (references == null || references.equalsIgnoreCase("local")) return references != null;
    problems.error(members.get("references"), "rule " + number + ": references must be local, or not be there");
    return false;
  }

  private Method substitute(int number, Members members) {
    Located with = members.get("replaceWith");
    if (with == null) {
      problems.error(members.object(), "rule " + number + ": substitute needs replaceWith");
      return null;
    }
    return new Substitute(json(with));
  }

  private static JsonNode json(Located value) {
    JsonNodeFactory json = JsonNodeFactory.withExactBigDecimals(true);
    return switch (value.kind()) {
      case OBJECT -> {
        ObjectNode object = json.objectNode();
        value.members().forEach(member -> object.set(member.name(), json(member.value())));
        yield object;
      }
      case ARRAY -> {
        ArrayNode array = json.arrayNode();
        value.items().forEach(item -> array.add(json(item)));
        yield array;
      }
      case NUMBER -> json.numberNode(new BigDecimal(value.text()));
      case BOOLEAN -> json.booleanNode(Boolean.parseBoolean(value.text()));
      case TEXT -> json.textNode(value.text());
      default -> json.nullNode();
    };
  }

  private Method perturb(int number, Members members) {
    BigDecimal span = members.number("span");
    if (members.get("span") == null) problems.error(members.object(), "rule " + number + ": perturb needs span");
    if (span != null && (span.signum() < 0 || span.precision() > 100 || Math.abs(span.scale()) > 100))
      problems.error(members.get("span"), "rule " + number + ": span must be 0 or more");
    BigDecimal digits = members.number("roundTo");
    boolean whole = digits == null || digits.signum() >= 0 && digits.compareTo(BigDecimal.valueOf(MOST_DIGITS)) <= 0
        && digits.stripTrailingZeros().scale() <= 0;
    if (!whole)
      problems.error(members.get("roundTo"),
          "rule " + number + ": roundTo must be a whole number from 0 to " + MOST_DIGITS);
    String range = members.text("rangeType");
    boolean proportional = "proportional".equalsIgnoreCase(range);
    if (range != null && !proportional && !range.equalsIgnoreCase("fixed"))
      problems.error(members.get("rangeType"), "rule " + number + ": rangeType must be fixed or proportional");
    if (span == null || !whole) return null;
    return new Perturb(span, proportional, digits == null ? 2 : digits.intValue());
  }

  private Method generalize(int number, Members members) {
    Located cases = members.get("cases");
    if (cases == null || cases.kind() != Kind.OBJECT || cases.members().isEmpty())
      problems.error(members.object(), "rule " + number + ": generalize needs cases, an object of condition and value");
    List<Generalize.Case> read = new ArrayList<>();
    for (Member one : cases == null ? List.<Member>of() : cases.members()) {
      FhirPath when = expression(number, one.line(), one.column(), one.name());
      String text = one.value().text();
      if (text == null)
        problems.error(one.line(), one.column(), "rule " + number + ": the value of a case must be an expression");
      FhirPath then = text == null ? null : expression(number, one.value().line(), one.value().column(), text);
      if (when != null && then != null) read.add(new Generalize.Case(when, then));
    }
    String others = members.text("otherValues");
    boolean keeps = "keep".equalsIgnoreCase(others);
    if (others != null && !keeps && !others.equalsIgnoreCase("redact"))
      problems.error(members.get("otherValues"), "rule " + number + ": otherValues must be redact or keep");
    return new Generalize(read, keeps);
  }

  private FhirPath expression(int number, int line, int column, String text) {
    try {
      return FhirPath.compile(text, Selector.PATHS);
    } catch (FhirPathException wrong) {
      problems.error(line, column,
          "rule " + number + ": at character " + wrong.column + " of \"" + text + "\": " + wrong.reason);
      return null;
    }
  }
}

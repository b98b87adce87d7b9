package io.caregrid.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.fhirpath.FhirPath;
import io.caregrid.fhirpath.Node;
import io.caregrid.fhirpath.Value;
import io.caregrid.store.Param.Kind;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** All parameters of all types on resources with elements at random: whatever a resource has is found by it, and by the tokens that lie in the database. */
class SearchParametersTest {
  private static final Instant NOW = Instant.parse("2026-11-20T12:00:00Z");
  private static final int ROUNDS = 4;
  private static final long SEED = Long.getLong("caregrid.test.seed", 20261123);
  private static R4 r4;
  private final RandomResource random = new RandomResource(r4, new Random(SEED));

  @BeforeAll
  static void read() throws Exception {
    r4 = new R4();
  }

  @Test
  void aPathThatIsWalkedGivesWhatItsExpressionGives() {
    for (String type : Definition.types()) {
      ObjectNode resource = random.of(type);
      Node node = Node.resource(resource);
      for (Param param : Definition.of(type).params().values()) {
        for (Param.Path path : param.paths()) {
          if (path.walk() == null) continue;
          List<JsonNode> walked = new ArrayList<>();
          path.walk(resource, walked::add);
          List<JsonNode> evaluated = path.expression()
              .evaluate(node, node, FhirPath.Context.PLAIN)
              .stream()
              .map(Value::json)
              .toList();
          assertEquals(evaluated, walked, type + " " + path.expression() + " seed " + SEED);
        }
      }
    }
  }

  @Test
  void everyValueIsFoundByASearchForItAndByItsTokens() {
    Set<String> asked = new HashSet<>();
    Set<Kind> kinds = new HashSet<>();
    for (int round = 0; round < ROUNDS; round++) {
      for (String type : Definition.types()) {
        ObjectNode resource = random.of(type);
        Values values = new Values(Definition.of(type), resource);
        Postings postings = Postings.of(values);
        for (Param param : Definition.of(type).params().values()) {
          if (param.kind() == Kind.COMPOSITE) continue;
          for (Found found : values.of(param)) {
            for (SearchQuery.Param query : queries(param, found)) {
              finds(type, query, values, postings);
              asked.add(type + "." + param.name());
              kinds.add(param.kind());
            }
          }
        }
      }
    }
    assertTrue(asked.size() > 1_500, "parameters asked for: " + asked.size() + ", seed " + SEED);
    assertTrue(kinds.containsAll(
        Set.of(Kind.TOKEN, Kind.REFERENCE, Kind.STRING, Kind.URI, Kind.DATE, Kind.NUMBER, Kind.QUANTITY)),
        "kinds " + kinds + ", seed " + SEED);
  }

  private static void finds(String type, SearchQuery.Param query, Values values, Postings postings) {
    String which = type + "?" + query.name() + "=" + query.value() + " on " + values.resource() + " seed " + SEED;
    SearchTerms terms = SearchTerms.of(new SearchQuery(type, List.of(query), 1, "none", null), NOW);
    SearchPlan plan = terms.plan(null).result();
    assertNotNull(plan, which);
    assertTrue(plan.holds(values), which);
    for (Criterion criterion : plan.criteria()) {
      boolean found = criterion.any() == null || criterion.any().stream().anyMatch(postings.tokens()::contains);
      assertTrue(found, which + " has none of " + criterion.any());
      assertFalse(criterion.none().stream().anyMatch(postings.tokens()::contains), which);
    }
  }

  /** What a client writes who wants exactly this value, in several ways. */
  private static List<SearchQuery.Param> queries(Param param, Found found) {
    List<String[]> asked = new ArrayList<>(List.of(new String[][] {{":missing", "false"}}));
    if (found instanceof Found.Code code && !code.code().isEmpty()) {
      asked.add(new String[] {"", escaped(code.code())});
      asked.add(new String[] {"", escaped(code.system()) + "|" + escaped(code.code())});
      if (!code.system().isEmpty()) asked.add(new String[] {"", escaped(code.system()) + "|"});
    } else if (found instanceof Found.Text text && !Postings.normalised(text.value()).isEmpty()) {
      asked.add(new String[] {"", escaped(text.value().toUpperCase(java.util.Locale.ROOT))});
      asked.add(new String[] {"", escaped(text.value().substring(0, 1))});
      asked.add(new String[] {":exact", escaped(text.value())});
      asked.add(new String[] {":contains", escaped(text.value().substring(text.value().length() / 2))});
    } else if (found instanceof Found.Uri uri) {
      asked.add(new String[] {"", escaped(uri.value())});
      boolean urn = uri.value().startsWith("urn:"); // nothing is above or below it (search.html#uri)
      asked.add(
          new String[] {":below", escaped(urn ? uri.value() : uri.value().substring(0, uri.value().length() - 1))});
      asked.add(new String[] {":above", escaped(uri.value()) + (urn ? "" : "/more")});
    } else if (found instanceof Found.Link link) {
      if (!link.target().isEmpty()) asked.add(new String[] {"", escaped(link.target())});
      if (link.identifier() != null && !link.identifier().code().isEmpty())
        asked.add(new String[] {":identifier", escaped(link.identifier().code())});
    } else if (found instanceof Found.When when) {
      asked.add(new String[] {"", "le" + when.span().to().toString().substring(0, 10)});
      asked.add(new String[] {"", "ge" + when.span().from().toString().substring(0, 10)});
      asked.add(new String[] {"", "ap" + when.span().from().toString().substring(0, 10)});
      asked.add(new String[] {"", "gt1700,lt9000"});
    } else if (found instanceof Found.Amount amount) {
      amounts(param, amount, asked);
    } else if (found instanceof Samples samples) {
      amounts(param, samples.range(), asked);
    } else if (found instanceof Found.Place place) {
      asked.add(new String[] {"", place.latitude() + "|" + place.longitude() + "|1|km"});
    }
    boolean dateIn = !(found instanceof Found.When when)
        || !when.span().from().isBefore(Instant.parse("0002-01-01T00:00:00Z"))
            && !when.span().to().isAfter(Instant.parse("9998-01-01T00:00:00Z"));
    return asked.stream()
        .filter(one -> dateIn || one[0].equals(":missing") || one[1].contains(","))
        .map(one -> new SearchQuery.Param(param.name() + one[0], one[1]))
        .toList();
  }

  private static void amounts(Param param, Found.Amount amount, List<String[]> asked) {
    if (amount == null || amount.low() == null || amount.high() == null || amount.low().compareTo(amount.high()) > 0)
      return;
    List<String> units = new ArrayList<>(List.of(""));
    if (param.kind() == Kind.QUANTITY && !amount.code().isEmpty()) {
      units.add("||" + escaped(amount.code()));
      if (!amount.system().isEmpty()) units.add("|" + escaped(amount.system()) + "|" + escaped(amount.code()));
    }
    for (String unit : units) {
      if (amount.isPlain()) asked.add(new String[] {"", amount.low() + unit});
      asked.add(new String[] {"", "ge" + amount.low() + unit});
      asked.add(new String[] {"", "le" + amount.high() + unit});
      asked.add(new String[] {"", "ap" + amount.low() + unit});
      asked.add(new String[] {"", "gt" + amount.low().subtract(java.math.BigDecimal.ONE) + unit});
      asked.add(new String[] {"", "eb" + amount.high().add(java.math.BigDecimal.ONE) + unit});
    }
  }

  private static String escaped(String text) {
    return text.replaceAll("([\\\\,$|])", "\\\\$1");
  }

  @Test
  void theTablesHaveTheIndexesThatTheDefinitionsAskFor() throws Exception {
    Map<String, String> tables = new TreeMap<>();
    String sql = new String(Definition.class.getResourceAsStream("migrations/V010__search.sql").readAllBytes(),
        StandardCharsets.UTF_8);
    Matcher made = Pattern.compile("\\('(\\w+)', (true|false), (true|false), (true|false)\\)").matcher(sql);
    while (made.find()) tables.put(made.group(1), made.group(2) + " " + made.group(3) + " " + made.group(4));
    Map<String, String> wanted = new TreeMap<>();
    for (String type : Definition.types()) {
      Definition definition = Definition.of(type);
      if (!OLDER.contains(type))
        wanted.put(type, (definition.date() != null) + " " + (definition.key() != null) + " " + definition.isWorded());
    }

    assertEquals(wanted, tables);
    Matcher older = Pattern.compile("add_search_columns\\('(\\w+)', (true|false), (true|false)\\)").matcher(sql);
    for (String type : OLDER) {
      assertTrue(older.find());
      Definition definition = Definition.of(older.group(1));
      assertEquals((definition.key() != null) + " " + definition.isWorded(), older.group(2) + " " + older.group(3),
          type);
    }
  }

  /** Whose tables the first versions had. */
  private static final Set<String> OLDER = Set.of("Patient", "Device", "Observation", "ImagingStudy", "Endpoint");

  /** So that a parameter that silently finds nothing is seen. */
  @Test
  @Tag("full")
  void everyParameterFindsSomethingSomewhere() {
    Set<String> silent = new TreeSet<>();
    for (String type : Definition.types())
      Definition.of(type).params().values().forEach(param -> silent.add(type + "." + param.name()));
    for (int round = 0; round < 300 && !silent.isEmpty(); round++) {
      for (String type : Definition.types()) {
        Definition definition = Definition.of(type);
        if (silent.stream().noneMatch(name -> name.startsWith(type + "."))) continue;
        Values values = new Values(definition, random.of(type));
        for (Param param : definition.params().values()) {
          boolean found = param.kind() == Kind.COMPOSITE
              ? values.tuples(param).stream().anyMatch(tuple -> tuple.stream().noneMatch(List::isEmpty))
              : !values.of(param).isEmpty();
          if (found) silent.remove(type + "." + param.name());
        }
      }
    }
    silent.removeAll(NEVER);
    assertEquals(Set.of(), silent, "seed " + SEED);
  }

  /** What needs a resource within the resource, or one certain code. */
  private static final Set<String> NEVER = Set.of("Bundle.composition", "Bundle.message");
}

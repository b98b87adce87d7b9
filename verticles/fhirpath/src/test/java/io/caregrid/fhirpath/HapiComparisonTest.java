package io.caregrid.fhirpath;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.engines.Synthea;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.hl7.fhir.r4.model.Resource;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Ours and HAPI's engine give the same on the same resources: all search parameters of R4, and expressions at random. Where they differ on purpose stands
 * in {@link Differences}. Each run is the same; another one, to look for more, is made with {@code -Dcaregrid.test.seed}.
 */
@Tag("full")
class HapiComparisonTest {
  private static final int EXPRESSIONS = 4_000;
  private static final int SHOWN = 40;
  private final long seed = Long.getLong("caregrid.test.seed", 2611);
  private final Random random = new Random(seed);

  /** One resource as both have it. A code that HAPI drops is dropped for both. */
  private record Both(Node ours, Resource hapis, String json) {
    static Both of(JsonNode json) throws Exception {
      String known = Hapi.ENGINE.write(Hapi.ENGINE.read(json.toString()));
      return new Both(Node.resource(Rendered.JSON.readTree(known)), read(known), known);
    }

    private static Resource read(String json) throws Exception {
      Resource read = Hapi.ENGINE.read(json);
      if (!Rendered.JSON.readTree(json).has("meta")) read.setMeta(null); // its parser makes an empty one
      return read;
    }

    /** Read anew: when HAPI compares times of two offsets, it changes the resource's own to UTC. */
    Resource fresh() throws Exception {
      return read(json);
    }

    String type() {
      return ours.type().name();
    }
  }

  @Test
  void searchParametersGiveTheSameOnResourcesWithElementsAtRandom() throws Exception {
    RandomResource resources = new RandomResource(random);
    List<Both> all = new ArrayList<>();
    for (String type : Model.R4.resources()) {
      for (int i = 0; i < 4; i++) all.add(Both.of(resources.of(type)));
    }

    compareSearchParameters(all, 5_000);
  }

  @Test
  void searchParametersGiveTheSameOnSyntheasResources() throws Exception {
    compareSearchParameters(synthea(60), 5_000);
  }

  @Test
  void expressionsAtRandomGiveTheSameOnResourcesWithElementsAtRandom() throws Exception {
    RandomResource resources = new RandomResource(random);
    List<Both> all = new ArrayList<>();
    for (String type : Model.R4.resources()) all.add(Both.of(resources.of(type)));

    compareExpressions(all);
  }

  @Test
  void expressionsAtRandomGiveTheSameOnSyntheasResources() throws Exception {
    compareExpressions(synthea(20));
  }

  private static List<JsonNode> syntheas() throws Exception {
    List<JsonNode> all = new ArrayList<>();
    for (Path bundle : Synthea.bundles())
      for (JsonNode entry : Rendered.JSON.readTree(bundle.toFile()).path("entry")) all.add(entry.path("resource"));
    return all;
  }

  /** @param most of a type */
  private List<Both> synthea(int most) throws Exception {
    Map<String, List<JsonNode>> types = new TreeMap<>();
    for (JsonNode json : syntheas()) {
      types.computeIfAbsent(json.path("resourceType").asText(), type -> new ArrayList<>()).add(json);
    }
    List<Both> all = new ArrayList<>();
    for (List<JsonNode> type : types.values()) {
      Collections.shuffle(type, random);
      for (JsonNode json : type.subList(0, Math.min(most, type.size()))) all.add(Both.of(json));
    }
    System.out.println("Synthea: " + all.size() + " resources of " + types.keySet());
    return all;
  }

  private void compareSearchParameters(List<Both> resources, int least) throws Exception {
    int values = 0;
    Map<String, String> different = new LinkedHashMap<>();
    for (SearchParameters parameter : SearchParameters.all()) {
      if (parameter.expression() == null) continue;
      FhirPath path = FhirPath.compile(parameter.expression(), Environment.SEARCH);
      for (Both one : resources) {
        if (!parameter.isOf(one.type())) continue;
        List<String> ours = Rendered.ours(path.evaluate(one.ours()));
        List<String> hapis = Rendered.hapis(Hapi.ENGINE.evaluate(one.hapis(), parameter.expression()));
        values += ours.size();
        if (!ours.equals(hapis)
            && Differences.reason(parameter.expression(), ours.toString(), hapis.toString()) == null)
          different.put(parameter.base() + " " + parameter.name() + " " + parameter.expression(), ours + " / " + hapis);
      }
    }
    System.out.println("search parameters: " + values + " values compared, seed " + seed);
    assertNone(different);
    assertTrue(values >= least, "only " + values + " values: that is no comparison");
  }

  private void compareExpressions(List<Both> resources) throws Exception {
    RandomExpression expressions = new RandomExpression(random);
    Map<String, String> different = new LinkedHashMap<>();
    Map<String, Integer> listed = new TreeMap<>();
    int found = 0;
    for (int i = 0; i < EXPRESSIONS; i++) {
      Both one = resources.get(random.nextInt(resources.size()));
      String expression = expressions.of(one.type());
      String ours = ours(one, expression);
      String hapis = hapis(one, expression);
      if (!ours.equals("[]") && !ours.equals("error")) found++;
      if (ours.equals(hapis)) continue;
      String reason = Differences.reason(expression, ours, hapis);
      if (reason != null) listed.merge(reason, 1, Integer::sum);
      else
        different.put(expression,
            one.type() + " " + shown(ours) + " / " + shown(hapis) + "\n  on " + one.ours().json());
    }
    listed.forEach((reason, count) -> System.out.println(count + " differ on purpose: " + reason));
    System.out.println("expressions: " + EXPRESSIONS + ", " + found + " with values, seed " + seed);
    assertNone(different);
    assertTrue(found > EXPRESSIONS / 4, "only " + found + " have values: that is no comparison");
  }

  private static String shown(String values) {
    return values.length() > 200 ? values.substring(0, 200) + "..." : values;
  }

  private static String ours(Both one, String expression) {
    try {
      return Rendered.ours(FhirPath.compile(expression, Environment.SEARCH).evaluate(one.ours())).toString();
    } catch (FhirPathException refused) {
      return "error";
    }
  }

  private static String hapis(Both one, String expression) throws Exception {
    try {
      return Rendered.hapis(Hapi.ENGINE.evaluate(one.fresh(), expression)).toString();
    } catch (RuntimeException | AssertionError refused) { // it asserts some of its rules
      return "error";
    }
  }

  private void assertNone(Map<String, String> different) {
    StringBuilder text = new StringBuilder();
    different.entrySet()
        .stream()
        .limit(SHOWN)
        .forEach(one -> text.append(one.getKey()).append("\n  ").append(one.getValue()).append('\n'));
    assertEquals(0, different.size(), "seed " + seed + ", ours / HAPI's:\n" + text);
  }
}

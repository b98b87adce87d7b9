package io.caregrid.perf.fhirpath;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.caregrid.fhirpath.Environment;
import io.caregrid.fhirpath.FhirPath;
import io.caregrid.fhirpath.Node;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Ours, on Jackson's trees. */
final class Ours implements Engine<JsonNode> {
  private static final JsonMapper JSON = JsonMapper.builder()
      .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
      .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
      .nodeFactory(JsonNodeFactory.withExactBigDecimals(true))
      .build();
  private final Map<String, List<FhirPath>> paths = new LinkedHashMap<>();

  Ours(Map<String, List<String>> expressions) {
    expressions.forEach((type, all) -> paths.put(type, all.stream().map(Ours::path).toList()));
  }

  private static FhirPath path(String expression) {
    return FhirPath.compile(expression, Environment.SEARCH);
  }

  @Override
  public JsonNode parsed(byte[] json) {
    try {
      return JSON.readTree(json);
    } catch (IOException broken) {
      throw new UncheckedIOException(broken);
    }
  }

  @Override
  public int compiled(List<String> expressions) {
    int seen = 0;
    for (String expression : expressions) seen += path(expression).toString().length();
    return seen;
  }

  @Override
  public int evaluated(JsonNode resource, String type) {
    int values = 0;
    Node node = Node.resource(resource);
    for (FhirPath path : paths.get(type)) values += path.evaluate(node).size();
    return values;
  }
}

package io.caregrid.perf.mapping;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.jayway.jsonpath.Configuration;
import com.jayway.jsonpath.JsonPath;
import com.jayway.jsonpath.Option;
import com.jayway.jsonpath.spi.json.JacksonJsonNodeJsonProvider;
import com.jayway.jsonpath.spi.mapper.JacksonMappingProvider;
import io.burt.jmespath.Adapter;
import io.burt.jmespath.Expression;
import io.burt.jmespath.JmesPathType;
import io.burt.jmespath.RuntimeConfiguration;
import io.burt.jmespath.function.ArgumentConstraints;
import io.burt.jmespath.function.BaseFunction;
import io.burt.jmespath.function.FunctionArgument;
import io.burt.jmespath.function.FunctionRegistry;
import io.burt.jmespath.jackson.JacksonRuntime;
import io.caregrid.templates.device.Measurement;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * The same templates on Jayway's JsonPath and jmespath-jackson: what somebody would write who has only these. Everything is compiled beforehand, paths that may
 * find nothing do so without an exception, and Jayway, whose scan does not test the root, gets the root in an array instead of a copy.
 */
final class Stock {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Configuration JAYWAY = Configuration.builder()
      .jsonProvider(new JacksonJsonNodeJsonProvider())
      .mappingProvider(new JacksonMappingProvider())
      .options(Option.SUPPRESS_EXCEPTIONS)
      .build();
  /** Of paths to one value. */
  private static final Configuration LEAVES = JAYWAY.addOptions(Option.DEFAULT_PATH_LEAF_TO_NULL);
  private static final JacksonRuntime JMES = new JacksonRuntime(
      new RuntimeConfiguration.Builder().withFunctionRegistry(FunctionRegistry.defaultRegistry().extend(new Multiply()))
          .build());

  /** One value of a token, by either library. */
  private interface Path {
    JsonNode of(JsonNode context);
  }

  /** All matches of a message. */
  private interface Match {
    ArrayNode of(ObjectNode root);
  }

  private record Value(String name, Path path, boolean required) {}

  private record Template(String type, boolean calculated, Match match, Path device, Path time, Path patient,
      List<Value> values) {}

  private final List<Template> templates = new ArrayList<>();

  Stock(String mapping) throws IOException {
    for (JsonNode container : JSON.readTree(mapping).path("template")) {
      JsonNode template = container.path("template");
      boolean jmes = template.has("defaultExpressionLanguage");
      List<Value> values = new ArrayList<>();
      template.path("values")
          .forEach(value -> values
              .add(new Value(value.path("valueName").asText(), path(value.path("valueExpression").asText(), jmes),
                  value.path("required").asBoolean())));
      templates.add(new Template(template.path("typeName").asText(), jmes,
          match(template.path("typeMatchExpression").asText(), jmes),
          path(template.path("deviceIdExpression").asText(), jmes),
          path(template.path("timestampExpression").asText(), jmes),
          path(template.path("patientIdExpression").asText(), jmes), values));
    }
  }

  List<Measurement> normalise(byte[] payload, Instant now) throws IOException {
    ObjectNode root = JSON.createObjectNode();
    root.set("Body", JSON.readTree(payload));
    root.putObject("Properties");
    root.putObject("SystemProperties");
    return normalise(root, now);
  }

  List<Measurement> normalise(ObjectNode root, Instant now) {
    List<Measurement> found = new ArrayList<>();
    for (Template template : templates) {
      for (JsonNode token : template.match.of(root)) found.add(measurement(template, root, token, now));
    }
    return found;
  }

  private static Measurement measurement(Template template, ObjectNode root, JsonNode token, Instant now) {
    JsonNode context = token;
    if (template.calculated) {
      ObjectNode both = JSON.createObjectNode();
      both.setAll(root);
      context = both.set("matchedToken", token);
    }
    List<Measurement.Property> properties = new ArrayList<>();
    for (Value value : template.values) {
      JsonNode found = value.path.of(context);
      if (found != null && !found.isNull()) properties.add(new Measurement.Property(value.name, found.asText()));
      else if (value.required) throw new IllegalStateException("a required value is missing");
    }
    return new Measurement(template.type, Instant.parse(template.time.of(context).asText()), now,
        template.device.of(context).asText(),
        template.patient.of(context).asText(), null, null, properties);
  }

  private static Match match(String expression, boolean jmes) {
    if (jmes) {
      Expression<JsonNode> compiled = JMES.compile(expression);
      return root -> compiled.search(root) instanceof ArrayNode all ? all : JSON.createArrayNode();
    }
    JsonPath compiled = JsonPath.compile(expression.replace("(@", "(@."));
    return root -> compiled.read(JSON.createArrayNode().add(root), JAYWAY);
  }

  private static Path path(String expression, boolean jmes) {
    if (jmes) {
      Expression<JsonNode> compiled = JMES.compile(expression);
      return compiled::search;
    }
    JsonPath compiled = JsonPath.compile(expression);
    return context -> compiled.read(context, LEAVES);
  }

  /** {@code multiply}, which jmespath-jackson does not have. */
  private static final class Multiply extends BaseFunction {
    Multiply() {
      super("multiply", ArgumentConstraints.listOf(2, 2, ArgumentConstraints.typeOf(JmesPathType.NUMBER)));
    }

    @Override
    protected <T> T callFunction(Adapter<T> runtime, List<FunctionArgument<T>> arguments) {
      return runtime.createNumber(runtime.toNumber(arguments.get(0).value()).doubleValue()
          * runtime.toNumber(arguments.get(1).value()).doubleValue());
    }
  }
}

package io.caregrid.store;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.fhirpath.FhirPath;
import io.caregrid.fhirpath.FhirPathException;
import io.caregrid.fhirpath.Node;
import io.caregrid.fhirpath.Value;
import io.caregrid.store.Param.Kind;
import io.caregrid.store.Param.Part;
import io.caregrid.store.Param.Path;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The values of the search parameters in one resource. Each parameter is looked for when it is first asked for, so that asking for one costs one. One
 * thread.
 */
final class Values {
  static final String TRUTH = "http://hl7.org/fhir/special-values";
  private static final String CURRENCY = "urn:iso:std:iso:4217";
  /** What a person reads of a name or an address (FHIR R4 search.html#string). */
  private static final Set<String> SPOKEN = Set.of("text", "family", "given", "prefix", "suffix", "line", "city",
      "district", "state", "postalCode", "country");

  private final Definition definition;
  private final ObjectNode resource;
  private Node node;
  private final Object[] found;

  Values(Definition definition, ObjectNode resource) {
    this.definition = definition;
    this.resource = resource;
    this.found = new Object[definition.params().size()];
  }

  ObjectNode resource() {
    return resource;
  }

  Definition definition() {
    return definition;
  }

  /** Of any parameter but a composite. */
  @SuppressWarnings("unchecked")
  List<Found> of(Param param) {
    if (found[param.at()] != null) return (List<Found>) found[param.at()];
    List<Found> all = param.isPart() ? part(param) : null;
    if (all == null) all = evaluated(param);
    found[param.at()] = all;
    return all;
  }

  /** Those of another parameter's references that are of one type, where their texts tell; null where they do not. */
  private List<Found> part(Param param) {
    String begin = param.under().get(0).type() + "/";
    List<Found> all = new ArrayList<>(1);
    for (Found one : of(definition.params().get(param.under().get(0).name()))) {
      if (!(one instanceof Found.Link link) || !Postings.isLocal(link.target())) return null;
      if (link.target().startsWith(begin)) all.add(link);
    }
    return all;
  }

  private List<Found> evaluated(Param param) {
    List<Found> all = new ArrayList<>(4);
    for (Path path : param.paths()) {
      if (path.walk() != null) path.walk(resource, value -> add(param.kind(), path.system(), value, all));
      else
        if (path.isIn(resource))
          evaluated(path.expression(), node()).forEach(value -> add(param.kind(), path.system(), value.json(), all));
    }
    return all;
  }

  /** Of a composite: for each element it is about the values of each part, in the order of the parts. */
  List<List<List<Found>>> tuples(Param composite) {
    List<List<List<Found>>> all = new ArrayList<>();
    for (Path path : composite.paths()) {
      if (!path.isIn(resource)) continue;
      for (Value element : evaluated(path.expression(), node())) {
        List<List<Found>> tuple = new ArrayList<>();
        for (Part part : composite.parts()) {
          List<Found> values = new ArrayList<>(2);
          evaluated(part.expression(), element)
              .forEach(value -> add(part.param().kind(), system(part.param()), value.json(), values));
          tuple.add(values);
        }
        all.add(tuple);
      }
    }
    return all;
  }

  private Node node() {
    if (node == null) node = Node.resource(resource);
    return node;
  }

  private static String system(Param param) {
    return param.paths().get(0).system();
  }

  /** What an expression of R4 cannot be evaluated on has no value: a number too long to calculate with, for example. */
  private List<Value> evaluated(FhirPath expression, Value focus) {
    try {
      return expression.evaluate(node(), focus, FhirPath.Context.PLAIN);
    } catch (FhirPathException unfit) {
      return List.of();
    }
  }

  private static void add(Kind kind, String system, JsonNode json, List<Found> all) {
    if (json == null || json.isNull() || json.isMissingNode()) return;
    switch (kind) {
      case TOKEN -> addCode(system, json, all);
      case REFERENCE -> addLink(json, all);
      case STRING -> addText(json, all);
      case URI -> {
        if (json.isTextual()) all.add(new Found.Uri(json.textValue()));
      }
      case DATE -> Span.of(json).ifPresent(span -> all.add(new Found.When(span)));
      case NUMBER, QUANTITY -> addAmount(json, all);
      case SPECIAL -> addPlace(json, all);
      case COMPOSITE -> throw new IllegalArgumentException("a composite has no values of its own");
    }
  }

  private static void addCode(String system, JsonNode json, List<Found> all) {
    if (json.isBoolean()) {
      all.add(new Found.Code(TRUTH, json.asText(), null, List.of()));
    } else if (!json.isObject()) {
      if (!json.asText().isEmpty()) all.add(new Found.Code(system, json.asText(), null, List.of()));
    } else if (json.has("coding")) {
      json.get("coding").forEach(coding -> all.add(code(coding)));
      if (json.has("text")) all.add(new Found.Code("", "", json.get("text").asText(), List.of()));
    } else if (json.has("code") || json.has("value") || json.has("system")) {
      all.add(code(json));
    } else if (json.path("text").isTextual()) {
      all.add(new Found.Code("", "", json.get("text").asText(), List.of()));
    }
  }

  /** A Coding, an Identifier or a ContactPoint. */
  static Found.Code code(JsonNode json) {
    JsonNode type = json.path("type");
    List<Found.Code> types = new ArrayList<>(0);
    type.path("coding").forEach(coding -> types.add(code(coding)));
    String text = json.path("display").textValue();
    if (text == null) text = type.path("text").textValue();
    String code = json.has("code") ? json.get("code").asText() : json.path("value").asText();
    return new Found.Code(json.path("system").asText(), code, text, types);
  }

  private static void addLink(JsonNode json, List<Found> all) {
    if (json.isTextual()) {
      all.add(new Found.Link(Postings.local(json.textValue()), null));
    } else if (json.has("resourceType")) {
      all.add(new Found.Link(json.get("resourceType").asText() + "/" + json.path("id").asText(), null));
    } else if (json.has("reference") || json.has("identifier")) {
      JsonNode identifier = json.path("identifier");
      all.add(new Found.Link(Postings.local(json.path("reference").asText()),
          identifier.isObject() ? code(identifier) : null));
    }
  }

  private static void addText(JsonNode json, List<Found> all) {
    if (json.isTextual()) all.add(new Found.Text(json.textValue()));
    if (!json.isObject()) return;
    json.properties().forEach(field -> {
      if (!SPOKEN.contains(field.getKey())) return;
      if (field.getValue().isArray()) field.getValue().forEach(one -> all.add(new Found.Text(one.asText())));
      else if (field.getValue().isTextual()) all.add(new Found.Text(field.getValue().textValue()));
    });
  }

  private static void addAmount(JsonNode json, List<Found> all) {
    if (json.isNumber()) {
      all.add(new Found.Amount(json.decimalValue(), json.decimalValue(), "", "", ""));
    } else if (json.has("data") || json.has("dimensions")) {
      all.add(new Samples(json));
    } else if (json.has("low") || json.has("high")) {
      JsonNode unit = json.has("low") ? json.get("low") : json.get("high");
      all.add(amount(number(json.path("low")), number(json.path("high")), unit));
    } else if (json.path("value").isNumber()) {
      BigDecimal value = json.get("value").decimalValue();
      switch (json.path("comparator").asText()) {
        case "<", "<=" -> all.add(amount(null, value, json));
        case ">", ">=" -> all.add(amount(value, null, json));
        default -> all.add(amount(value, value, json));
      }
    }
  }

  private static Found amount(BigDecimal low, BigDecimal high, JsonNode unit) {
    if (unit.has("currency"))
      return new Found.Amount(low, high, "", CURRENCY, unit.get("currency").asText());
    return new Found.Amount(low, high, unit.path("unit").asText(), unit.path("system").asText(),
        unit.path("code").asText());
  }

  private static BigDecimal number(JsonNode quantity) {
    return quantity.path("value").isNumber() ? quantity.get("value").decimalValue() : null;
  }

  private static void addPlace(JsonNode json, List<Found> all) {
    if (json.path("latitude").isNumber() && json.path("longitude").isNumber())
      all.add(new Found.Place(json.get("latitude").doubleValue(), json.get("longitude").doubleValue()));
  }
}

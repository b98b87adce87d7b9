package io.caregrid.templates.device;

import io.caregrid.templates.device.JsonPathContent.Value;
import io.caregrid.templates.mapping.Container;
import io.caregrid.templates.mapping.Declaration;
import io.caregrid.templates.mapping.Further;
import io.caregrid.templates.mapping.Located;
import io.caregrid.templates.mapping.Located.Kind;
import io.caregrid.templates.mapping.Members;
import io.caregrid.templates.mapping.Problems;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Turns the text of a {@code devicecontent.json} into templates, noting every mistake it finds on the way. */
final class DeviceMappingReader {
  private final Problems problems;
  /** Of the template being read. */
  private ExpressionReader expressions;

  DeviceMappingReader(Problems problems) {
    this.problems = problems;
  }

  List<ContentTemplate> templates(Located root) {
    List<ContentTemplate> templates = new ArrayList<>();
    for (Container container : Container.open(root, "CollectionContent", problems)) {
      ContentTemplate template = template(container);
      if (template != null) templates.add(template);
    }
    return templates;
  }

  /** Null when it is wrong beyond use; why is noted. */
  private ContentTemplate template(Container container) {
    if (container.is("JsonPathContent")) return jsonPath(container, "JsonPathContentTemplate", Source.MESSAGE);
    if (container.is("IotJsonPathContent")) return jsonPath(container, "IotJsonPathContentTemplate", Source.IOT_HUB);
    if (container.isExactly("IotCentralJsonPathContent")) {
      return jsonPath(container, "IotCentralJsonPathContentTemplate", Source.IOT_CENTRAL);
    }
    if (container.isExactly("CalculatedContent")) return calculated(container);
    ContentType further = FurtherContent.type(container.type());
    if (further != null) return further(container, further);
    problems.error(container.whole(), "No match found for template type " + container.type() + "." + hint(container)
        + FurtherContent.missing());
    return null;
  }

  private ContentTemplate further(Container container, ContentType type) {
    Located written = container.template() == null ? container.whole() : container.template();
    try {
      if (container.template() == null) throw new IllegalArgumentException("its template is missing.");
      ContentType.Content content = type.read(written.json());
      return new FurtherContent(
          new Declaration(content.type(), List.copyOf(content.values()), written.line(), written.column()), content);
    } catch (RuntimeException | LinkageError wrong) {
      problems.error(written, "[" + type.templateType() + "] " + Further.why(wrong));
      return null;
    }
  }

  private static String hint(Container container) {
    for (String name : List.of("CalculatedContent", "IotCentralJsonPathContent")) {
      if (container.is(name)) return " It is written " + name + ".";
    }
    return "";
  }

  /** Where device and time of a message are found. */
  private enum Source {
    MESSAGE, IOT_HUB, IOT_CENTRAL
  }

  private ContentTemplate jsonPath(Container container, String name, Source source) {
    Members members = container.object(name, problems);
    if (members == null) return null;
    String type = members.requiredText("typeName");
    expressions = ExpressionReader.jsonPath(type, problems);
    Expression match = required(members, "typeMatchExpression");
    Expression device = device(members, source);
    List<Expression> times = times(members, source);
    Expression correlation = optional(members, "correlationIdExpression");
    Expression patient = optional(members, "patientIdExpression");
    Expression encounter = optional(members, "encounterIdExpression");
    Value[] values = values(members, "WrappedJsonPathValueExpression");
    members.done();
    if (type != null && type.isBlank())
      problems.error(members.object(), "Empty type name is not allowed: '" + type + "'");
    if (type == null || match == null || device == null || times == null) return null;
    return new JsonPathContent(declaration(members, type, values), match, device, times, correlation, patient,
        encounter, values);
  }

  private Expression device(Members members, Source source) {
    if (source == Source.MESSAGE) return required(members, "deviceIdExpression");
    members.ignore("deviceIdExpression");
    return expressions.fixed("DeviceIdExpression",
        source == Source.IOT_HUB ? "$.SystemProperties.iothub-connection-device-id" : "$.deviceId");
  }

  /** Null when the one that is needed cannot be used. */
  private List<Expression> times(Members members, Source source) {
    String name = "TimestampExpression";
    if (source == Source.MESSAGE) {
      Expression time = required(members, "timestampExpression");
      return time == null ? null : List.of(time);
    }
    members.ignore("timestampExpression");
    if (source == Source.IOT_CENTRAL) return List.of(expressions.fixed(name, "$.enqueuedTime"));
    return List.of(expressions.fixed(name, "$.Properties.iothub-creation-time-utc"),
        expressions.fixed(name, "$.SystemProperties.iothub-enqueuedtime"));
  }

  private ContentTemplate calculated(Container container) {
    Members members = container.object("CalculatedFunctionContentTemplate", problems);
    if (members == null) return null;
    String type = members.requiredText("typeName");
    expressions = ExpressionReader.calculated(type, members, problems);
    Expression match = required(members, "typeMatchExpression");
    Expression device = required(members, "deviceIdExpression");
    Expression time = required(members, "timestampExpression");
    Expression correlation = optional(members, "correlationIdExpression");
    Expression patient = optional(members, "patientIdExpression");
    Expression encounter = optional(members, "encounterIdExpression");
    Value[] values = values(members, "CalculatedFunctionValueExpression");
    members.done();
    if (type != null && type.isBlank())
      problems.error(members.object(), "Empty type name is not allowed: '" + type + "'");
    if (type == null || match == null || device == null || time == null) return null;
    return new CalculatedContent(declaration(members, type, values), match, device, time, correlation, patient,
        encounter, values);
  }

  private Value[] values(Members template, String kind) {
    List<Value> values = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (Members members : Members.objects(template.list("values"), kind, problems)) {
      String name = members.requiredText("valueName");
      Located path = members.required("valueExpression");
      boolean required = members.flag("required");
      Located samples = members.get("samples");
      Spacing spacing = samples == null ? null : spacing(samples);
      members.done();
      if (name != null && !names.add(name)) {
        problems.warning(members.object(),
            "Value name '" + name + "' is used twice; only the first one reaches the Observation.");
      }
      Expression expression = name == null || path == null ? null : expressions.read(name, path, "ValueExpression");
      if (expression != null) values.add(new Value(expression, required, spacing));
    }
    return values.toArray(Value[]::new);
  }

  /** Null when it is wrong; why is noted. */
  private Spacing spacing(Located written) {
    String wanted = "'samples' needs period in milliseconds, above 0 and at most a day, or periodExpression.";
    if (written.kind() != Kind.OBJECT) {
      problems.error(written, wanted);
      return null;
    }
    Members members = new Members(written, "Samples", problems);
    BigDecimal millis = members.number("period");
    Expression expression = optional(members, "periodExpression");
    boolean both = members.get("period") != null && members.get("periodExpression") != null;
    members.done();
    long ticks = millis == null ? 0 : Waveform.ticks(millis);
    if (!both && (ticks > 0 || expression != null)) return new Spacing(ticks, expression);
    problems.error(written, wanted);
    return null;
  }

  private Expression required(Members members, String name) {
    Located written = members.required(name);
    return written == null ? null : expressions.read(pascal(name), written, pascal(name));
  }

  /** Null when absent or blank. */
  private Expression optional(Members members, String name) {
    Located written = members.get(name);
    boolean blank = written == null || written.text() != null && written.text().isBlank();
    return blank ? null : expressions.read(pascal(name), written, pascal(name));
  }

  private static Declaration declaration(Members members, String type, Value[] values) {
    List<String> names = Arrays.stream(values).map(value -> value.expression().name()).distinct().toList();
    List<String> sampled = Arrays.stream(values)
        .filter(value -> value.samples() != null)
        .map(value -> value.expression().name())
        .toList();
    return new Declaration(type, names, sampled, members.object().line(), members.object().column());
  }

  private static String pascal(String name) {
    return Character.toUpperCase(name.charAt(0)) + name.substring(1);
  }
}

package io.caregrid.templates.device;

import io.caregrid.templates.jmespath.JmesPath;
import io.caregrid.templates.jmespath.JmesPathSyntaxException;
import io.caregrid.templates.jsonpath.JsonPath;
import io.caregrid.templates.jsonpath.JsonPathSyntaxException;
import io.caregrid.templates.mapping.Located;
import io.caregrid.templates.mapping.Located.Kind;
import io.caregrid.templates.mapping.Members;
import io.caregrid.templates.mapping.Problems;

/** Compiles the expressions of one template: JSONPath as text, or in a calculated template also {@code {"value": …, "language": …}}. */
final class ExpressionReader {
  /** What an expression is written in. */
  enum Language {
    JSON_PATH, JMES_PATH
  }

  private final Problems problems;
  private final boolean calculated;
  private final Language usual;
  /** Of the template; null when it has none. */
  private final String type;

  private ExpressionReader(Problems problems, boolean calculated, Language usual, String type) {
    this.problems = problems;
    this.calculated = calculated;
    this.usual = usual;
    this.type = type;
  }

  static ExpressionReader jsonPath(String type, Problems problems) {
    return new ExpressionReader(problems, false, Language.JSON_PATH, type);
  }

  static ExpressionReader calculated(String type, Members template, Problems problems) {
    return new ExpressionReader(problems, true,
        language(template.get("defaultExpressionLanguage"), Language.JSON_PATH, problems), type);
  }

  /** One that the kind of template brings, and the mapping does not say. */
  Expression fixed(String name, String path) {
    return new Expression(name, new Selector.Path(JsonPath.compile(path)), 0, type);
  }

  /**
   * Null when it is wrong; why is noted.
   *
   * @param name   of the field it fills
   * @param member it is written in, for messages
   */
  Expression read(String name, Located written, String member) {
    if (!calculated || written.kind() != Kind.OBJECT) return compiled(name, written, member, usual);
    Members members = new Members(written, "TemplateExpression", problems);
    Located value = members.required("value");
    Language language = language(members.get("language"), usual, problems);
    members.done();
    return value == null ? null : compiled(name, value, member, language);
  }

  private Expression compiled(String name, Located written, String member, Language language) {
    if (written.kind() != Kind.TEXT) {
      problems.error(written, "'" + member + "' must be "
          + (calculated ? "an expression as text, or an object with value and language." : "a JSONPath as text."));
      return null;
    }
    if (written.text().isBlank()) {
      problems.error(written, "An expression must be set for [" + member + "].");
      return null;
    }
    try {
      return new Expression(name, selector(written.text(), language), written.line(), type);
    } catch (JsonPathSyntaxException | JmesPathSyntaxException wrong) {
      problems.error(written, "[" + member + "] " + wrong.getMessage() + ".");
      return null;
    }
  }

  private Selector selector(String text, Language language) {
    if (language == Language.JSON_PATH) {
      JsonPath path = JsonPath.compile(text);
      Selector whole = new Selector.Path(path);
      return calculated ? Selector.calculated(whole, path.fields()) : whole;
    }
    return Selector.calculated(JmesPath.compile(text));
  }

  private static Language language(Located written, Language otherwise, Problems problems) {
    if (written == null) return otherwise;
    if ("JsonPath".equalsIgnoreCase(written.text())) return Language.JSON_PATH;
    if ("JmesPath".equalsIgnoreCase(written.text())) return Language.JMES_PATH;
    problems.error(written, "Expression language " + written.text() + " is unknown. Use JsonPath or JmesPath.");
    return otherwise;
  }
}

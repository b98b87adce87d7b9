package io.caregrid.templates.liquid;

import java.time.Clock;
import java.time.ZoneId;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * A set of templates, each compiled once. Immutable, for any number of threads.
 *
 * <p>The file {@code X.liquid} is the template {@code X}; {@code A/_X.liquid} is {@code A/X}. A name that is not found as written is looked for without regard to
 * case, since many sets were written on systems where that makes no difference.
 */
public final class Templates {
  private static final Pattern SEPARATOR = Pattern.compile("[\\\\/]_?");
  private static final String LIQUID = ".liquid";
  final Symbols symbols = new Symbols();
  private final Map<String, Template> byKey = new HashMap<>();
  private final Map<String, Template> byFoldedKey = new HashMap<>();
  private final Map<String, JsonSchema> schemas = new HashMap<>();
  private CodeMapping codes = CodeMapping.NONE;

  private Templates() {}

  /**
   * @param files paths relative to the set's folder, with {@code /} between names, and their text
   * @throws ConversionException {@link ErrorCode#TEMPLATE_SYNTAX_ERROR} with file and line, {@link ErrorCode#INVALID_CODE_MAPPING}, {@link ErrorCode#INVALID_JSON_SCHEMA},
   *           {@link ErrorCode#TEMPLATE_NOT_FOUND} for a schema that a template names and that is not among them
   */
  public static Templates of(Map<String, String> files, Filters filters) {
    Templates templates = new Templates();
    files.forEach((path, text) -> templates.add(path, text, filters));
    templates.byKey.values().forEach(templates::requireSchemas);
    return templates;
  }

  /** What would otherwise come to light with the first message. */
  private void requireSchemas(Template template) {
    template.schemas().forEach((name, line) -> {
      if (find(name) == null)
        throw new ConversionException(ErrorCode.TEMPLATE_NOT_FOUND, "no schema is called '" + name + "'",
            template.key(), line);
    });
  }

  private void add(String path, String text, Filters filters) {
    String name = SEPARATOR.matcher(path).replaceAll("/");
    if (name.endsWith("CodeSystem/CodeSystem.json") || name.endsWith("ValueSet/ValueSet.json")) {
      codes = CodeMapping.of(path, text);
    } else if (name.toLowerCase(Locale.ROOT).endsWith(JsonSchema.SUFFIX)) {
      schemas.put(name.toLowerCase(Locale.ROOT), JsonSchema.of(path, text));
    } else if (name.toLowerCase(Locale.ROOT).endsWith(LIQUID)) {
      String key = name.substring(0, name.length() - LIQUID.length());
      Template template = Compiler.template(key, text, symbols, filters);
      byKey.put(key, template);
      byFoldedKey.putIfAbsent(key.toLowerCase(Locale.ROOT), template);
    }
  }

  /** The names of templates that are not in a folder: those a conversion can start with. */
  public Set<String> roots() {
    Set<String> roots = new TreeSet<>();
    for (String key : byKey.keySet()) if (!key.contains("/")) roots.add(key);
    return roots;
  }

  public int size() {
    return byKey.size();
  }

  public boolean has(String name) {
    return byKey.containsKey(name) || byFoldedKey.containsKey(name.toLowerCase(Locale.ROOT));
  }

  Template require(String name) {
    Template exact = byKey.get(name);
    if (exact != null) return exact;
    Template folded = byFoldedKey.get(name.toLowerCase(Locale.ROOT));
    if (folded == null)
      throw new ConversionException(ErrorCode.TEMPLATE_NOT_FOUND, "no template is called '" + name + "'");
    return folded;
  }

  /** Of those that its templates name; {@link #of} has seen to it that they are there. */
  JsonSchema schema(String name) {
    return find(name);
  }

  /** Null when there is none. */
  private JsonSchema find(String schema) {
    return schemas.get(SEPARATOR.matcher(schema).replaceAll("/").toLowerCase(Locale.ROOT));
  }

  CodeMapping codes() {
    return codes;
  }

  /**
   * Renders {@code root} over {@code variables}, whose texts are escaped for JSON already or need no escapes.
   *
   * @param zone of dates and times that name none
   * @throws ConversionException with the template and line where it happened
   */
  public String render(String root, Map<String, ?> variables, Limits limits, ZoneId zone, Clock clock) {
    return render(root, variables, limits, zone, clock, false);
  }

  /**
   * Renders JSON over texts as they were sent: the same, and no text leaves the place where a template puts it.
   *
   * @throws ConversionException also 1401 for a text with JSON's own characters outside of quotes
   */
  public String renderQuoting(String root, Map<String, ?> variables, Limits limits, ZoneId zone, Clock clock) {
    return render(root, variables, limits, zone, clock, true);
  }

  private String render(String root, Map<String, ?> variables, Limits limits, ZoneId zone, Clock clock,
      boolean plain) {
    if (root == null || root.isEmpty()) {
      throw new ConversionException(ErrorCode.NULL_OR_EMPTY_ROOT_TEMPLATE,
          "it is not said with which template to begin");
    }
    Run run = new Run(this, limits, zone, clock, variables, plain);
    try {
      int signal = run.render(require(root));
      if (signal == Node.GO_ON) return run.out.toString();
      throw new ConversionException(ErrorCode.TEMPLATE_RENDERING_ERROR, "'break' or 'continue' outside of a loop", root,
          0);
    } catch (StackOverflowError deep) {
      throw new ConversionException(ErrorCode.TEMPLATE_RENDERING_ERROR,
          "templates or a regular expression nest too deeply", root, 0);
    }
  }
}

package io.caregrid.analytics.lake.schema;

import io.caregrid.analytics.lake.schema.Column.Kind;
import io.caregrid.analytics.lake.schema.Column.Leaf;
import io.caregrid.analytics.lake.schema.Column.Repeated;
import io.caregrid.analytics.lake.schema.Column.Struct;
import io.caregrid.analytics.lake.schema.Definitions.Definition;
import io.caregrid.analytics.lake.schema.Definitions.Element;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The two tables of an R4 resource type. All elements of the StructureDefinition at their true depth; what contains itself does so twice, and is JSON text
 * in {@code <name>_json} below that. Choices stand under the names of FHIR's JSON; of an open choice (any type) the common ones have columns where the
 * resource itself has it, the others are in {@code <stem>_any}. Extensions are typed at the root, below it they are {@code url} and {@code json}, as are contained
 * resources.
 */
public final class FhirSchema {
  private static final Map<String, FhirSchema> MADE = new ConcurrentHashMap<>();
  /** Most often a type may stand on the way from the root to a column. */
  private static final int SELF = 2;
  /** Levels whose primitives have a column for their extensions: the resource itself and what stands in it. Those of the deeper are in {@code lake_rest}. */
  private static final int EXTENDED = 2;
  /** Choices of more types than this are open. */
  private static final int CLOSED = 30;
  private static final Set<String> COMMON = Set.of("boolean", "integer", "decimal", "string", "code", "uri", "date",
      "dateTime", "Coding", "CodeableConcept", "Quantity", "Reference", "Period", "Identifier");
  private static final Leaf VERSION = new Leaf("lake_version", Kind.INTEGER);
  private static final Leaf SID = new Leaf("lake_sid", Kind.LONG);
  private static final Leaf POSITION = new Leaf("lake_position", Kind.LONG);
  private static final Leaf DELETED = new Leaf("lake_deleted", Kind.BOOLEAN);
  private static final Leaf AT = new Leaf("lake_at", Kind.INSTANT);
  private static final Leaf UNREADABLE = new Leaf("lake_unreadable", Kind.BOOLEAN);
  /** What a row of a state has besides what it says. */
  public static final List<Column> STATE = List.of(VERSION, SID);
  /** What a row of a log has besides what it says. */
  public static final List<Column> LOG = List.of(VERSION, SID, POSITION, DELETED, AT);

  private final TableSchema current;
  private final TableSchema history;

  private FhirSchema(String type, List<Column> columns) {
    this.current = new TableSchema(type, with(columns, STATE));
    this.history = new TableSchema(type + "_history", with(columns, LOG));
  }

  /**
   * The first of all takes about half a second: not on an event loop. Any thread.
   *
   * @throws IllegalArgumentException when {@code type} is no resource type of R4
   */
  public static FhirSchema of(String type) {
    return MADE.computeIfAbsent(type, FhirSchema::make);
  }

  /** All resource types of R4, in order. */
  public static Set<String> types() {
    Set<String> types = new TreeSet<>();
    for (Definition definition : Definitions.r4().all()) {
      if (definition.kind() == Definitions.Kind.RESOURCE && !definition.isAbstract()) types.add(definition.name());
    }
    return types;
  }

  /** Each resource once, as it is now. */
  public TableSchema current() {
    return current;
  }

  /** Every version, deletions as rows. */
  public TableSchema history() {
    return history;
  }

  /** {@code columns}, then these of ours, then {@code lake_unreadable} and {@code lake_rest}. */
  private static List<Column> with(List<Column> columns, List<Column> ours) {
    List<Column> all = new ArrayList<>(columns);
    all.addAll(ours);
    all.add(UNREADABLE);
    all.add(new Leaf(Shape.REST, Kind.TEXT));
    return all;
  }

  private static FhirSchema make(String type) {
    Definition definition = Definitions.r4().type(type);
    if (definition == null || definition.kind() != Definitions.Kind.RESOURCE || definition.isAbstract()) {
      throw new IllegalArgumentException("no resource type of R4: " + type);
    }
    List<Column> columns = new Builder(Definitions.r4()).children(definition.root(), List.of());
    columns.add(1, new Leaf("resourceType", Kind.TEXT));
    return new FhirSchema(type, columns);
  }

  /** Walks the definitions of one type. {@code above}: the types and elements on the way from the root, it included. */
  private record Builder(Definitions definitions) {

    List<Column> children(Element element, List<String> above) {
      List<Column> columns = new ArrayList<>();
      for (Element child : element.children()) {
        if (!child.name().endsWith("[x]")) {
          add(columns, child, child.name(), child.types().isEmpty() ? null : child.types().get(0), above);
        } else {
          choice(columns, child, above);
        }
      }
      return columns;
    }

    private void choice(List<Column> columns, Element element, List<String> above) {
      String stem = element.name().substring(0, element.name().length() - "[x]".length());
      boolean open = element.types().size() > CLOSED;
      for (String type : element.types()) {
        if (open && !(COMMON.contains(type) && isOfResource(element, above))) continue;
        add(columns, element, stem + Character.toUpperCase(type.charAt(0)) + type.substring(1), type, above);
      }
      if (open) columns.add(new Leaf(stem + "_any", Kind.TEXT));
    }

    /** Not within a data type, but for the extensions of the root. */
    private boolean isOfResource(Element element, List<String> above) {
      String type = element.path().substring(0, element.path().indexOf('.'));
      return definitions.type(type).kind() == Definitions.Kind.RESOURCE
          || type.equals("Extension") && above.size() == 1;
    }

    private void add(List<Column> columns, Element element, String name, String type, List<String> above) {
      if (type != null && type.contains("/")) {
        columns.add(new Leaf(name, Kind.TEXT));
      } else if (element.same() == null && isPrimitive(type)) {
        primitive(columns, name, type, element.list(), above);
      } else {
        columns.add(complex(element, name, type, above));
      }
    }

    private boolean isPrimitive(String type) {
      return definitions.type(type).kind() == Definitions.Kind.PRIMITIVE;
    }

    private void primitive(List<Column> columns, String name, String type, boolean list, List<String> above) {
      columns.add(leaf(name, kind(type), list));
      if (type.equals("decimal")) columns.add(leaf(name + "_text", Kind.TEXT, list));
      if (Set.of("date", "dateTime", "instant").contains(type)) columns.add(leaf(name + "_at", Kind.INSTANT, list));
      if (above.size() < EXTENDED) columns.add(new Leaf(name + "_ext", Kind.TEXT));
    }

    private Column complex(Element element, String name, String type, List<String> above) {
      Element content = content(element, type);
      String step = content.path();
      boolean extension = "Extension".equals(type);
      if (extension && !above.isEmpty()) return repeated(name, box("url"), element.list());
      if (content.path().equals("Resource")) return repeated(name, box("resourceType", "id"), element.list());
      if (above.stream().filter(step::equals).count() >= SELF) return new Leaf(name + "_json", Kind.TEXT);
      List<String> below = new ArrayList<>(above);
      below.add(step);
      return repeated(name, children(content, below), element.list());
    }

    /** The element whose children it has: its own, another's, or its type's. */
    private Element content(Element element, String type) {
      if (element.same() != null) return definitions.element(element.same());
      return element.children().isEmpty() ? definitions.type(type).root() : element;
    }

    private static List<Column> box(String... copies) {
      List<Column> fields = new ArrayList<>();
      for (String copy : copies) fields.add(new Leaf(copy, Kind.TEXT));
      fields.add(new Leaf("json", Kind.TEXT));
      return fields;
    }

    private static Column leaf(String name, Kind kind, boolean list) {
      return list ? new Repeated(name, new Leaf(ParquetTypes.ELEMENT, kind)) : new Leaf(name, kind);
    }

    private static Column repeated(String name, List<Column> fields, boolean list) {
      return list ? new Repeated(name, new Struct(ParquetTypes.ELEMENT, fields)) : new Struct(name, fields);
    }

    private static Kind kind(String type) {
      return switch (type) {
        case "boolean" -> Kind.BOOLEAN;
        case "integer", "positiveInt", "unsignedInt" -> Kind.INTEGER;
        case "decimal" -> Kind.DECIMAL;
        default -> Kind.TEXT;
      };
    }
  }
}

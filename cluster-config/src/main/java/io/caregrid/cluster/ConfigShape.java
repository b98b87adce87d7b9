package io.caregrid.cluster;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.nio.file.Path;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The records of {@link NodeConfig} seen as keys and texts: what settings there are, and how texts become the records again.
 *
 * <p>A component that is a map has keys whose middle the operator chooses ({@code security.issuers.hospital.url}): none is there by default. A map's
 * records say in a static {@code DEFAULTS} what their components are unless set; one that is not in it has to be set.
 */
final class ConfigShape {
  private final Map<String, Configuration.Value> values;
  private final List<String> problems = new ArrayList<>();

  private ConfigShape(Map<String, Configuration.Value> values) {
    this.values = values;
  }

  /** Key → default, in the order of the records. */
  static Map<String, String> defaults() {
    Map<String, String> texts = new LinkedHashMap<>();
    collect("", NodeConfig.DEFAULT, texts);
    return texts;
  }

  private static void collect(String prefix, Record record, Map<String, String> texts) {
    for (RecordComponent component : record.getClass().getRecordComponents()) {
      Object value = valueOf(component, record);
      if (value instanceof Map) continue;
      if (value instanceof Record nested) collect(prefix + component.getName() + ".", nested, texts);
      else texts.put(prefix + component.getName(), text(value));
    }
  }

  /** True for a key within a map, too. */
  static boolean knows(String key) {
    return knows(NodeConfig.class, key);
  }

  private static boolean knows(Class<?> record, String key) {
    for (RecordComponent component : record.getRecordComponents()) {
      String name = component.getName();
      if (key.equals(name)) return !isMap(component) && !component.getType().isRecord();
      if (!key.startsWith(name + ".")) continue;
      String rest = key.substring(name.length() + 1);
      if (component.getType().isRecord()) return knows(component.getType(), rest);
      return isMap(component) && knowsEntry(component, rest);
    }
    return false;
  }

  private static boolean knowsEntry(RecordComponent map, String rest) {
    if (!isRecord(valueType(map))) return !rest.isBlank();
    int dot = rest.indexOf('.');
    return dot > 0 && knows((Class<?>) valueType(map), rest.substring(dot + 1));
  }

  /**
   * {@code CAREGRID_SECURITY_ISSUERS_HOSPITAL_URL} → {@code security.issuers.hospital.url}; empty when no map has such a key.
   *
   * @param named keys that are there: {@code HOSPITAL_A} is the {@code hospitalA} or the {@code hospital-a} of one of them, else {@code hospital_a}
   */
  static Optional<String> keyOf(String variable, Collection<String> named) {
    return keyOf("", NodeConfig.class, variable, named);
  }

  private static Optional<String> keyOf(String prefix, Class<?> record, String variable, Collection<String> named) {
    for (RecordComponent component : record.getRecordComponents()) {
      String key = prefix + component.getName();
      if (!variable.startsWith(Configuration.variable(key) + "_")) continue;
      if (component.getType().isRecord()) return keyOf(key + ".", component.getType(), variable, named);
      if (isMap(component) && isRecord(valueType(component))) {
        Class<?> entry = (Class<?>) valueType(component);
        String rest = variable.substring(Configuration.variable(key).length() + 1);
        return keyOfNamed(key + ".", entry, rest, named).or(() -> keyOfEntry(key, entry, rest));
      }
    }
    return Optional.empty();
  }

  /** Of an entry that one of these keys belongs to. */
  private static Optional<String> keyOfNamed(String map, Class<?> record, String rest, Collection<String> named) {
    for (String key : named) {
      int end = key.startsWith(map) ? key.indexOf('.', map.length()) : -1;
      String entry = end < 0 ? "" : key.substring(map.length(), end);
      for (RecordComponent component : record.getRecordComponents())
        if (end > 0 && !isMap(component) && rest.equals(Configuration.words(entry + "." + component.getName())))
          return Optional.of(map + entry + "." + component.getName());
    }
    return Optional.empty();
  }

  private static Optional<String> keyOfEntry(String map, Class<?> record, String rest) {
    for (RecordComponent component : record.getRecordComponents()) {
      String last = "_" + Configuration.words(component.getName());
      if (!isMap(component) && rest.endsWith(last) && rest.length() > last.length())
        return Optional.of(map + "." + rest.substring(0, rest.length() - last.length()).toLowerCase(Locale.ROOT) + "."
            + component.getName());
    }
    return Optional.empty();
  }

  private static boolean isMap(RecordComponent component) {
    return component.getType() == Map.class;
  }

  private static Type valueType(RecordComponent map) {
    return ((ParameterizedType) map.getGenericType()).getActualTypeArguments()[1];
  }

  private static boolean isRecord(Type type) {
    return type instanceof Class<?> one && one.isRecord();
  }

  private static Object valueOf(RecordComponent component, Record record) {
    try {
      return component.getAccessor().invoke(record);
    } catch (ReflectiveOperationException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  private static String text(Object value) {
    if (value instanceof Collection<?> many)
      return many.stream().map(Object::toString).sorted().collect(Collectors.joining(","));
    return Objects.toString(value, "");
  }

  /** @throws ConfigException naming every setting that is wrong, with its source */
  static NodeConfig build(Map<String, Configuration.Value> values) {
    ConfigShape shape = new ConfigShape(values);
    NodeConfig node = (NodeConfig) shape.record("", NodeConfig.class, Map.of());
    if (!shape.problems.isEmpty()) throw new ConfigException(String.join("\n", shape.problems));
    return node;
  }

  /** Null when something in it is wrong; the problem is noted, so that the rest can still be checked. */
  private Object record(String prefix, Class<?> type, Map<String, String> unset) {
    RecordComponent[] components = type.getRecordComponents();
    int problemsBefore = problems.size();
    Object[] arguments = Arrays.stream(components).map(component -> argument(prefix, component, unset)).toArray();
    if (problems.size() > problemsBefore) return null;
    try {
      Class<?>[] types = Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
      return type.getDeclaredConstructor(types).newInstance(arguments);
    } catch (InvocationTargetException refused) {
      if (!(refused.getCause() instanceof ConfigException problem)) throw new IllegalStateException(refused.getCause());
      problems.add(problem.getMessage() + blame(prefix, problem.getMessage()));
      return null;
    } catch (ReflectiveOperationException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  private Object argument(String prefix, RecordComponent component, Map<String, String> unset) {
    String key = prefix + component.getName();
    if (component.getType().isRecord()) return record(key + ".", component.getType(), Map.of());
    if (isMap(component)) return map(key + ".", valueType(component));
    Configuration.Value value = values.get(key);
    if (value == null && !unset.containsKey(component.getName())) {
      problems.add(key + " is missing");
      return null;
    }
    if (value == null) value = new Configuration.Value(key, unset.get(component.getName()), "default");
    return read(key, component, value);
  }

  private Map<String, Object> map(String prefix, Type type) {
    Map<String, Object> entries = new LinkedHashMap<>();
    for (String name : names(prefix, isRecord(type))) {
      Object entry = isRecord(type)
          ? record(prefix + name + ".", (Class<?>) type, unset((Class<?>) type))
          : list(values.get(prefix + name).text());
      if (entry != null) entries.put(name, entry);
    }
    return entries;
  }

  private Set<String> names(String prefix, boolean records) {
    return values.keySet()
        .stream()
        .filter(key -> key.startsWith(prefix))
        .map(key -> key.substring(prefix.length()))
        .map(rest -> records ? rest.substring(0, rest.indexOf('.')) : rest)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  @SuppressWarnings("unchecked")
  private static Map<String, String> unset(Class<?> type) {
    try {
      return (Map<String, String>) type.getDeclaredField("DEFAULTS").get(null);
    } catch (ReflectiveOperationException forgotten) {
      throw new IllegalStateException(type + " needs a static DEFAULTS", forgotten);
    }
  }

  private Object read(String key, RecordComponent component, Configuration.Value value) {
    try {
      return parse(component.getGenericType(), value.text().strip());
    } catch (IllegalArgumentException | DateTimeParseException wrong) {
      problems.add(
          key + " must be " + kind(component.getType()) + ", not '" + value.shown() + "' (" + value.source() + ")");
      return null;
    }
  }

  /** Who set the settings that a record's message speaks of. */
  private String blame(String prefix, String message) {
    return values.values()
        .stream()
        .filter(value -> value.key().startsWith(prefix)
            && message.matches("(?s).*\\b" + Pattern.quote(value.key()) + "(?!\\w).*"))
        .filter(value -> !value.source().equals("default"))
        .map(value -> " (" + value.key() + " comes from " + value.source() + ")")
        .collect(Collectors.joining());
  }

  private static Object parse(Type type, String text) {
    if (type == String.class) return text;
    if (type == int.class) return Integer.parseInt(text);
    if (type == long.class) return Long.parseLong(text);
    if (type == double.class) return Double.parseDouble(text);
    if (type == boolean.class) return truth(text);
    if (type == Duration.class) return duration(text);
    if (type == Path.class) return text.isEmpty() ? null : Path.of(text);
    if (type instanceof ParameterizedType many && many.getRawType() == Set.class) return Set.copyOf(list(text));
    if (type instanceof ParameterizedType many && many.getRawType() == List.class) return list(text);
    throw new IllegalStateException("a setting of type " + type);
  }

  private static boolean truth(String text) {
    if (text.equals("true") || text.equals("false")) return text.equals("true");
    throw new IllegalArgumentException(text);
  }

  private static String kind(Class<?> type) {
    if (type == boolean.class) return "true or false";
    if (type == Duration.class) return "a duration such as 500ms, 30s, 5m, 7d or PT30S";
    if (type == double.class) return "a number";
    if (type == Path.class) return "a path";
    return "a whole number";
  }

  private static List<String> list(String text) {
    return Arrays.stream(text.split(",")).map(String::strip).filter(element -> !element.isEmpty()).distinct().toList();
  }

  /** {@code 500ms}, {@code 30s}, {@code 5m}, {@code 12h}, {@code 7d}, or ISO 8601. */
  private static Duration duration(String text) {
    if (!text.matches("\\d{1,12}(ms|s|m|h|d)")) return Duration.parse(text);
    long count = Long.parseLong(text.replaceAll("\\D", ""));
    return switch (text.replaceAll("\\d", "")) {
      case "ms" -> Duration.ofMillis(count);
      case "s" -> Duration.ofSeconds(count);
      case "m" -> Duration.ofMinutes(count);
      case "h" -> Duration.ofHours(count);
      default -> Duration.ofDays(count);
    };
  }
}

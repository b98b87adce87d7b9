package io.caregrid.cluster;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What a node was told, and by whom. A later source wins: defaults, a preset, the YAML file, the environment, flags.
 *
 * <p>The keys are the component names of {@link NodeConfig} and the records in it ({@code shard.batchEvents}), so a setting exists exactly when the
 * record has it. Whatever is wrong is reported at once, each with its key, its source and what would be right.
 */
public final class Configuration {
  /** One setting in effect. */
  public record Value(String key, String text, String source) {
    /** As it may be shown: a secret that is set is masked. */
    public String shown() {
      boolean secret = SECRETS.contains(key) || SECRETS_OF_MANY.matcher(key).matches();
      return secret && !text.isEmpty() ? "********" : text;
    }
  }

  public static final String ENVIRONMENT_PREFIX = "CAREGRID_";
  private static final Set<String> SECRETS = Set.of("database.password", "kafka.password", "lake.s3.secretKey",
      "security.signIn.clientSecret", "load.secret", "fhir.deidentify.dateShiftKey", "fhir.deidentify.cryptoHashKey",
      "fhir.deidentify.encryptKey");
  /** Of entries that an operator names. */
  private static final Pattern SECRETS_OF_MANY = Pattern.compile("tell\\.targets\\.[^.]+\\.(url|secret|secretBefore)");
  private static final String DEFAULT = "default";

  private final Map<String, Value> values;
  private final NodeConfig node;

  private Configuration(Map<String, Value> values) {
    this.values = values;
    this.node = ConfigShape.build(values);
  }

  /** Every setting at its default. */
  public static Configuration defaults() {
    Map<String, Value> values = new LinkedHashMap<>();
    ConfigShape.defaults().forEach((key, text) -> values.put(key, new Value(key, text, DEFAULT)));
    return new Configuration(values);
  }

  /** @throws ConfigException when the file cannot be read, is not YAML, or has a wrong setting */
  public Configuration withYaml(Path file) {
    return with(ConfigYaml.read(file));
  }

  /**
   * Takes {@code CAREGRID_SHARD_BATCH_EVENTS} for {@code shard.batchEvents}; variables that do not begin so are none of our business.
   *
   * @param notSettings variables with our prefix that mean something else, e.g. to the start script
   */
  public Configuration withEnvironment(Map<String, String> environment, Set<String> notSettings) {
    return with(ofEnvironment(environment, notSettings, List.of()));
  }

  /**
   * File, environment and flags at once: what one of them leaves out another may say, such as the secret of a target that stands in the file.
   *
   * @param yaml null: there is no file
   */
  public Configuration with(Path yaml, Map<String, String> environment, Set<String> notSettings, List<String> flags) {
    List<Value> all = new ArrayList<>(yaml == null ? List.of() : ConfigYaml.read(yaml));
    List<Value> last = ofFlags(flags);
    all.addAll(ofEnvironment(environment, notSettings, Stream.concat(all.stream(), last.stream()).toList()));
    all.addAll(last);
    return with(all);
  }

  /** @param beside says how what an operator names is written, which a variable cannot */
  private List<Value> ofEnvironment(Map<String, String> environment, Set<String> notSettings, List<Value> beside) {
    Set<String> named = new LinkedHashSet<>(values.keySet());
    beside.forEach(value -> named.add(value.key()));
    Map<String, String> keys = named.stream()
        .collect(Collectors.toMap(Configuration::variable, key -> key, (one, other) -> one));
    List<Value> found = new ArrayList<>();
    new TreeMap<>(environment).forEach((name, text) -> {
      if (!name.startsWith(ENVIRONMENT_PREFIX) || notSettings.contains(name)) return;
      String variable = name.replace('-', '_');
      String key = keys.containsKey(variable) ? keys.get(variable) : ConfigShape.keyOf(variable, named).orElse(name);
      found.add(new Value(key, text, "environment " + name));
    });
    return found;
  }

  /** @param flags {@code key=value} each, as given to {@code --set} */
  public Configuration withFlags(List<String> flags) {
    return with(ofFlags(flags));
  }

  private static List<Value> ofFlags(List<String> flags) {
    List<Value> found = new ArrayList<>();
    for (String flag : flags) {
      int equals = flag.indexOf('=');
      if (equals < 1) throw new ConfigException("--set " + flag + ": write --set key=value, e.g. --set http.port=8081");
      found.add(new Value(flag.substring(0, equals).strip(), flag.substring(equals + 1), "flag --set"));
    }
    return found;
  }

  /** @param source who says so, e.g. {@code demo} */
  public Configuration with(String source, Map<String, String> settings) {
    return with(settings.entrySet().stream().map(one -> new Value(one.getKey(), one.getValue(), source)).toList());
  }

  private Configuration with(Collection<Value> found) {
    List<String> unknown = found.stream().filter(value -> !ConfigShape.knows(value.key())).map(this::unknown).toList();
    if (!unknown.isEmpty()) throw new ConfigException(String.join("\n", unknown));
    Map<String, Value> merged = new LinkedHashMap<>(values);
    found.forEach(value -> merged.put(value.key(), value));
    return new Configuration(merged);
  }

  public NodeConfig node() {
    return node;
  }

  /** Every setting, in the order of the records. */
  public List<Value> values() {
    return List.copyOf(values.values());
  }

  private String unknown(Value value) {
    boolean fromEnvironment = value.key().startsWith(ENVIRONMENT_PREFIX);
    List<String> near = fromEnvironment
        ? NearMisses.of(value.key(), values.keySet().stream().map(Configuration::variable).toList())
        : NearMisses.of(value.key(), values.keySet());
    return "unknown setting " + value.key() + " (" + value.source() + "). "
        + (near.isEmpty() ? "'caregrid config' lists all settings" : "Did you mean " + String.join(" or ", near) + "?");
  }

  /** {@code shard.batchEvents} → {@code CAREGRID_SHARD_BATCH_EVENTS}. */
  static String variable(String key) {
    return ENVIRONMENT_PREFIX + words(key);
  }

  /** {@code shard.batchEvents} → {@code SHARD_BATCH_EVENTS}, {@code my-clinic} → {@code MY_CLINIC}. */
  static String words(String key) {
    return key.replace('.', '_').replace('-', '_').replaceAll("([a-z])([A-Z])", "$1_$2").toUpperCase(Locale.ROOT);
  }
}

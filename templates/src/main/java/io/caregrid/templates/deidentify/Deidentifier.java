package io.caregrid.templates.deidentify;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.templates.MappingProblem;
import io.caregrid.templates.deidentify.DeidentifyException.Kind;
import io.caregrid.templates.mapping.Shipped;
import java.time.Clock;
import java.time.Duration;
import java.time.LocalDate;
import java.util.List;

/**
 * A configuration, ready to be used on any number of resources. Any thread.
 *
 * <p>Bounded: an expression by {@code io.caregrid.fhirpath}'s limits (2 s, two million items), an input by the time its caller gives.
 */
public final class Deidentifier {
  private final List<Rule> rules;
  private final boolean skips;
  private final Clock clock;
  private final List<String> madeUp;
  private final List<MappingProblem> warnings;

  Deidentifier(List<Rule> rules, boolean skips, Clock clock, List<String> madeUp, List<MappingProblem> warnings) {
    this.rules = List.copyOf(rules);
    this.skips = skips;
    this.clock = clock;
    this.madeUp = List.copyOf(madeUp);
    this.warnings = warnings;
  }

  /**
   * Keys for configurations that do not have their own; each null where there is none: then one is made up, which nobody knows, and is gone with this
   * process.
   *
   * @param encrypt 16, 24 or 32 bytes of UTF-8
   */
  public record Keys(String dateShift, String cryptoHash, String encrypt) {

    public static final Keys NONE = new Keys(null, null, null);

    @Override
    public String toString() {
      return "Keys[…]";
    }
  }

  /** Where a resource comes from, for {@code dateShiftScope} file and folder: names without the way to them, empty where there are none. */
  public record Origin(String file, String folder) {
    public static final Origin NONE = new Origin("", "");
  }

  /**
   * @param resource what came of it
   * @param idMet    a rule decided about its id; otherwise that is as it was, or there is none
   */
  public record Result(ObjectNode resource, Report report, boolean idMet) {}

  /**
   * @param file name for messages
   * @param text JSON, as Microsoft's tool takes it
   * @throws io.caregrid.templates.MappingException with everything that is wrong, each with line and column
   */
  public static Deidentifier read(String file, String text, Keys keys, Clock clock) {
    return RuleFile.read(file, text, keys, clock);
  }

  /** The same of a configuration that is no text any more: problems name the rule, not the line. */
  public static Deidentifier read(String name, JsonNode configuration, Keys keys, Clock clock) {
    return RuleFile.read(name, configuration, keys, clock);
  }

  /** The text of the configuration that comes with the house: 45 CFR 164.514(b)(2). It has no keys. */
  public static String safeHarbor() {
    return Shipped.text("/deidentify/safe-harbor-r4.json");
  }

  /** {@code "processingErrors": "skip"}: a resource that a rule fails on stops nothing else. */
  public boolean skips() {
    return skips;
  }

  /** What is odd about the configuration and does not keep it from being used. */
  public List<MappingProblem> warnings() {
    return warnings;
  }

  /** The keys that rules use, nobody gave and so were made up: {@code cryptoHashKey}. What another process hashes or shifts does not go with it then. */
  public List<String> madeUpKeys() {
    return madeUp;
  }

  /**
   * @param resource is not changed
   * @param most     how long it may take
   * @throws DeidentifyException when it cannot be de-identified; nothing of it may be given out then
   */
  public Result apply(JsonNode resource, Origin origin, Duration most) {
    Element root = Reading.resource(resource);
    try {
      return done(root, origin, most);
    } catch (DeidentifyException failed) {
      if (!skips || failed.kind() != Kind.RULE) throw failed;
      Report emptied = new Report();
      emptied.emptied();
      return new Result(emptied(root.type), emptied, true);
    }
  }

  /**
   * The same for who leaves out what cannot be de-identified, and says why, instead of giving out an empty one: a rule that fails is an exception whatever
   * {@link #skips}.
   *
   * @throws DeidentifyException
   */
  public Result whole(JsonNode resource, Origin origin, Duration most) {
    return done(Reading.resource(resource), origin, most);
  }

  private Result done(Element root, Origin origin, Duration most) {
    Report report = new Report();
    LocalDate today = LocalDate.now(clock);
    Element id = root.child("id");
    ObjectNode done = new Work(root, rules, today, origin, System.nanoTime() + most.toNanos(), report).done();
    return new Result(done, report, id != null && id.visited);
  }

  private static ObjectNode emptied(String type) {
    ObjectNode empty = JsonNodeFactory.instance.objectNode().put("resourceType", type);
    Label.REDACTED.addTo(empty.putObject("meta").putArray("security"));
    return empty;
  }
}

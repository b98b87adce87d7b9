package io.caregrid.analytics.export;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.analytics.lake.schema.Json;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Failure;
import io.caregrid.templates.deidentify.Deidentifier;
import io.caregrid.templates.deidentify.Deidentifier.Origin;
import io.caregrid.templates.deidentify.Deidentifier.Result;
import io.caregrid.templates.deidentify.DeidentifyException;
import io.caregrid.templates.deidentify.DeidentifyException.Kind;
import io.caregrid.templates.deidentify.Report;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The resources of one export on their way through its rules, and what became of them. Nothing goes past it: what it does not give is not written. One thread.
 *
 * <p>Where a configuration shifts the dates of a {@code file} alike, that is all of one type; of a {@code folder}, all that ever leaves by it: days that moved
 * differently each time would tell by how much.
 */
final class Deidentifying {
  private static final Logger log = LoggerFactory.getLogger(Deidentifying.class);
  private static final Duration LONGEST = Duration.ofSeconds(30);
  private static final Pattern ID = Pattern.compile("[A-Za-z0-9\\-.]{1,64}");
  /** Of what is left out, each with a line of its own. */
  private static final int MOST_REASONS = 100;
  private static final int MOST_PATH = 120;

  private final String config;
  private final UUID export;
  private final Deidentifier rules;
  private final List<String> madeUpKeys;
  private final Report report = new Report();
  private final Map<String, long[]> leftOut = new LinkedHashMap<>();
  private long left;

  Deidentifying(String config, UUID export, RuleBooks.Opened opened) {
    this.config = config;
    this.export = export;
    this.rules = opened.rules();
    this.madeUpKeys = opened.madeUp();
  }

  /**
   * @param id for the log, hashed
   * @return null when it is left out: a rule failed on it, and the configuration says {@code skip}
   * @throws Failure.Unprocessable a rule failed on it
   */
  ObjectNode of(String type, String id, byte[] json) throws IOException {
    try {
      Result done = rules.whole(Json.object(json), origin(type), LONGEST);
      report.add(done.report());
      return done.resource();
    } catch (DeidentifyException failed) {
      String what = type + ": " + failed.getMessage();
      if (!leftOut.containsKey(what) && leftOut.size() < MOST_REASONS)
        log.warn("a resource was not de-identified export={} resource={} cause={}", export,
            Audit.hash(type + "/" + id), what);
      if (!rules.skips() || failed.kind() == Kind.NOT_APPLICABLE)
        throw refused(what);
      leaveOut(what);
      return null;
    }
  }

  /**
   * What a resource of that id, with nothing else in it, is called afterwards.
   *
   * @return null when it has no id then, or no rule met it, and is left out: a rule that asks for more than the id may hash it in the resource, and not here
   * @throws Failure.Unprocessable a rule failed on it
   */
  String id(String type, String id) {
    ObjectNode bare = JsonNodeFactory.instance.objectNode().put("resourceType", type).put("id", id);
    try {
      Result done = rules.whole(bare, origin(type), LONGEST);
      String made = done.resource().path("id").asText();
      if (!ID.matcher(made).matches()) leaveOut(type + ", deleted: the configuration leaves it no id");
      else
        if (!done.idMet())
          leaveOut(type + ", deleted: no rule says what its id becomes without the rest of the resource");
        else
          return made;
    } catch (DeidentifyException failed) {
      String what = type + ", deleted: " + failed.getMessage();
      if (!rules.skips() || failed.kind() == Kind.NOT_APPLICABLE) throw refused(what);
      leaveOut(what);
    }
    return null;
  }

  private Failure refused(String what) {
    return new Failure.Unprocessable("A resource could not be de-identified by " + config
        + ", so nothing is given out. " + what, null);
  }

  private Origin origin(String type) {
    return new Origin(type, config);
  }

  private void leaveOut(String why) {
    left++;
    String reason = leftOut.containsKey(why) || leftOut.size() < MOST_REASONS ? why : "other reasons";
    leftOut.computeIfAbsent(reason, first -> new long[1])[0]++;
  }

  /** For people, a line each: how many were left out, and why. */
  List<String> leftOut() {
    if (left > 0) log.warn("left out of an export, not de-identified export={} resources={}", export, left);
    List<String> lines = new ArrayList<>();
    leftOut.forEach((why, count) -> lines.add(count[0] + " left out, not de-identified by " + config + ": " + why));
    return lines;
  }

  /** For the manifest: counts by rule, names of keys that nobody gave, and not a value. */
  JsonObject told() {
    Map<Integer, JsonObject> byRule = new TreeMap<>();
    for (Report.Row row : report.rows()) {
      JsonObject rule = byRule.computeIfAbsent(row.rule(), number -> new JsonObject().put("rule", number)
          .put("path", shown(row.path()))
          .put("method", row.method())
          .put("count", 0L));
      rule.put("count", rule.getLong("count") + row.count());
    }
    JsonObject told = new JsonObject().put("configuration", config)
        .put("resources", report.resources())
        .put("leftOut", left)
        .put("changed", new JsonArray(List.copyOf(byRule.values())));
    return madeUpKeys.isEmpty() ? told : told.put("madeUpKeys", new JsonArray(madeUpKeys));
  }

  private static String shown(String path) {
    return path.length() <= MOST_PATH ? path : path.substring(0, MOST_PATH) + "…";
  }
}

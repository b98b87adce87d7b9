package io.caregrid.events;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.cluster.RuleConfig;
import io.caregrid.contract.Change;
import io.caregrid.fhirpath.FhirPath;
import io.caregrid.fhirpath.Node;
import io.caregrid.fhirpath.Value;
import io.caregrid.templates.rules.Made;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What becomes of a resource that fits an expression. Pure: one resource in, another one out.
 *
 * <p>Its id is made of the rule, the resource and the version since which that fits: thinking twice makes it once. No rule looks at what a rule has made
 * ({@link #isMade}), so none can set off itself or another.
 */
record Rule(String name, RuleConfig config, Set<String> types, FhirPath when, FhirPath subject, String base) {

  private static final Pattern PATIENT = Pattern.compile("(Patient/[A-Za-z0-9\\-.]{1,64})(?:/_history/.*)?");

  /** It fits, but nothing can be made of it. The message holds nothing of the resource. */
  static final class Unfit extends RuntimeException {
    private static final long serialVersionUID = 1;

    Unfit(String why) {
      super(why, null, false, false);
    }
  }

  /**
   * @param base of our own FHIR: an absolute reference to elsewhere names nobody here
   * @throws io.caregrid.cluster.ConfigException with the place of what is wrong
   */
  static Rule of(String name, RuleConfig config, String base) {
    String key = "tell.rules." + name;
    TellSettings.checkTypes(key + ".types", config.types());
    FhirPath subject = config.subject().isEmpty() ? null : TellSettings.path(key + ".subject", config.subject());
    return new Rule(name, config, Set.copyOf(config.types()), TellSettings.path(key + ".when", config.when()), subject,
        base + "/");
  }

  static List<Rule> all(Map<String, RuleConfig> rules, String base) {
    return rules.entrySet()
        .stream()
        .sorted(Map.Entry.comparingByKey())
        .map(entry -> of(entry.getKey(), entry.getValue(), base))
        .toList();
  }

  /** Whether this was made by a rule. */
  static boolean isMade(String type, String id) {
    return RuleConfig.MADE.contains(type) && Made.isMade(id);
  }

  boolean looksAt(Change change) {
    return types.contains(change.type()) && !isMade(change.type(), change.id());
  }

  /** Throws what the expression throws. */
  boolean fits(JsonNode resource) {
    return TellSettings.fits(when, resource);
  }

  Made made() {
    return new Made(name, config.makes(), config.text(), config.severity());
  }

  /** @param version since which it fits */
  String id(String type, String id, int version) {
    return made().id(type + "/" + id, String.valueOf(version));
  }

  /** @throws Unfit when it does not say whose it is */
  ObjectNode made(Change change, JsonNode resource) {
    return made().resource(id(change.type(), change.id(), change.version()), patient(resource),
        change.type() + "/" + change.id(), change.at());
  }

  private String patient(JsonNode resource) {
    String reference = subject == null ? usual(resource) : asked(resource);
    Matcher patient = PATIENT.matcher(reference.startsWith(base) ? reference.substring(base.length()) : reference);
    if (!patient.matches()) throw new Unfit("it fits, but names no Patient of this store: see the rule's subject");
    return patient.group(1);
  }

  private static String usual(JsonNode resource) {
    if (resource.path("resourceType").asText().equals("Patient")) return "Patient/" + resource.path("id").asText();
    JsonNode subject = resource.has("subject") ? resource.path("subject") : resource.path("patient");
    return subject.path("reference").asText();
  }

  /** A Reference, or the text of one. */
  private String asked(JsonNode resource) {
    List<Value> found = subject.evaluate(Node.resource(resource));
    if (found.isEmpty()) return "";
    JsonNode first = found.get(0).json();
    return first.isObject() ? first.path("reference").asText() : first.asText();
  }
}

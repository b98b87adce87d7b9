package io.caregrid.events;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.cluster.ConfigException;
import io.caregrid.cluster.TellConfig;
import io.caregrid.contract.Access;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Grants;
import io.caregrid.contract.Roles;
import io.caregrid.fhirpath.Environment;
import io.caregrid.fhirpath.FhirPath;
import io.caregrid.fhirpath.FhirPathException;
import io.caregrid.fhirpath.Node;
import io.caregrid.fhirpath.Value;
import io.caregrid.store.FhirStore;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Set;

/** What the settings of this room mean, and what is wrong with them: said before anything starts. */
public final class TellSettings {
  /** One evaluation: longer is an error of the expression, not of the resource. */
  private static final Environment ENVIRONMENT = Environment.PLAIN
      .with(new Environment.Limits(1_000_000, Duration.ofMillis(50), 10_000));

  private TellSettings() {}

  /** @throws ConfigException that names the setting, and in an expression line and column */
  public static void check(TellConfig config, Roles roles) {
    Target.all(config.targets(), roles);
    Rule.all(config.rules(), config.address());
    if (!config.ruleNames().isEmpty()) writer(config, roles);
  }

  /** As whom the rules write. */
  public static Caller writer(TellConfig config, Roles roles) {
    return caller("tell.writerRoles", "system:" + config.writer(), config.writerRoles(), roles, Access.FHIR_WRITE);
  }

  static Caller caller(String key, String subject, List<String> names, Roles roles, Access needed) {
    for (String name : names)
      if (roles.find(name).isEmpty()) throw new ConfigException(key + ": there is no role " + name);
    Grants grants = roles.grants(names);
    if (!grants.may(needed))
      throw new ConfigException(key + " must name a role that gives " + needed + ": " + names + " do not");
    return new Caller(subject, null, null, Set.copyOf(names), grants, null, null, null);
  }

  static void checkTypes(String key, Collection<String> types) {
    for (String type : types)
      if (!FhirStore.types().contains(type)) throw new ConfigException(key + ": there is no resource type " + type);
  }

  static FhirPath path(String key, String text) {
    try {
      return FhirPath.compile(text, ENVIRONMENT);
    } catch (FhirPathException wrong) {
      throw new ConfigException(key + " is not FHIRPath: " + wrong.getMessage());
    }
  }

  /** Gives something, and that is not false. Throws what the expression throws. */
  static boolean fits(FhirPath path, JsonNode resource) {
    List<Value> found = path.evaluate(Node.resource(resource));
    return !found.isEmpty() && found.stream().noneMatch(value -> Boolean.FALSE.equals(value.truth()));
  }
}

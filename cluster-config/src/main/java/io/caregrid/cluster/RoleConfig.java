package io.caregrid.cluster;

import java.util.List;
import java.util.Map;

/**
 * What a role may.
 *
 * @param access as docs/ACCESS.md names them, e.g. {@code FHIR_READ}
 * @param like   roles whose access and tables this one has, too
 * @param tables of the lake that {@code ANALYTICS_QUERY} reaches; {@code *} for all
 */
public record RoleConfig(List<String> access, List<String> like, List<String> tables) {

  static final Map<String, String> DEFAULTS = Map.of("access", "", "like", "", "tables", "");

  public RoleConfig {
    access = List.copyOf(access);
    like = List.copyOf(like);
    tables = List.copyOf(tables);
  }
}

package io.caregrid.platform;

import io.caregrid.cluster.ConfigException;
import io.caregrid.cluster.NodeConfig;
import io.caregrid.cluster.RoleConfig;
import io.caregrid.cluster.SecurityConfig;
import io.caregrid.contract.Access;
import io.caregrid.contract.Grants;
import io.caregrid.contract.Roles;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The built-in roles with those of {@code security.roles}. A name that nothing answers to stops the start: it would deny in silence. */
final class DefinedRoles {
  private DefinedRoles() {}

  /** @throws ConfigException naming the key, and what would be right */
  static Roles of(NodeConfig config) {
    SecurityConfig security = config.security();
    Map<String, Grants> more = new LinkedHashMap<>();
    new TreeMap<>(security.roles()).forEach((name, role) -> more.put(name, grants(name, role)));
    Roles roles = Roles.BUILT_IN.with(more);
    new TreeMap<>(security.issuers())
        .forEach((name, issuer) -> check("security.issuers." + name + ".roles", issuer.roles(), roles));
    check("dicom.roles", config.dicom().roles(), roles);
    return roles;
  }

  private static Grants grants(String name, RoleConfig role) {
    String key = "security.roles." + name;
    List<Grants> parts = new ArrayList<>();
    for (String like : role.like()) {
      parts.add(Roles.BUILT_IN.find(like)
          .orElseThrow(() -> new ConfigException(key + ".like: there is no built-in role " + like + "; there are "
              + names(Roles.BUILT_IN)))
          .grants());
    }
    Set<Access> access = role.access().stream().map(word -> access(key, word)).collect(Collectors.toSet());
    parts.add(new Grants(access, Set.copyOf(role.tables())));
    Grants all = Grants.any(parts);
    if (all.access().isEmpty()) throw new ConfigException(key + " gives nothing: set access or like");
    if (all.may(Access.ANALYTICS_QUERY) && all.tables().isEmpty())
      throw new ConfigException(
          key + ".tables must name tables of the lake, or be '*', when access has ANALYTICS_QUERY");
    return all;
  }

  private static Access access(String key, String word) {
    try {
      Access access = Access.valueOf(word.toUpperCase(Locale.ROOT));
      if (access != Access.OPEN) return access;
    } catch (IllegalArgumentException unknown) {
      // said below
    }
    throw new ConfigException(key + ".access: there is no " + word + "; there are "
        + Arrays.stream(Access.values()).filter(one -> one != Access.OPEN).map(Access::name).toList());
  }

  private static void check(String key, Map<String, List<String>> named, Roles roles) {
    named.values().stream().flatMap(Collection::stream).forEach(role -> {
      if (roles.find(role).isEmpty())
        throw new ConfigException(key + ": there is no role " + role + "; there are " + names(roles));
    });
  }

  private static List<String> names(Roles roles) {
    return roles.all().stream().map(Roles.Role::name).toList();
  }
}

package io.caregrid.contract;

import java.util.Collection;
import java.util.EnumSet;
import java.util.Set;
import java.util.TreeSet;

/**
 * What somebody may do.
 *
 * @param access which routes
 * @param tables which of the lake's tables {@link Access#ANALYTICS_QUERY} reaches, by name; {@link #EVERY_TABLE} for all, also those to come
 */
public record Grants(Set<Access> access, Set<String> tables) {
  public static final String EVERY_TABLE = "*";
  public static final Grants NONE = new Grants(Set.of(), Set.of());
  public static final Grants ALL = new Grants(EnumSet.allOf(Access.class), Set.of(EVERY_TABLE));

  public Grants {
    access = Set.copyOf(access);
    tables = Set.copyOf(tables);
  }

  /** Of one who needs no table. */
  public static Grants of(Access... access) {
    return new Grants(Set.of(access), Set.of());
  }

  /** What any of them allows. */
  public static Grants any(Collection<Grants> several) {
    Set<Access> access = EnumSet.noneOf(Access.class);
    Set<String> tables = new TreeSet<>();
    several.forEach(one -> {
      access.addAll(one.access);
      tables.addAll(one.tables);
    });
    return new Grants(access, tables);
  }

  /**
   * Who may export resources as they are may export them de-identified. Who may put a mapping in force may try it before, also where an operator's own
   * role does not say so.
   */
  public boolean may(Access wanted) {
    return wanted == Access.OPEN || access.contains(wanted)
        || wanted == Access.FHIR_EXPORT_DEIDENTIFIED && access.contains(Access.FHIR_EXPORT)
        || wanted == Access.MAPPING_PREVIEW && access.contains(Access.OPERATE);
  }

  /** @param table of the lake, as queries name it */
  public boolean mayQuery(String table) {
    return may(Access.ANALYTICS_QUERY) && (tables.contains(EVERY_TABLE) || tables.contains(table));
  }
}

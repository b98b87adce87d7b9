package io.caregrid.store;

import io.caregrid.contract.Failure;
import java.util.List;
import java.util.Set;

/**
 * What an answer brings along (FHIR R4 search.html#include): {@code Type:parameter}, {@code Type:parameter:Target}, {@code Type:*}, or {@code *} for whatever
 * refers to whatever, which Microsoft's server writes {@code *:*}.
 *
 * @param reverse  what points to the resources found, instead of what they point to
 * @param iterate  also from what was brought along
 * @param type     whose references are meant, null for anybody's
 * @param param    one of its reference parameters, or {@code *}
 * @param target   only of this type, or null
 */
record Include(boolean reverse, boolean iterate, String type, String param, String target) {

  static boolean is(String base) {
    return base.equals("_include") || base.equals("_revinclude");
  }

  /** Whether somebody here knows what it names. */
  static boolean knows(String value) {
    String[] parts = value.split(":");
    if (isAnybodys(value)) return true;
    if (parts.length < 2 || parts.length > 3 || !Definition.types().contains(parts[0])) return false;
    Param param = Definition.of(parts[0]).params().get(parts[1]);
    boolean known = parts[1].equals("*") || param != null && param.kind() == Param.Kind.REFERENCE;
    return known && (parts.length < 3 || Definition.types().contains(parts[2]));
  }

  private static boolean isAnybodys(String value) {
    return value.equals("*") || value.equals("*:*");
  }

  /** @param modifier {@code :iterate}, which R4's drafts call {@code :recurse}, or none */
  static Include parse(String base, String modifier, String value) {
    if (!List.of("", ":iterate", ":recurse").contains(modifier))
      throw new Failure.Invalid("The modifier " + modifier + " is not supported for " + base);
    if (!knows(value))
      throw new Failure.Invalid(
          base + " is written Type:parameter or Type:parameter:Target, with a reference parameter");
    boolean reverse = base.equals("_revinclude");
    if (isAnybodys(value)) return new Include(reverse, !modifier.isEmpty(), null, "*", null);
    String[] parts = value.split(":");
    return new Include(reverse, !modifier.isEmpty(), parts[0], parts[1], parts.length == 3 ? parts[2] : null);
  }

  boolean isOf(String one) {
    return type == null || type.equals(one);
  }

  /** Those types whose references it means. */
  Set<String> types() {
    return type == null ? Definition.types() : Set.of(type);
  }

  /** Those of {@link #params} that may point to a resource of this type and are meant to. */
  List<Param> pointing(Definition from, String to) {
    if (target != null && !target.equals(to)) return List.of();
    return params(from).stream().filter(one -> one.mayPoint(to)).toList();
  }

  /** Those of the reference parameters of a type it {@link #isOf} that it names. An alias says nothing that its own does not. */
  List<Param> params(Definition definition) {
    if (!param.equals("*")) return List.of(definition.params().get(param));
    return definition.params()
        .values()
        .stream()
        .filter(one -> one.kind() == Param.Kind.REFERENCE && !one.isAlias())
        .toList();
  }
}

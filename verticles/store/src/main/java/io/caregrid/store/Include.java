package io.caregrid.store;

import io.caregrid.contract.Failure;
import java.util.List;

/**
 * What an answer brings along (FHIR R4 search.html#include): {@code Type:parameter}, {@code Type:parameter:Target} or {@code Type:*}.
 *
 * @param reverse  what points to the resources found, instead of what they point to
 * @param iterate  also from what was brought along
 * @param type     whose references are meant
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
    if (value.equals("*")) return true;
    if (parts.length < 2 || parts.length > 3 || !Definition.types().contains(parts[0])) return false;
    Param param = Definition.of(parts[0]).params().get(parts[1]);
    boolean known = parts[1].equals("*") || param != null && param.kind() == Param.Kind.REFERENCE;
    return known && (parts.length < 3 || Definition.types().contains(parts[2]));
  }

  /** @param modifier {@code :iterate}, which R4's drafts call {@code :recurse}, or none */
  static Include parse(String type, String base, String modifier, String value) {
    if (!List.of("", ":iterate", ":recurse").contains(modifier))
      throw new Failure.Invalid("The modifier " + modifier + " is not supported for " + base);
    if (!knows(value))
      throw new Failure.Invalid(
          base + " is written Type:parameter or Type:parameter:Target, with a reference parameter");
    boolean reverse = base.equals("_revinclude");
    if (value.equals("*")) {
      if (reverse) throw new Failure.Invalid("_revinclude names a type: Type:parameter or Type:*");
      return new Include(false, !modifier.isEmpty(), type, "*", null);
    }
    String[] parts = value.split(":");
    return new Include(reverse, !modifier.isEmpty(), parts[0], parts[1], parts.length == 3 ? parts[2] : null);
  }

  /** Those of {@link #params} that may point to a resource of this type and are meant to. */
  List<Param> pointing(String to) {
    if (target != null && !target.equals(to)) return List.of();
    return params().stream().filter(one -> one.mayPoint(to)).toList();
  }

  /** Those of the type's reference parameters that it names. An alias says nothing that its own does not. */
  List<Param> params() {
    Definition definition = Definition.of(type);
    if (!param.equals("*")) return List.of(definition.params().get(param));
    return definition.params()
        .values()
        .stream()
        .filter(one -> one.kind() == Param.Kind.REFERENCE && !one.isAlias())
        .toList();
  }
}

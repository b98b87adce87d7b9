package io.caregrid.store;

import io.caregrid.contract.Failure;
import java.util.function.Function;

/** The orders a search may ask for. Each ends in sid, so it is total, and follows an index; without one, the newest created come first. */
enum Sort {
  NEWEST("sid desc"),
  DATE("d0, sid"),
  DATE_DOWN("d0 desc, sid desc"),
  UPDATED("hour, upd, sid"),
  UPDATED_DOWN("hour desc, upd desc, sid desc");

  final String order;

  Sort(String order) {
    this.order = order;
  }

  /** FHIR R4 search.html#sort: one key, with - in front for descending. */
  static Sort parse(Definition definition, String value) {
    boolean down = value.startsWith("-");
    String name = down ? value.substring(1) : value;
    if (name.equals("_lastUpdated")) return down ? UPDATED_DOWN : UPDATED;
    Param param = definition.params().get(name);
    if (param != null && param.kind() == Param.Kind.DATE) return down ? DATE_DOWN : DATE;
    throw new Failure.Invalid(definition.type()
        + " can be sorted by one of _lastUpdated and its date, not by several keys and not by others");
  }

  /** What comes behind this row. */
  String after(PageToken.Key key, Function<Object, String> bind) {
    Object at = Version.utc(key.at());
    return switch (this) {
      case NEWEST -> "sid < " + bind.apply(key.sid());
      case DATE -> "(d0, sid) > (" + bind.apply(at) + ", " + bind.apply(key.sid()) + ")";
      case DATE_DOWN -> "(d0, sid) < (" + bind.apply(at) + ", " + bind.apply(key.sid()) + ")";
      case UPDATED -> "(hour, upd, sid) > " + updated(key, at, bind);
      case UPDATED_DOWN -> "(hour, upd, sid) < " + updated(key, at, bind);
    };
  }

  private static String updated(PageToken.Key key, Object at, Function<Object, String> bind) {
    return "(" + bind.apply(Version.hour(key.at())) + ", " + bind.apply(at) + ", " + bind.apply(key.sid()) + ")";
  }

  boolean byDate() {
    return this == DATE || this == DATE_DOWN;
  }
}

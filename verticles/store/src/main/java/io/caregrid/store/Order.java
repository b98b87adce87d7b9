package io.caregrid.store;

import io.vertx.sqlclient.Row;
import java.util.function.Function;

/** The orders that follow an index. Each ends in sid or is by id, so it is total; without a wish the newest created come first. What has no value comes first. */
enum Order {
  NEWEST("sid desc", "sid + 0 desc", "sid"),
  DATE("d0, sid", "d0 + interval '0', sid", "d0"),
  DATE_DOWN("d0 desc, sid desc", "d0 + interval '0' desc, sid desc", "d0"),
  UPDATED("hour, upd, sid", "hour + 0, upd, sid", "upd"),
  UPDATED_DOWN("hour desc, upd desc, sid desc", "hour + 0 desc, upd desc, sid desc", "upd"),
  KEY("key, sid", "key || '', sid", "key"),
  KEY_DOWN("key desc, sid desc", "key || '' desc, sid desc", "key"),
  ID("id", "id || ''", "id"),
  ID_DOWN("id desc", "id || '' desc", "id"),
  /** Not of an index: of what is sorted here, all of it, before a page is taken. */
  OLDEST("sid", "sid + 0", "sid");

  final String sql;
  /** The same order, as no index has it. */
  final String unindexed;
  private final String column;

  Order(String sql, String unindexed, String column) {
    this.sql = sql;
    this.unindexed = unindexed;
    this.column = column;
  }

  /** What a patient has lies side by side in this order, in the index of patients. */
  boolean isOfPatients() {
    return this == DATE || this == DATE_DOWN;
  }

  /** The same order by the columns that a page has: the hour follows from upd. */
  String columns() {
    return sql.replaceFirst("^hour( desc)?, ", "");
  }

  /** What comes behind this row. */
  String after(PageToken.Key key, Function<Object, String> bind) {
    return switch (this) {
      case NEWEST -> "sid < " + bind.apply(key.sid());
      case OLDEST -> "sid > " + bind.apply(key.sid());
      case DATE -> "(d0, sid) > " + dated(key, bind);
      case DATE_DOWN -> "(d0, sid) < " + dated(key, bind);
      case UPDATED -> "(hour, upd, sid) > " + updated(key, bind);
      case UPDATED_DOWN -> "(hour, upd, sid) < " + updated(key, bind);
      case KEY -> "(key, sid) > (" + bind.apply(key.at()) + ", " + bind.apply(key.sid()) + ")";
      case KEY_DOWN -> "(key, sid) < (" + bind.apply(key.at()) + ", " + bind.apply(key.sid()) + ")";
      case ID -> "id > " + bind.apply(key.at());
      case ID_DOWN -> "id < " + bind.apply(key.at());
    };
  }

  private static String dated(PageToken.Key key, Function<Object, String> bind) {
    return "(" + bind.apply(Version.utc(PageToken.instant(key.at()))) + ", " + bind.apply(key.sid()) + ")";
  }

  private static String updated(PageToken.Key key, Function<Object, String> bind) {
    var at = PageToken.instant(key.at());
    return "(" + bind.apply(Version.hour(at)) + ", " + bind.apply(Version.utc(at)) + ", " + bind.apply(key.sid()) + ")";
  }

  PageToken.Key key(Row row) {
    String at = switch (column) {
      case "sid" -> "";
      case "d0", "upd" -> PageToken.micros(row.getOffsetDateTime(column).toInstant());
      default -> row.getString(column);
    };
    return new PageToken.Key(at, row.getLong("sid"));
  }
}

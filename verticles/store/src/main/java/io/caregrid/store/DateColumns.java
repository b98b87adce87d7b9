package io.caregrid.store;

import java.time.Instant;
import java.util.function.Function;

/** How a date parameter reads its columns (FHIR R4 search.html#prefix: the resource's stretch against the stretch asked for). */
enum DateColumns {
  /** d0 inclusive to d1 exclusive; a resource without a date is matched by nothing. */
  PRIMARY {
    @Override
    String sql(SearchValue.Date date, Function<Object, String> bind) {
      Function<Instant, String> at = instant -> bind.apply(Version.utc(instant));
      Instant from = date.span().from();
      Instant to = date.span().to();
      String contained = "(d0 >= " + at.apply(from) + " and d0 < " + at.apply(to) + " and d1 <= " + at.apply(to) + ")";
      String dated = "d0 > " + at.apply(Span.NONE.from()) + " and ";
      return switch (date.prefix()) {
        case EQ -> contained;
        case NE -> "(" + dated + "not " + contained + ")";
        case GT -> "d1 > " + at.apply(to);
        case LT -> "(" + dated + "d0 < " + at.apply(from) + ")";
        case GE -> "(d1 > " + at.apply(to) + " or " + contained + ")";
        case LE -> "(" + dated + "(d0 < " + at.apply(from) + " or " + contained + "))";
        case SA -> "d0 >= " + at.apply(to);
        case EB -> "(" + dated + "d1 <= " + at.apply(from) + ")";
        case AP -> "(d0 < " + at.apply(to) + " and d1 > " + at.apply(from) + ")";
      };
    }
  },
  /** upd, an instant of a millisecond; hour, which follows from it, has the index. */
  UPDATED {
    @Override
    String sql(SearchValue.Date date, Function<Object, String> bind) {
      String since = bound("hour >= ", "upd >= ", date.span().from(), bind);
      String after = bound("hour >= ", "upd >= ", date.span().to(), bind);
      String before = bound("hour <= ", "upd < ", date.span().from(), bind);
      String until = bound("hour <= ", "upd < ", date.span().to(), bind);
      return switch (date.prefix()) {
        case EQ, AP -> "(" + since + " and " + until + ")";
        case NE -> "(" + before + " or " + after + ")";
        case GT, SA -> after;
        case LT, EB -> before;
        case GE -> since;
        case LE -> until;
      };
    }
  };

  private static String bound(String hour, String upd, Instant instant, Function<Object, String> bind) {
    return "(" + hour + bind.apply(Version.hour(instant)) + " and " + upd + bind.apply(Version.utc(instant)) + ")";
  }

  abstract String sql(SearchValue.Date date, Function<Object, String> bind);
}

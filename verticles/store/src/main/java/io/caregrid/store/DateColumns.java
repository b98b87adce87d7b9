package io.caregrid.store;

import java.time.Instant;
import java.util.function.Function;
import java.util.function.Supplier;

/** How a date parameter reads its columns (FHIR R4 search.html#prefix: the resource's stretch against the stretch asked for). */
enum DateColumns {
  /** d0 inclusive to d1 exclusive; a resource without a date is matched by nothing. */
  PRIMARY {
    @Override
    String sql(SearchValue.Date date, Function<Object, String> bind) {
      Function<Instant, String> at = instant -> bind.apply(Version.utc(instant));
      Instant from = date.span().from();
      Instant to = date.span().to();
      Supplier<String> contained = () -> "(d0 >= " + at.apply(from) + " and d0 < " + at.apply(to) + " and d1 <= "
          + at.apply(to) + ")";
      Supplier<String> dated = () -> "d0 > " + at.apply(Span.NONE.from()) + " and ";
      return switch (date.prefix()) {
        case EQ -> contained.get();
        case NE -> "(" + dated.get() + "not " + contained.get() + ")";
        case GT -> "d1 > " + at.apply(to);
        case LT -> "(" + dated.get() + "d0 < " + at.apply(from) + ")";
        case GE -> "(d1 > " + at.apply(to) + " or " + contained.get() + ")";
        case LE -> "(" + dated.get() + "(d0 < " + at.apply(from) + " or " + contained.get() + "))";
        case SA -> "d0 >= " + at.apply(to);
        case EB -> "(" + dated.get() + "d1 <= " + at.apply(from) + ")";
        case AP -> "(d0 < " + at.apply(to) + " and d1 > " + at.apply(from) + ")";
      };
    }
  },
  /** upd, an instant of a millisecond; hour, which follows from it, has the index. */
  UPDATED {
    @Override
    String sql(SearchValue.Date date, Function<Object, String> bind) {
      Supplier<String> since = () -> bound("hour >= ", "upd >= ", date.span().from(), bind);
      Supplier<String> after = () -> bound("hour >= ", "upd >= ", date.span().to(), bind);
      Supplier<String> before = () -> bound("hour <= ", "upd < ", date.span().from(), bind);
      Supplier<String> until = () -> bound("hour <= ", "upd < ", date.span().to(), bind);
      return switch (date.prefix()) {
        case EQ, AP -> "(" + since.get() + " and " + until.get() + ")";
        case NE -> "(" + before.get() + " or " + after.get() + ")";
        case GT, SA -> after.get();
        case LT, EB -> before.get();
        case GE -> since.get();
        case LE -> until.get();
      };
    }
  };

  private static String bound(String hour, String upd, Instant instant, Function<Object, String> bind) {
    return "(" + hour + bind.apply(Version.hour(instant)) + " and " + upd + bind.apply(Version.utc(instant)) + ")";
  }

  abstract String sql(SearchValue.Date date, Function<Object, String> bind);
}

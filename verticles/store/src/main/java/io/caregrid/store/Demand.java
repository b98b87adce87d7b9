package io.caregrid.store;

import java.util.OptionalInt;

/**
 * How a write is meant.
 *
 * @param ifMatch         the version that must be the current one (If-Match), or {@link #ANY}; PreconditionFailed 412 when it is not
 * @param ifNone          only when nothing is there (If-None-Match: *); PreconditionFailed 412 when something is
 * @param forgetsMeta     an update that changes nothing but meta keeps no trace of the version before
 * @param hasSeen         a patch decides by what is there, whatever version that is: where nobody may change what he has not seen
 *                        ({@link Versioning.Policy#VERSIONED_UPDATE}), it has
 */
public record Demand(OptionalInt ifMatch, boolean ifNone, boolean forgetsMeta, boolean hasSeen) {

  /** For {@code ifMatch}: whichever version is there, but one has to be, and no deletion ({@code If-Match: *}, RFC 9110 section 13.1.1). */
  public static final OptionalInt ANY = OptionalInt.of(-1);
  public static final Demand NONE = new Demand(OptionalInt.empty(), false, false);
  public static final Demand SEEN = new Demand(OptionalInt.empty(), false, false, true);

  public Demand(OptionalInt ifMatch, boolean ifNone, boolean forgetsMeta) {
    this(ifMatch, ifNone, forgetsMeta, false);
  }

  /** The same of who decides by what is there. */
  public Demand seen() {
    return new Demand(ifMatch, ifNone, forgetsMeta, true);
  }

  static boolean isAny(OptionalInt ifMatch) {
    return ifMatch.equals(ANY);
  }

  /** Whether what it does depends on more of what is there than its version. */
  boolean asksForBefore() {
    return ifNone || forgetsMeta;
  }

  /** Whether that may be the current version, for all that is asked of it. */
  boolean allows(int version) {
    return ifMatch.isEmpty() || ifMatch.getAsInt() == version;
  }

  public static Demand match(OptionalInt ifMatch) {
    return new Demand(ifMatch, false, false);
  }
}

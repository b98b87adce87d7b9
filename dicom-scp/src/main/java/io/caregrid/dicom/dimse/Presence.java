package io.caregrid.dicom.dimse;

import io.caregrid.dicom.ul.Association;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Who is connected to one listener; on its event loop only.
 *
 * <p>Whoever has not yet said who he is costs a socket and a timer. Of those at most {@link #MOST_WAITING} are kept: one more, and the one who has been
 * silent longest goes. So silent connections can never shut out one that speaks.
 */
final class Presence {
  static final int MOST_WAITING = 256;
  private final Set<Association> waiting = new LinkedHashSet<>();
  private final Set<Provider> providers = new LinkedHashSet<>();
  private Promise<Void> left;

  /** A connection came in. */
  void connected(Association association, Provider provider) {
    if (waiting.size() >= MOST_WAITING) {
      Iterator<Association> oldest = waiting.iterator();
      Association silent = oldest.next();
      oldest.remove();
      silent.disconnect();
    }
    waiting.add(association);
    providers.add(provider);
  }

  /** It has asked for an association. */
  void asked(Association association) {
    waiting.remove(association);
  }

  void gone(Association association, Provider provider) {
    waiting.remove(association);
    providers.remove(provider);
    if (left != null && providers.isEmpty()) left.tryComplete();
  }

  boolean isClosing() {
    return left != null;
  }

  /** Sends everybody away; completes when all have left, each after its last answer. */
  Future<Void> close() {
    left = Promise.promise();
    List.copyOf(providers).forEach(Provider::leave);
    if (providers.isEmpty()) left.tryComplete();
    return left.future();
  }
}

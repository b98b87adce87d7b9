package io.caregrid.store;

import io.caregrid.contract.Audit;
import java.util.LinkedHashSet;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells the operator of versions whose bodies cannot be read, of each once while this node runs. Any thread. */
final class Damage {
  private static final Logger log = LoggerFactory.getLogger(Damage.class);
  /** Of more than these some may be told twice. */
  private static final int REMEMBERED = 1_000;

  private final Set<String> told = new LinkedHashSet<>();

  void tell(Stored unreadable, String why) {
    if (!isNew(unreadable.type() + "/" + unreadable.id() + "/" + unreadable.version())) return;
    log.error("a stored version cannot be read: bring its row back from a backup, put it anew, or delete it"
        + " type={} id={} version={} why={}", unreadable.type(), Audit.hash(unreadable.id()), unreadable.version(),
        why);
  }

  private synchronized boolean isNew(String version) {
    if (told.size() == REMEMBERED) told.remove(told.iterator().next());
    return told.add(version);
  }
}

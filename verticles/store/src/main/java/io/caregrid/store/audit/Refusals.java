package io.caregrid.store.audit;

import io.caregrid.contract.Audit.Deed;
import io.caregrid.contract.Audit.Entry;
import io.caregrid.contract.Caller;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Keeps whoever is refused from filling the trail with it. Of each stranger, by address and by how he was refused, the first few a minute are an entry each;
 * the others are counted, and the count is one entry when the minute is over. Strangers are many where one may have all addresses he likes: of all of them
 * together no more than {@value #ALL} a minute are an entry each, and the rest is one count for each way of being refused. So a minute adds {@value #ALL} entries at most, and as many counts.
 *
 * <p>Who proved who he is has a bound of {@value #KNOWN} a minute of his own. What was allowed is never counted together. A count that is not written yet is lost with the process.
 */
final class Refusals {
  static final int ALL = 2_000;
  static final int KNOWN = 600;
  /** So many known ones, by how they were refused, are counted; each entry of more is one. */
  static final int SOURCES = 10_000;
  private static final long MINUTE_MILLIS = Duration.ofMinutes(1).toMillis();
  /** Whoever comes to these doors may still be anybody. */
  private static final Set<Deed> ENTRANCES = EnumSet.of(Deed.REQUEST, Deed.ASSOCIATION, Deed.SIGN_IN);
  private static final int PREFIX = 8;

  /** @param who an address, an IPv6 network of 64 bits, or a subject */
  private record Source(String who, boolean stranger, Deed deed, int status) {}

  private static final class Count {
    private final Entry first;
    private long seen;
    private long hidden;

    private Count(Entry first) {
      this.first = first;
    }
  }

  private final int each;
  private final Clock clock;
  private final Map<Source, Count> counts = new HashMap<>();
  private int entries;
  private final Map<Source, Count> known = new HashMap<>();
  /** Of strangers, by how they were refused. */
  private final Map<Source, Count> others = new HashMap<>();
  private long begun;

  /** @param each entries of one stranger a minute */
  Refusals(int each, Clock clock) {
    this.each = each;
    this.clock = clock;
    this.begun = clock.millis();
  }

  /** Any thread. True: it shall be an entry; false: it was counted. */
  boolean takes(Entry entry) {
    boolean stranger = isStranger(entry);
    boolean refused = entry.status() == 401 || entry.status() == 403;
    return !stranger && !refused || counted(entry, stranger);
  }

  private static boolean isStranger(Entry entry) {
    boolean wrong = entry.status() >= 400 && entry.status() < 500;
    return wrong && ENTRANCES.contains(entry.deed())
        && (entry.caller().isUnknown() || entry.deed() == Deed.ASSOCIATION);
  }

  private synchronized boolean counted(Entry entry, boolean stranger) {
    Source source = new Source(stranger ? network(entry.caller()) : subject(entry.caller()), stranger, entry.deed(),
        entry.status());
    return stranger ? strangers(source, entry) : known(source, entry);
  }

  private boolean strangers(Source source, Entry entry) {
    Count count = counts.get(source);
    if (count == null && counts.size() >= ALL) {
      others.computeIfAbsent(new Source("", true, source.deed, source.status), some -> new Count(entry)).hidden++;
      return false;
    }
    if (count == null) counts.put(source, count = new Count(entry));
    boolean taken = ++count.seen <= each && entries++ < ALL;
    if (!taken) count.hidden++;
    return taken;
  }

  private boolean known(Source source, Entry entry) {
    Count count = known.get(source);
    if (count == null && known.size() >= SOURCES) return true;
    if (count == null) known.put(source, count = new Count(entry));
    boolean taken = ++count.seen <= KNOWN;
    if (!taken) count.hidden++;
    return taken;
  }

  private static String subject(Caller caller) {
    return caller.issuer() + " " + caller.subject();
  }

  /** An address, or the 64 bits of one of IPv6 that belong to a network. */
  static String network(Caller caller) {
    String address = caller.address() != null
        ? caller.address()
        : caller.subject().substring(caller.subject().lastIndexOf('@') + 1);
    int zone = address.indexOf('%');
    String plain = zone < 0 ? address : address.substring(0, zone);
    if (!plain.matches("[0-9a-fA-F:.]*:[0-9a-fA-F:.]*")) return plain;
    try {
      byte[] bytes = InetAddress.getByName(plain).getAddress();
      if (bytes.length != 16) return plain;
      StringBuilder network = new StringBuilder();
      for (int i = 0; i < PREFIX; i += 2)
        network.append(Integer.toHexString((bytes[i] & 0xff) << 8 | bytes[i + 1] & 0xff)).append(':');
      return network.append(":/64").toString();
    } catch (UnknownHostException unreadable) {
      return plain;
    }
  }

  /** What was counted in the minute that is over, to be recorded; nothing while it is not. */
  List<Entry> over() {
    long now = clock.millis();
    synchronized (this) {
      return now - begun >= MINUTE_MILLIS || now < begun ? all(now) : List.of();
    }
  }

  /** What was counted so far. */
  synchronized List<Entry> all() {
    return all(clock.millis());
  }

  private List<Entry> all(long now) {
    List<Entry> sums = new ArrayList<>();
    counts.forEach((source, count) -> {
      if (count.hidden > 0) sums.add(sum(count, unknown(count, source.who)));
    });
    known.values()
        .forEach(count -> {
          if (count.hidden > 0) sums.add(sum(count, count.first.caller()));
        });
    others.values().forEach(count -> sums.add(sum(count, Caller.unknown())));
    counts.clear();
    known.clear();
    others.clear();
    entries = 0;
    begun = now;
    return sums;
  }

  /** An AE title is what its sender calls himself: a count names the address. */
  private static Caller unknown(Count count, String network) {
    return Caller.unknown().from(network.endsWith("/64") ? network : address(count, network));
  }

  private static String address(Count count, String network) {
    return count.first.caller().address() != null ? count.first.caller().address() : network;
  }

  private static Entry sum(Count count, Caller caller) {
    return Entry.of(caller.traced(null), count.first.deed(), null).ended(count.first.status()).times(count.hidden);
  }
}

package io.caregrid.device;

import static io.caregrid.device.FindingsVerticle.CALLER;

import io.caregrid.device.DeviceIdentity.InUse;
import io.caregrid.store.Cause;
import io.caregrid.store.Findings;
import io.caregrid.store.Findings.Gap;
import io.caregrid.store.Findings.Silent;
import io.caregrid.store.ShardStore.Finding;
import io.caregrid.templates.rules.Made;
import io.vertx.core.Future;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds out of whom nothing comes, while this node holds the lease. Two things go on side by side: that somebody listens is noted, with up to where it is known
 * what came ({@link LogReach}); and by what is known last the rules are judged, however long that takes.
 *
 * <p>Nobody listens while devices have nobody to send to, while Kafka or the database is away, and while nodes have different rules: then what comes to a shard on
 * one that has not all of them is not noted. A Device is silent since it was heard of last, but not since before it was what it is now: in use, and this Patient's.
 *
 * <p>Of one context.
 */
final class SilenceWatch {
  private static final Logger log = LoggerFactory.getLogger(SilenceWatch.class);
  /** Looked longer than this ago: nobody listened meanwhile. */
  static final Duration GAP = Duration.ofSeconds(20);
  private static final Duration LISTEN = Duration.ofSeconds(2);
  /** Whoever hears nothing for so long lets another one try. */
  private static final Duration DEAF = Duration.ofSeconds(10);
  private static final Duration OVERHEAR = Duration.ofSeconds(30);
  private static final Duration REST = Duration.ofMinutes(5);
  private static final int MOST_SEEN = 200_000;
  private static final int MOST = 200;
  /** Of {@link #MOST} Devices, looked at in one look. */
  private static final int PAGES = 10;

  private final Findings findings;
  private final MeasurementRules rules;
  private final Function<Collection<String>, Future<Map<String, InUse>>> patientsOf;
  private final LogEnds ends;
  private final LogReach reach;
  private final House house;
  private final Clock clock;
  private final Hearing hearing;
  private final Strand listening = new Strand("listening to devices");
  private final Strand judging = new Strand("judging which devices are silent");
  /** What Devices were when they were asked for last. */
  private final Map<Asked, Seen> seen = new LinkedHashMap<>() {
    private static final long serialVersionUID = 1;

    @Override
    protected boolean removeEldestEntry(Map.Entry<Asked, Seen> eldest) {
      return size() > MOST_SEEN;
    }
  };
  /** Where to go on looking: the last Device of the page before, by rule; absent: from the first. */
  private final Map<String, String> silentAfter = new HashMap<>();
  private final Map<String, String> neverAfter = new HashMap<>();
  private Look look;
  private boolean isApart;
  /** When nodes began to have different rules, up to where it was known what came; null: it was not. */
  private Instant apartFrom;
  private boolean isDeaf;
  private long deafSince;
  private boolean wasLate;
  private String hindrance = "the log lags";
  private long listened = System.nanoTime() - LISTEN.toNanos();
  private long judged = System.nanoTime() - LISTEN.toNanos();
  private long overheard = System.nanoTime() - OVERHEAR.toNanos();

  private record Asked(String rule, String device) {}

  /**
   * @param heard when something of it had come last @param inUse null: it was not
   * @param told  it was called silent: what is asked again has ended since
   * @param again by System.nanoTime, when it may have become another
   */
  record Seen(Instant heard, InUse inUse, boolean told, long again) {

    /**
     * Whatever else of a Device is written now and then: while it goes on to be the same Patient's and to say nothing, it has been his since it was first looked at. Of
     * one that has become another's although nothing tells when, what made it so is gone, such as a DeviceUseStatement: it is his from {@code at} on.
     */
    InUse inUse(Instant heard, InUse now, Instant at) {
      if (inUse == null) return now;
      if (inUse.patient().equals(now.patient())) return told || !heard.equals(this.heard) ? now : inUse;
      return now.since().isAfter(inUse.since()) ? now : new InUse(now.patient(), at);
    }
  }

  /** What can be judged by. @param isWhole it is known of all shards */
  private record Look(Map<Integer, Instant> known, boolean isWhole, Map<String, List<Gap>> gaps) {}

  SilenceWatch(FindingsVerticle.Means means, Clock clock) {
    this.findings = means.findings();
    this.rules = means.rules();
    this.patientsOf = means.patientsOf();
    this.ends = means.ends();
    this.reach = new LogReach(means.ends(), means.applied(), () -> findings.now(CALLER));
    this.house = means.house();
    this.clock = clock;
    this.hearing = new Hearing(clock.instant());
    if (isOn()) rules.gauge(() -> hearing.age(clock.instant()));
  }

  private boolean isOn() {
    return !rules.silences().isEmpty();
  }

  /** Any thread. False: for minutes it has not been known what devices sent, so nobody is called silent. */
  boolean isOnTime() {
    return !isOn() || !hearing.isLate(clock.instant());
  }

  /** Another node may hear what this one does not. */
  boolean isDeaf() {
    return isDeaf && !isWithin(deafSince, DEAF);
  }

  void turn() {
    if (!isOn()) return;
    listening.turn(this::listen);
    judging.turn(this::judge);
  }

  /** Another node looks. */
  Future<Void> forget() {
    reach.forget();
    look = null;
    isApart = false;
    isDeaf = false;
    if (!isOn() || isWithin(overheard, OVERHEAR)) return Future.succeededFuture();
    overheard = System.nanoTime();
    return findings.knownLast(CALLER, rules.heardTypes()).onSuccess(hearing::upTo).mapEmpty();
  }

  /** Completes when nothing is under way. */
  Future<?> idle() {
    return listening.idle().compose(done -> judging.idle());
  }

  private static boolean isWithin(long since, Duration time) {
    return System.nanoTime() - since < time.toNanos();
  }

  // ---- what came

  private Future<?> listen() {
    if (isWithin(listened, LISTEN)) return Future.succeededFuture();
    listened = System.nanoTime();
    return heard().recover(this::deaf).onSuccess(done -> say());
  }

  private Future<Void> heard() {
    if (!house.isAgreed().getAsBoolean()) return apart();
    if (!house.isOpen().getAsBoolean()) return hindered("no node with role ingest is there");
    return ends.refusal().compose(why -> why == null ? further() : hindered(why)).onSuccess(answered -> isDeaf = false);
  }

  private Future<Void> further() {
    return reach.further()
        .compose(known -> findings
            .listened(CALLER, rules.heardTypes(), isApart ? Duration.ZERO : GAP, isApart ? apartFrom : null,
                reach.upTo())
            .map(gaps -> {
              isApart = false;
              hindrance = "the log lags";
              look = new Look(known, reach.isWhole(), gaps);
              hearing.upTo(reach.upTo());
              return null;
            }));
  }

  /** What is in effect by now may not have been noted where it came: what was known does not hold any more. */
  private Future<Void> apart() {
    if (!isApart) apartFrom = reach.upTo();
    isApart = true;
    reach.forget();
    look = null;
    return hindered("nodes with role device have different rules over measurements");
  }

  private Future<Void> hindered(String why) {
    hindrance = why;
    return Future.succeededFuture();
  }

  private Future<Void> deaf(Throwable cause) {
    if (!isDeaf) deafSince = System.nanoTime();
    isDeaf = true;
    return hindered(Cause.withoutValues(cause));
  }

  private void say() {
    boolean late = hearing.isLate(clock.instant());
    if (late == wasLate) return;
    wasLate = late;
    if (late) log.warn("whether devices are silent is not known just now: nobody is called silent why={}", hindrance);
    else log.info("whether devices are silent is known again");
  }

  // ---- who says nothing

  private Future<Void> judge() {
    if (isWithin(judged, LISTEN)) return Future.succeededFuture();
    judged = System.nanoTime();
    Look last = look;
    look = null;
    Future<Void> done = Future.succeededFuture();
    for (Silence rule : rules.silences())
      done = done.compose(next -> findings.spoke(CALLER, rule.made().rule(), rule.types()))
          .compose(over -> findings.over(CALLER, over))
          .compose(next -> last == null ? Future.succeededFuture() : silent(rule, last));
    return done;
  }

  private Future<Void> silent(Silence rule, Look last) {
    List<Gap> deaf = new ArrayList<>();
    rule.types().forEach(type -> deaf.addAll(last.gaps.getOrDefault(type, List.of())));
    Map<Integer, Instant> since = new HashMap<>();
    last.known.forEach((shard, upTo) -> {
      Instant silent = rule.since(upTo, deaf);
      if (silent != null) since.put(shard, silent);
    });
    if (since.isEmpty()) return Future.succeededFuture();
    Instant first = Collections.min(since.values());
    return pages(rule, silentAfter, PAGES,
        after -> findings.silent(CALLER, rule.made().rule(), rule.types(), since, after, MOST))
        .compose(done -> rule.neverHeard() && last.isWhole && since.size() == last.known.size()
            ? pages(rule, neverAfter, PAGES,
                after -> findings.neverHeard(CALLER, rule.made().rule(), rule.types(), first, after, MOST))
            : Future.succeededFuture());
  }

  /** Devices that nobody expects to speak are found again and again: a store full of them must keep nothing waiting. */
  private Future<Void> pages(Silence rule, Map<String, String> places, int left,
      Function<String, Future<List<Silent>>> page) {
    String name = rule.made().rule();
    return page.apply(places.getOrDefault(name, "")).compose(silent -> begun(rule, silent).compose(done -> {
      if (silent.size() < MOST) places.remove(name);
      else places.put(name, silent.get(silent.size() - 1).device());
      return silent.size() < MOST || left == 1 ? Future.succeededFuture() : pages(rule, places, left - 1, page);
    }));
  }

  private Future<Void> begun(Silence rule, List<Silent> silent) {
    List<Silent> asked = silent.stream()
        .filter(one -> rule.looksAt(one.device()))
        .filter(one -> isToAsk(new Asked(rule.made().rule(), one.device())))
        .toList();
    if (asked.isEmpty()) return Future.succeededFuture();
    return patientsOf.apply(asked.stream().map(Silent::device).toList()).compose(owners -> {
      List<Finding> begun = new ArrayList<>();
      for (Silent one : asked) {
        Finding finding = found(rule, one, owners.get(one.device()));
        if (finding != null) begun.add(finding);
      }
      return findings.silent(CALLER, begun, rule.types())
          .onSuccess(count -> rules.found(rule.made().rule(), count))
          .mapEmpty();
    });
  }

  /** Null when it is not silent, or not yet. @param now null: it is not in use */
  private Finding found(Silence rule, Silent silent, InUse now) {
    Asked asked = new Asked(rule.made().rule(), silent.device());
    if (now == null) return rest(asked, silent, null, REST);
    Seen before = seen.get(asked);
    InUse owner = before == null ? now : before.inUse(silent.heard(), now, clock.instant());
    Instant began = later(silent.heard(), owner.since());
    if (began.isAfter(silent.silent())) {
      Duration left = Duration.between(silent.silent(), began);
      return rest(asked, silent, owner, left.compareTo(REST) < 0 ? left : REST);
    }
    seen.put(asked, new Seen(silent.heard(), owner, true, System.nanoTime()));
    return finding(rule.made(), silent.device(), owner.patient(), began);
  }

  private boolean isToAsk(Asked device) {
    Seen before = seen.get(device);
    return before == null || before.again - System.nanoTime() <= 0;
  }

  private Finding rest(Asked device, Silent silent, InUse inUse, Duration time) {
    seen.put(device, new Seen(silent.heard(), inUse, false, System.nanoTime() + time.toNanos()));
    return null;
  }

  private static Instant later(Instant one, Instant other) {
    return one.isAfter(other) ? one : other;
  }

  private static Finding finding(Made made, String device, String patient, Instant began) {
    String id = made.id("Device/" + device + " Patient/" + patient, began.toString());
    return new Finding(id, made.rule(), made.kind(), made.text(), made.severity(), device, patient, began);
  }
}

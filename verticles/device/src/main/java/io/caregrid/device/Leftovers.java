package io.caregrid.device;

import static io.caregrid.device.FindingsVerticle.CALLER;

import io.caregrid.device.DeviceIdentity.InUse;
import io.caregrid.store.Findings;
import io.caregrid.store.Findings.Lasting;
import io.caregrid.store.ShardStore.Finding;
import io.caregrid.store.ShardStore.Over;
import io.vertx.core.Future;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Ends what lasts and would not end by itself: what was found of a Device that is not in use any more, or not this Patient's, and what a rule found that no node
 * has any more. A page at a time, one round after the other.
 *
 * <p>Of one context.
 */
final class Leftovers {
  private static final Duration FORGET = Duration.ofHours(1);
  private static final int MOST = 200;

  private final Findings findings;
  private final MeasurementRules rules;
  private final Function<Collection<String>, Future<Map<String, InUse>>> patientsOf;
  private final House house;
  private final Duration keep;
  private final Pace pace;
  private final Clock clock;
  /** What thresholds found and nobody seems to wait for, by its id. */
  private final Map<String, Quiet> quiet = new HashMap<>();
  private int round;
  private String after = "";
  private long begun;
  private long forgotten = System.nanoTime();

  /** @param known what the rule knew of the device @param since by System.nanoTime, when it knew the same first */
  private record Quiet(String known, long since, int round) {}

  /**
   * @param round   no sooner after the one before began
   * @param unheard for so long no reading was judged: then none is on its way any more
   */
  record Pace(Duration round, Duration unheard) {
    static final Pace DEFAULT = new Pace(Duration.ofMinutes(1), Duration.ofMinutes(10));
  }

  Leftovers(FindingsVerticle.Means means, Pace pace, Clock clock) {
    this.findings = means.findings();
    this.rules = means.rules();
    this.patientsOf = means.patientsOf();
    this.house = means.house();
    this.keep = means.keep();
    this.pace = pace;
    this.begun = System.nanoTime() - pace.round.toNanos();
    this.clock = clock;
  }

  Future<Void> turn() {
    if (after.isEmpty()) {
      if (System.nanoTime() - begun < pace.round.toNanos()) return Future.succeededFuture();
      begun = System.nanoTime();
    }
    return findings.lasting(CALLER, rules.names(), after, MOST)
        .compose(page -> ended(page).compose(done -> {
          after = page.size() < MOST ? "" : page.get(page.size() - 1).finding().id();
          return after.isEmpty() ? rounded() : Future.succeededFuture();
        }));
  }

  private Future<Void> ended(List<Lasting> page) {
    if (page.isEmpty()) return Future.succeededFuture();
    return patientsOf.apply(page.stream().map(one -> one.finding().device()).distinct().toList()).compose(owners -> {
      Instant now = clock.instant();
      List<Over> over = new ArrayList<>();
      Future<Void> unheard = Future.succeededFuture();
      for (Lasting one : page) {
        Finding finding = one.finding();
        InUse owner = owners.get(finding.device());
        boolean isHis = owner != null && owner.patient().equals(finding.patient());
        if (!rules.hasThreshold(finding.rule())) {
          if (!isHis || !isLookedAt(finding)) over.add(new Over(finding.id(), now));
        } else if (!isHis && isUnheard(one)) unheard = unheard.compose(next -> findings.unheard(CALLER, one));
      }
      return unheard.compose(done -> findings.over(CALLER, over));
    });
  }

  private boolean isLookedAt(Finding finding) {
    return rules.silences()
        .stream()
        .anyMatch(rule -> rule.made().rule().equals(finding.rule()) && rule.looksAt(finding.device()));
  }

  /**
   * Of what a Device sends that is not in use, or of a time when it was somebody else's, readings are judged all the same: as long as they come, it is they who end
   * what was found.
   */
  private boolean isUnheard(Lasting one) {
    long now = System.nanoTime();
    Quiet before = quiet.get(one.finding().id());
    long since = before == null || !before.known.equals(one.known()) ? now : before.since;
    quiet.put(one.finding().id(), new Quiet(one.known(), since, round));
    return now - since >= pace.unheard.toNanos();
  }

  private Future<Void> rounded() {
    quiet.values().removeIf(one -> one.round != round);
    round++;
    boolean forgets = System.nanoTime() - forgotten >= FORGET.toNanos();
    if (forgets) forgotten = System.nanoTime();
    List<Future<Void>> parts = new ArrayList<>();
    if (forgets) parts.add(findings.forget(CALLER));
    if (house.isAgreed().getAsBoolean()) { // or another node may know a rule that this one does not
      parts.add(findings.endGone(CALLER, rules.names(), keep));
      if (forgets) parts.add(findings.forgetGone(CALLER, rules.names(), keep));
    }
    return Future.join(parts).mapEmpty();
  }
}

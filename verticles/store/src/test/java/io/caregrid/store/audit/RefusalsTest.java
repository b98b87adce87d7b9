package io.caregrid.store.audit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.contract.Audit.Deed;
import io.caregrid.contract.Audit.Entry;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Grants;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RefusalsTest {
  private static final int EACH = 10;
  private final Instant[] now = {Instant.parse("2026-11-22T10:00:00Z")};
  private final Refusals refusals = new Refusals(EACH, LineTest.clock(now));

  private static Entry refused(String address, int status) {
    return Entry.of(Caller.unknown().from(address), Deed.REQUEST, "/fhir/Patient").ended(status);
  }

  private static Entry known(int n, int status) {
    Caller caller = new Caller("dr-" + n, "https://issuer", null, Set.of("x"), Grants.NONE, null, "10.0.0.1", null);
    return Entry.of(caller, Deed.REQUEST, "/fhir/Patient").ended(status);
  }

  private int taken(int times, Entry entry) {
    int taken = 0;
    for (int n = 0; n < times; n++) if (refusals.takes(entry)) taken++;
    return taken;
  }

  @Test
  void theFirstOfAStrangerAreEntriesAndTheOthersOneCount() {
    assertEquals(EACH, taken(1000, refused("198.51.100.7", 401)));
    assertEquals(EACH, taken(20, refused("198.51.100.8", 401)));
    assertEquals(EACH, taken(20, refused("198.51.100.7", 403)));

    assertEquals(List.of(), refusals.over(), "the minute is not over");
    now[0] = now[0].plusSeconds(60);
    List<Entry> sums = refusals.over();

    assertEquals(3, sums.size());
    Entry first = sums.stream().filter(one -> one.times() == 990).findFirst().orElseThrow();
    assertEquals("198.51.100.7", first.caller().address());
    assertEquals(401, first.status());
    assertTrue(first.caller().isUnknown());
    assertEquals(EACH, taken(1000, refused("198.51.100.7", 401)), "a new minute");
  }

  @Test
  void whoHasAllAddressesOfANetworkIsOneStranger() {
    int taken = 0;
    for (int n = 0; n < 1000; n++)
      if (refusals.takes(refused("2001:db8:0:1::" + Integer.toHexString(n), 401))) taken++;

    assertEquals(EACH, taken);
    assertEquals("2001:db8:0:1::/64", refusals.all().get(0).caller().address());
  }

  @Test
  void howeverManyAddressesThereAreAMinuteIsBounded() {
    int taken = 0;
    for (int n = 0; n < 200_000; n++)
      if (refusals.takes(refused("2001:db8:" + Integer.toHexString(n & 0xffff) + ":" + (n >> 16) + "::1", 401)))
        taken++;

    List<Entry> sums = refusals.all();
    assertEquals(Refusals.ALL, taken);
    assertTrue(sums.size() <= Refusals.ALL + 1, "sums " + sums.size());
    assertEquals(200_000 - taken, sums.stream().mapToLong(Entry::times).sum(), "each was counted");
  }

  @Test
  void nothingThatWasAllowedAndNoFailureOfWorkIsEverCounted() {
    Entry allowed = Entry.of(Caller.unknown().from("198.51.100.7"), Deed.READ, "Patient/1");

    assertEquals(100_000, taken(100_000, allowed));
    assertEquals(10_000, taken(10_000, allowed.ended(404)));
    assertEquals(10_000, taken(10_000, allowed.ended(503)));
    assertEquals(List.of(), refusals.all());
  }

  @Test
  void whoIsKnownHasAGenerousBoundOfHisOwnWhateverStrangersDo() {
    taken(100_000, refused("198.51.100.7", 401));
    assertEquals(Refusals.KNOWN, taken(1000, known(1, 403)));
    assertEquals(Refusals.KNOWN, taken(1000, known(2, 403)));

    Entry sum = refusals.all().stream().filter(one -> one.caller().subject().equals("dr-1")).findFirst().orElseThrow();
    assertEquals(1000 - Refusals.KNOWN, sum.times());
  }

  @Test
  void strangersOfAllAddressesPushNobodyKnownOutOfTheTrailAndAreToldApartByHowTheyWereRefused() {
    for (int n = 0; n < 5_000; n++) refusals.takes(refused("198.51." + (n >> 8) + "." + (n & 0xff), 401));
    for (int n = 0; n < 5_000; n++) refusals.takes(refused("203.0." + (n >> 8) + "." + (n & 0xff), 403));

    assertEquals(Refusals.KNOWN, taken(1000, known(1, 403)));
    List<Entry> sums = refusals.all();
    assertEquals(Set.of(401, 403), sums.stream()
        .filter(one -> one.caller().isUnknown() && one.caller().address() == null)
        .map(Entry::status)
        .collect(java.util.stream.Collectors.toSet()));
    assertEquals(1000 - Refusals.KNOWN, sums.stream()
        .filter(one -> one.caller().subject().equals("dr-1"))
        .mapToLong(Entry::times)
        .sum());
  }

  @Test
  void ofMoreKnownOnesThanAreCountedEachRefusalIsAnEntry() {
    for (int n = 0; n < Refusals.SOURCES; n++) refusals.takes(known(n, 403));

    assertEquals(Refusals.KNOWN + 100, taken(Refusals.KNOWN + 100, known(Refusals.SOURCES, 403)));
    assertEquals(List.of(), refusals.all());
  }

  @Test
  void anApplicationTitleProvesNothingSoItsAddressCounts() {
    int taken = 0;
    for (int n = 0; n < 1000; n++) {
      Caller title = new Caller("ae:T" + n + "@10.1.1.1", null, null, Set.of(), Grants.NONE, null, null, null);
      if (refusals.takes(Entry.of(title, Deed.ASSOCIATION, null).ended(403))) taken++;
    }

    assertEquals(EACH, taken);
    assertEquals("10.1.1.1", refusals.all().get(0).caller().address());
  }

  @Test
  void aTokenInTheAddressIsAStrangersToo() {
    assertEquals(EACH, taken(100, refused("198.51.100.7", 400)));
    assertFalse(refusals.all().isEmpty());
  }
}

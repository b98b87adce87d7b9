package io.caregrid.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.caregrid.templates.observation.Identity;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class OwnerCacheTest {
  private static final Owner KNOWN = new Owner.Known(new Identity("d1", "p1", null));
  private static final Owner UNKNOWN = new Owner.Unknown("unknown-device", "Nobody knows it.");
  private static final Owner.Claim CLAIM = new Owner.Claim("monitor-1", "MRN-1", "visit-1");
  private final OwnerCache cache = new OwnerCache();

  @Test
  void anAnswerThatCameLateIsKeptUnlessItMayBeAboutWhatChanged() {
    long asked = cache.asking();
    cache.forget(List.of("Device/other"));
    cache.forgetCarried(Set.of("monitor-2"));

    put(KNOWN, asked);
    assertEquals(KNOWN, cache.get(CLAIM, 0));

    for (String value : List.of("monitor-1", "MRN-1", "visit-1")) {
      long before = cache.asking();
      cache.forgetCarried(Set.of(value));
      put(KNOWN, before);
      assertNull(cache.get(CLAIM, 0), value);
    }
    for (String reference : List.of("Device/d1", "DeviceUseStatement/new")) {
      long before = cache.asking();
      cache.forget(List.of("Device/other", reference));
      cache.forgetCarried(Set.of("another"));
      put(KNOWN, before);
      assertNull(cache.get(CLAIM, 0), reference);
    }
    long before = cache.asking();
    cache.forget(List.of("Device/other"));
    put(UNKNOWN, before);
    assertNull(cache.get(CLAIM, 0), "what nobody knew may be that one");
    put(KNOWN, cache.asking());
    assertEquals(KNOWN, cache.get(CLAIM, 0));
  }

  @Test
  void anAnswerThatCameAfterMoreThanIsRememberedIsNotKept() {
    long asked = cache.asking();
    cache.clear();
    put(KNOWN, asked);
    assertNull(cache.get(CLAIM, 0), "anything may have changed");

    long again = cache.asking();
    cache.forget(IntStream.rangeClosed(0, OwnerCache.MOST_FORGOTTEN).mapToObj(n -> "Device/n" + n).toList());
    put(KNOWN, again);
    assertNull(cache.get(CLAIM, 0), "too much to know what it was");

    long last = cache.asking();
    for (int n = 0; n < 100; n++) cache.forget(List.of("Device/n" + n));
    put(KNOWN, last);
    assertNull(cache.get(CLAIM, 0), "too often");
  }

  @Test
  void whatIsDoubtedEndsSoonButNotAllAtOnceAndSoDoesWhatWasAskedForBefore() {
    List<Owner.Claim> claims = IntStream.range(0, 100).mapToObj(n -> new Owner.Claim("monitor-" + n, null)).toList();
    long asked = cache.asking();
    for (Owner.Claim claim : claims.subList(0, 50)) cache.put(claim, KNOWN, Set.of("Device/d1"), 0, asked);
    cache.doubt(0);
    for (Owner.Claim claim : claims.subList(50, 100)) cache.put(claim, KNOWN, Set.of("Device/d1"), 0, asked);

    long half = OwnerCache.DOUBTED.toNanos() / 2;
    long between = OwnerCache.DOUBTED.toNanos() * 5 / 6;
    assertEquals(100, claims.stream().filter(claim -> cache.get(claim, half) != null).count());
    assertEquals(Set.of(true, false),
        claims.stream().map(claim -> cache.get(claim, between) == null).collect(Collectors.toSet()));
    for (Owner.Claim claim : claims) {
      assertNull(cache.get(claim, OwnerCache.DOUBTED.toNanos() + 1));
      assertNull(cache.patientOf(claim.device(), OwnerCache.DOUBTED.toNanos() + 1));
    }
  }

  @Test
  void theLiveFeedsPatientEndsToo() {
    put(KNOWN, cache.asking());
    long renewed = 0;
    while (cache.get(CLAIM, renewed) != null) renewed += 1_000_000_000L;

    assertEquals("p1", cache.patientOf("monitor-1", renewed), "while it is asked anew");
    assertNull(cache.patientOf("monitor-1", renewed + OwnerCache.RENEWED.toNanos()));
    put(UNKNOWN, cache.asking());
    assertNotNull(cache.get(CLAIM, 0));
    assertNull(cache.patientOf("monitor-1", 0));
  }

  private void put(Owner owner, long asked) {
    cache.put(CLAIM, owner, Set.of("Device/d1", "Patient/p1"), 0, asked);
  }
}

package io.caregrid.store;

import static io.caregrid.store.Room.get;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.store.WebSessions.Claim;
import io.caregrid.store.WebSessions.Session;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Room.Key.class)
class WebSessionsTest {
  private static final Instant NOW = Instant.now().truncatedTo(ChronoUnit.MICROS);

  private static Buffer id(int first) {
    return Buffer.buffer(new byte[32]).setByte(0, (byte) first);
  }

  private static Session session(String name, Duration until, Duration ends) {
    return new Session(new JsonObject().put("name", name), NOW.plus(until), NOW.plus(ends), Buffer.buffer(name));
  }

  @BeforeEach
  void nobodyIsSignedIn(Room room) {
    room.sql("delete from web_session");
  }

  @Test
  void whatBeganIsFoundByItsIdUntilItIsEnded(Room room) {
    WebSessions sessions = new WebSessions(room.database());
    Session ada = session("Ada", Duration.ofMinutes(5), Duration.ofHours(1));
    get(sessions.begin(id(1), ada));

    assertEquals(ada, get(sessions.find(id(1))));
    assertNull(get(sessions.find(id(2))));

    assertEquals(ada, get(sessions.end(id(1))));
    assertNull(get(sessions.find(id(1))));
    assertNull(get(sessions.end(id(1))));
  }

  @Test
  void oneAtATimeRenewsAndNobodyWhatWasEnded(Room room) {
    WebSessions sessions = new WebSessions(room.database());
    Session before = session("Ada", Duration.ofMinutes(5), Duration.ofHours(1));
    Session after = session("Ada L.", Duration.ofMinutes(10), Duration.ofHours(1));
    get(sessions.begin(id(1), before));

    Claim claim = get(sessions.claim(id(1), before));
    assertEquals(before, claim.session());
    assertNull(get(sessions.claim(id(1), before)), "somebody has it");
    assertTrue(get(sessions.renew(id(1), claim, after)));
    assertFalse(get(sessions.renew(id(1), claim, session("Eve", Duration.ofMinutes(11), Duration.ofHours(1)))));
    assertNull(get(sessions.claim(id(1), before)), "it was renewed since");
    assertEquals(after, get(sessions.find(id(1))));

    Claim late = get(sessions.claim(id(1), after));
    get(sessions.end(id(1)));
    assertFalse(get(sessions.renew(id(1), late, before)));
    assertNull(get(sessions.find(id(1))));
  }

  @Test
  void ofManyAtOnceOneGetsTheClaim(Room room) {
    WebSessions sessions = new WebSessions(room.database());
    Session before = session("Ada", Duration.ofMinutes(5), Duration.ofHours(1));
    get(sessions.begin(id(1), before));

    List<Future<Claim>> many = IntStream.range(0, 30).mapToObj(n -> sessions.claim(id(1), before)).toList();

    assertEquals(1, many.stream().filter(one -> get(one) != null).count());
  }

  @Test
  void aClaimThatWasGivenBackOrHasLapsedIsToBeHadAgain(Room room) {
    WebSessions sessions = new WebSessions(room.database());
    Session before = session("Ada", Duration.ofMinutes(5), Duration.ofHours(1));
    get(sessions.begin(id(1), before));

    Claim first = get(sessions.claim(id(1), before));
    get(sessions.release(id(1), first));
    Claim second = get(sessions.claim(id(1), before));
    room.sql("update web_session set renewing = now() - interval '1 millisecond'");
    Claim third = get(sessions.claim(id(1), before));

    assertFalse(get(sessions.renew(id(1), second, before)), "whoever comes too late changes nothing");
    get(sessions.release(id(1), second));
    assertNull(get(sessions.claim(id(1), before)), "nor does he give back what is another's");
    assertTrue(get(sessions.renew(id(1), third, before)));
  }

  @Test
  void whatWasRenewedSinceIsNotEndedByWhoeverSawItBefore(Room room) {
    WebSessions sessions = new WebSessions(room.database());
    Session before = session("Ada", Duration.ofMinutes(5), Duration.ofHours(1));
    Session after = session("Ada", Duration.ofMinutes(10), Duration.ofHours(1));
    Session again = new Session(after.who(), after.until(), after.ends(), Buffer.buffer("another refresh token"));
    get(sessions.begin(id(1), before));

    get(sessions.renew(id(1), get(sessions.claim(id(1), before)), after));
    assertFalse(get(sessions.end(id(1), before)));
    assertEquals(after, get(sessions.find(id(1))));
    get(sessions.renew(id(1), get(sessions.claim(id(1), after)), again));
    assertFalse(get(sessions.end(id(1), after)), "its refresh token is another one");

    assertTrue(get(sessions.end(id(1), again)));
    assertNull(get(sessions.find(id(1))));
  }

  @Test
  void thoseThatHaveNotEndedAreTold(Room room) {
    WebSessions sessions = new WebSessions(room.database());
    get(sessions.begin(id(1), session("Ada", Duration.ofMinutes(5), Duration.ofHours(1))));
    get(sessions.begin(id(2), session("Grace", Duration.ofMinutes(5), Duration.ofSeconds(-1))));

    assertEquals(Set.of(id(1)), get(sessions.among(List.of(id(1), id(2), id(3)))));
    assertEquals(Set.of(), get(sessions.among(List.of())));
  }

  @Test
  void allNodesKnowTheSameSecret(Room room) {
    Buffer secret = get(new WebSessions(room.database()).secret());

    assertEquals(32, secret.length());
    assertEquals(secret, get(new WebSessions(room.database()).secret()));
  }

  @Test
  void whatHasRunOutIsNotFoundAndGoesWhenTheNextBegins(Room room) {
    WebSessions sessions = new WebSessions(room.database());
    get(sessions.begin(id(1), session("Ada", Duration.ofMinutes(5), Duration.ofSeconds(-1))));
    assertNull(get(sessions.find(id(1))));

    get(sessions.begin(id(2), session("Grace", Duration.ofMinutes(5), Duration.ofHours(1))));

    assertEquals(1, room.count("from web_session"));
  }
}

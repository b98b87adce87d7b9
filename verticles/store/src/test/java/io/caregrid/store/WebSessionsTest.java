package io.caregrid.store;

import static io.caregrid.store.Room.get;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.store.WebSessions.Session;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
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
  void onlyTheFirstOfTwoRenewsAndNobodyWhatWasEnded(Room room) {
    WebSessions sessions = new WebSessions(room.database());
    Session before = session("Ada", Duration.ofMinutes(5), Duration.ofHours(1));
    Session after = session("Ada L.", Duration.ofMinutes(10), Duration.ofHours(1));
    get(sessions.begin(id(1), before));

    assertTrue(get(sessions.renew(id(1), before, after)));
    assertFalse(get(sessions.renew(id(1), before, session("Eve", Duration.ofMinutes(11), Duration.ofHours(1)))));
    assertEquals(after, get(sessions.find(id(1))));

    get(sessions.end(id(1)));
    assertFalse(get(sessions.renew(id(1), after, before)));
    assertNull(get(sessions.find(id(1))));
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

package io.caregrid.ingest.mqtt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.contract.Grants;
import io.caregrid.ingest.mqtt.Sessions.Opened;
import io.caregrid.ingest.mqtt.Sessions.TakenOver;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SessionsTest {
  private static final Caller ONE = caller("one");
  private static final Duration HOUR = Duration.ofHours(1);
  private final Sessions sessions = new Sessions(2);

  private static Caller caller(String subject) {
    return new Caller(subject, "https://id.example.org", null, Set.of(), Grants.NONE, null, null, null);
  }

  private static Wills.Left will() {
    Content.Place place = new Content.Place("c", new TopicMappings(Map.of()), 1_000, 1_000, 1_000);
    return new Wills.Left(place, new Packet.Will("t", new byte[0], Properties.NONE));
  }

  private List<Wills.Left> leaves(Caller caller, String client, Wills.Left will) throws TakenOver {
    Opened opened = sessions.open(caller, client, false, null);
    return sessions.left(caller, client, opened.session(), null, HOUR, will);
  }

  @Test
  void aDelayedWillIsHandedToWhoeverComesBackAndToNobodyElse() throws TakenOver {
    Wills.Left will = will();
    leaves(ONE, "a", will);
    assertNull(sessions.open(caller("other"), "a", false, null).will());
    Opened back = sessions.open(ONE, "a", false, null);
    assertTrue(back.present());
    assertEquals(will, back.will());
    assertFalse(back.session().takeWill(will), "it is not said any more when its time is over");
    sessions.left(ONE, "a", back.session(), null, HOUR, will);
    Opened anew = sessions.open(ONE, "a", true, null);
    assertFalse(anew.present());
    assertEquals(will, anew.will());
  }

  @Test
  void theOldestGoesAndOfTheSameCallerFirst() throws TakenOver {
    Wills.Left will = will();
    leaves(caller("other"), "a", null);
    leaves(ONE, "b", will);
    assertEquals(List.of(will), leaves(ONE, "c", null), "the will of the session that went");
    assertEquals(2, sessions.size());
    assertTrue(sessions.open(caller("other"), "a", false, null).present());
    assertTrue(sessions.open(ONE, "c", false, null).present());
    assertFalse(sessions.open(ONE, "b", false, null).present());
  }

  @Test
  void aMessageThatIsOnItsWayIsNotSentAgain() {
    Session session = new Session();
    assertNull(session.begin(7));
    Future<String> again = session.begin(7);
    assertFalse(again.isComplete());
    assertFalse(session.release(7), "it is not answered yet");
    session.ended(7, null, null, false);
    assertTrue(again.succeeded());
    assertTrue(session.begin(7).succeeded());
    assertTrue(session.release(7));
    assertNull(session.begin(7));
    Future<String> lost = session.begin(7);
    session.ended(7, new Failure.Busy("away"), null, false);
    assertThrows(Failure.Busy.class, () -> {
      throw lost.cause();
    });
    assertNull(session.begin(7), "it may be sent again");
  }
}

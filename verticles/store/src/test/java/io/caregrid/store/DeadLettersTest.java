package io.caregrid.store;

import static io.caregrid.store.Room.CALLER;
import static io.caregrid.store.Room.fails;
import static io.caregrid.store.Room.get;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.cluster.Source;
import io.caregrid.contract.Failure;
import io.vertx.core.buffer.Buffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Room.Key.class)
class DeadLettersTest {
  private static final UUID TOPIC = UUID.randomUUID();
  private static final Instant BEGIN = Instant.parse("2026-03-01T10:00:00Z");
  private DeadLetters letters;

  @BeforeEach
  void thirtyOfThreeReasons(Room room) {
    room.sql("delete from dead_letter");
    letters = new DeadLetters(room.database());
    List<DeadLetter> thirty = new ArrayList<>();
    for (int n = 0; n < 30; n++)
      thirty.add(new DeadLetter(new Source(TOPIC, 0, n, -1), "reason-" + n % 3, "", n % 2 == 0 ? "even" : null,
          Buffer.buffer("x".repeat(100)), BEGIN.plusSeconds(n), Map.of("a", "b" + n), null));
    get(letters.keep(CALLER, thirty));
  }

  @Test
  void pagesLeadThroughAllOfAKindOnceInEitherDirection() {
    LetterQuery query = new LetterQuery("reason-1", null, null, null, null);
    List<Long> newest = new ArrayList<>();
    Source after = null;
    for (boolean more = true; more;) {
      DeadLetters.Letters page = get(letters.newest(CALLER, query, new LetterQuery.Page(3, after), 1 << 20));
      page.letters().forEach(letter -> newest.add(letter.source().offset()));
      more = page.more();
      after = page.letters().isEmpty() ? null : page.letters().get(page.letters().size() - 1).source();
    }

    assertEquals(List.of(28L, 25L, 22L, 19L, 16L, 13L, 10L, 7L, 4L, 1L), newest);
    assertEquals(List.of(1L, 4L), get(letters.oldest(CALLER, query, new LetterQuery.Page(2, null), 1 << 20)).letters()
        .stream()
        .map(letter -> letter.source().offset())
        .toList());
  }

  @Test
  void whatIsAskedForIsAllThatIsTold() {
    LetterQuery query = new LetterQuery(null, "even", BEGIN.plusSeconds(10), BEGIN.plusSeconds(20), false);

    DeadLetters.Letters found = get(letters.newest(CALLER, query, new LetterQuery.Page(100, null), 1 << 20));

    assertEquals(List.of(18L, 16L, 14L, 12L, 10L),
        found.letters().stream().map(letter -> letter.source().offset()).toList());
    assertEquals(Map.of("a", "b18"), found.letters().get(0).headers());
    assertFalse(found.more());
  }

  @Test
  void aPageEndsBeforeItIsTooLargeButHasOneAlways() {
    DeadLetters.Letters few = get(letters.newest(CALLER, LetterQuery.ALL, new LetterQuery.Page(20, null), 250));
    DeadLetters.Letters one = get(letters.newest(CALLER, LetterQuery.ALL, new LetterQuery.Page(20, null), 10));

    assertEquals(2, few.letters().size());
    assertTrue(few.more());
    assertEquals(1, one.letters().size());
  }

  @Test
  void whatWasSentAgainIsCountedApart() {
    List<DeadLetter> two = get(letters.oldest(CALLER, new LetterQuery("reason-2", null, null, null, false),
        new LetterQuery.Page(2, null), 1 << 20)).letters();

    get(letters.replayed(CALLER, two));

    assertEquals(List.of("reason-0 10 0", "reason-1 10 0", "reason-2 8 2"), get(letters.byReason(CALLER)).stream()
        .map(one -> one.reason() + " " + one.open() + " " + one.replayed())
        .toList());
    LetterQuery replayed = new LetterQuery(null, null, null, null, true);
    assertEquals(2, get(letters.newest(CALLER, replayed, new LetterQuery.Page(9, null), 1 << 20)).letters().size());
    assertEquals(two.get(0).source(), get(letters.one(CALLER, two.get(0).source().toString())).source());
    fails(Failure.NotFound.class, 404, letters.one(CALLER, "nowhere"));
  }
}

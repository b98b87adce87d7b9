package io.caregrid.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.pgclient.PgException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Who goes with whom, and when; the database is a list. */
class GroupedTest implements Grouped.Ways<String> {
  private static final long HOUR = 3_600_000;
  private final Vertx vertx = Vertx.vertx();
  private final List<String> sent = new CopyOnWriteArrayList<>();
  private final List<Runnable> ends = new CopyOnWriteArrayList<>();

  private volatile boolean refusing;
  private volatile Set<String> lost = Set.of();

  @AfterEach
  void close() {
    Room.get(vertx.close());
  }

  @Override
  public String key(String one) {
    return one;
  }

  @Override
  public int bytes(String one) {
    return 1;
  }

  @Override
  public boolean isGuess(String one) {
    return one.equals("guess");
  }

  @Override
  public Future<Set<String>> together(List<String> many) {
    Promise<Set<String>> done = Promise.promise();
    ends.add(() -> {
      if (refusing) done.tryFail(new PgException("refused", "ERROR", "23514", ""));
      else done.tryComplete(many.stream().filter(one -> !lost.contains(one)).collect(Collectors.toSet()));
    });
    sent.add(String.join("", many));
    return done.future();
  }

  @Override
  public Future<Boolean> alone(String one) {
    Promise<Boolean> done = Promise.promise();
    ends.add(() -> done.tryComplete(true));
    sent.add(one);
    return done.future();
  }

  @Test
  void aFewWaitForAGroupOfSeveralAndSeveralBeginBesideIt() {
    Grouped<String> grouped = new Grouped<>(vertx, 2, HOUR, aside(1), this);
    List<Future<Boolean>> all = new ArrayList<>();

    Stream.of("a", "b", "c", "d", "e").forEach(one -> all.add(grouped.add(one)));
    assertEquals(List.of("a", "b"), sent, "the first go at once, no more than two");
    ends.get(0).run();
    until("a", "b", "cde");
    all.add(grouped.add("f"));
    ends.get(1).run();
    all.add(grouped.add("g"));
    all.add(grouped.add("h"));
    assertEquals(List.of("a", "b", "cde"), sent, "a few wait for the end of a group of several");
    all.add(grouped.add("i"));
    until("a", "b", "cde", "fghi");
    all.add(grouped.add("j"));
    ends.get(2).run();
    assertEquals(List.of("a", "b", "cde", "fghi"), sent, "one waits for the other group's end");
    ends.get(3).run();
    until("a", "b", "cde", "fghi", "j");
    all.add(grouped.add("k"));
    until("a", "b", "cde", "fghi", "j", "k");
    ends.get(4).run();
    ends.get(5).run();

    assertTrue(all.stream().allMatch(done -> Room.get(done)));
  }

  @Test
  void whoOnlyGuessedIsToldThatHeLostAndOthersGoAloneOnceMore() {
    Grouped<String> grouped = new Grouped<>(vertx, 1, HOUR, aside(1), this);
    lost = Set.of("guess", "sure");
    Future<Boolean> first = grouped.add("first");
    Future<Boolean> guess = grouped.add("guess");
    Future<Boolean> sure = grouped.add("sure");
    Future<Boolean> well = grouped.add("well");

    until("first");
    ends.get(0).run();
    until("first", "guesssurewell");
    ends.get(1).run();
    until("first", "guesssurewell", "sure");
    assertFalse(Room.get(guess));
    ends.get(2).run();

    assertTrue(Room.get(first) && Room.get(sure) && Room.get(well));
    assertEquals(3, sent.size());
  }

  private Turnstile aside(int atOnce) {
    return new Turnstile(vertx, atOnce, 100, Duration.ofMinutes(1), "crowded");
  }

  /** On the thread of the timers: none of them ends in between, however long it takes. */
  private void atOnce(Runnable all) {
    vertx.runOnContext(now -> all.run());
  }

  private void until(String... all) {
    Room.until(String.join(" ", all), () -> sent.equals(List.of(all)));
  }

  @Test
  void whoIsHeldGivesHisPlaceToOthersAndIsDoneAllTheSame() {
    Grouped<String> grouped = new Grouped<>(vertx, 1, 20, aside(1), this);
    Future<Boolean> held = grouped.add("held");
    Future<Boolean> next = grouped.add("next");

    Room.until("the next one begins", () -> sent.contains("next"));
    ends.get(1).run();
    assertTrue(Room.get(next));
    assertFalse(held.isComplete());
    ends.get(0).run();

    assertTrue(Room.get(held));
    Future<Boolean> last = grouped.add("last");
    Room.until("places are free again", () -> sent.contains("last"));
    ends.get(2).run();
    assertTrue(Room.get(last));
  }

  @Test
  void noMoreGiveTheirPlacesUpThanThereIsRoomAside() {
    Turnstile aside = aside(2);
    Grouped<String> some = new Grouped<>(vertx, 1, 20, aside, this);
    Grouped<String> others = new Grouped<>(vertx, 1, HOUR, aside, this);
    List<Future<Boolean>> held = new ArrayList<>();
    for (String one : List.of("a", "b", "c", "d")) {
      held.add(some.add(one));
      if (sent.size() < 3) Room.until(one + " begins", () -> sent.contains(one));
    }

    assertFalse(aside.enterNow(), "a and b wait aside");
    Future<Boolean> other = others.add("other");
    until("a", "b", "c", "other");
    ends.get(0).run();
    until("a", "b", "c", "other", "d");

    for (Runnable end : ends) end.run();
    held.forEach(one -> assertTrue(Room.get(one)));
    assertTrue(Room.get(other));
    for (int place = 0; place < 2; place++) Room.until("all have left", aside::enterNow);
  }

  @Test
  void whatIsRefusedGoesAsideAloneAndNoMoreAtOnceThanThereIsRoom() {
    refusing = true;
    Grouped<String> grouped = new Grouped<>(vertx, 1, 20, aside(2), this);
    List<Future<Boolean>> all = new CopyOnWriteArrayList<>();
    atOnce(() -> {
      Stream.of("a", "b", "c", "d", "e").forEach(one -> all.add(grouped.add(one)));
      ends.get(0).run();
    });
    until("a", "bcde");

    ends.get(1).run();
    until("a", "bcde", "b", "c");
    all.add(grouped.add("f"));
    until("a", "bcde", "b", "c", "f");
    for (int i = 2; i < 7; i++) {
      int next = i;
      Room.until("the next one is sent", () -> ends.size() > next);
      ends.get(i).run();
    }

    all.forEach(one -> assertTrue(Room.get(one)));
    assertEquals(Set.of("a", "bcde", "b", "c", "d", "e", "f"), Set.copyOf(sent));
  }

  @Test
  void aGroupThatIsStuckKeepsNobodyWaitingForCompany() {
    Grouped<String> grouped = new Grouped<>(vertx, 2, 20, aside(2), this);
    List<Future<Boolean>> all = new CopyOnWriteArrayList<>();
    atOnce(() -> Stream.of("a", "b", "c", "d").forEach(one -> all.add(grouped.add(one))));
    Room.until("the first ones wait aside, the others are stuck", () -> sent.size() == 3);

    all.add(grouped.add("e"));

    Room.until("e begins", () -> sent.contains("e"));
    for (Runnable end : ends) end.run();
    all.forEach(one -> assertTrue(Room.get(one)));
  }
}

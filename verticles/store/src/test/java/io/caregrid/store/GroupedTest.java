package io.caregrid.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Who goes with whom, and when; the database is a list. */
class GroupedTest implements Grouped.Ways<String> {
  private static final long HOUR = 3_600_000;
  private final Vertx vertx = Vertx.vertx();
  private final List<String> sent = new CopyOnWriteArrayList<>();
  private final List<Runnable> ends = new CopyOnWriteArrayList<>();

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
  public Future<Set<String>> together(List<String> many) {
    Promise<Set<String>> done = Promise.promise();
    ends.add(() -> done.tryComplete(Set.copyOf(many)));
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
    Grouped<String> grouped = new Grouped<>(vertx, 2, HOUR, this);
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

  private void until(String... all) {
    Room.until(String.join(" ", all), () -> sent.equals(List.of(all)));
  }

  @Test
  void whoIsHeldGivesHisPlaceToOthersAndIsDoneAllTheSame() {
    Grouped<String> grouped = new Grouped<>(vertx, 1, 20, this);
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
}

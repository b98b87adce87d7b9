package io.caregrid.analytics.lake.table;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.analytics.lake.store.ObjectStore;
import io.caregrid.analytics.lake.store.Place;
import io.caregrid.cluster.LakeConfig;
import io.caregrid.store.ChangeFeed.Cursor;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HeadsTest {
  private static final Instant T = Instant.parse("2026-11-21T10:00:00Z");
  private ObjectStore store;

  @BeforeEach
  void open(@TempDir Path folder) throws IOException {
    store = Place.open(LakeConfig.DEFAULT, folder);
  }

  @AfterEach
  void close() {
    store.close();
  }

  private static Head head(long number) {
    return new Head(number, UUID.randomUUID(), T, new Cursor(1, number, UUID.randomUUID()), new Cursor(1, 0, null), 7,
        T.plusMillis(5), Map.of("fhir/Patient", number, "fhir/vitals", 0L));
  }

  @Test
  void namesHaveTheSameDigitsInEveryLocale() throws IOException {
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.forLanguageTag("ar-EG"));
    try {
      assertTrue(new Heads(store).publish(head(1)));
      assertEquals(1, new Heads(store).newest().number());
      assertTrue(NewFiles.name(7).startsWith("00000000000000000007-"), NewFiles.name(7));
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void aHeadComesBackAsItWasPublishedAlsoToOthers() throws IOException {
    Heads heads = new Heads(store);
    assertNull(heads.newest());
    Head first = head(1);

    assertTrue(heads.publish(first));

    assertEquals(first, heads.newest());
    assertEquals(first, new Heads(store).newest());
  }

  @Test
  void ofTwoWithOneNumberTheFirstStays() throws IOException {
    Head first = head(1);
    assertTrue(new Heads(store).publish(first));

    assertFalse(new Heads(store).publish(head(1)));

    assertEquals(first, new Heads(store).newest());
  }

  @Test
  void whoKnowsAnOldOneFindsTheNewestHoweverManyCameSince() throws IOException {
    Heads reader = new Heads(store);
    Heads writer = new Heads(store);
    writer.publish(head(1));
    assertEquals(1, reader.newest().number());
    for (int number = 2; number <= 1_100; number++) writer.publish(head(number));

    assertEquals(1_100, reader.newest().number());
    assertEquals(1_100, new Heads(store).newest().number());
  }

  @Test
  void oldOnesCanBeTakenAway() throws IOException {
    Heads heads = new Heads(store);
    for (int number = 1; number <= 3; number++) heads.publish(head(number));

    List<Long> below = heads.below(3);
    assertEquals(2, heads.at(2).number());
    for (long old : below) heads.delete(old);

    assertEquals(List.of(1L, 2L), below);
    assertEquals(List.of(), new Heads(store).below(3));
    assertNull(heads.at(2));
    assertEquals(3, new Heads(store).newest().number());
  }

  @Test
  void whatIsNoHeadIsNamed() throws IOException {
    String name = "_lake/heads/00000000000000000001.json";
    store.putIfAbsent(name, new byte[] {'{', '}'});

    IOException refused = assertThrows(IOException.class, () -> new Heads(store).newest());

    assertTrue(refused.getMessage().contains(name), refused.getMessage());
  }
}

package io.caregrid.dicom.ul;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * All 247 cells. Written down a second time, from the actions' side: PS3.8 tables 9-6 to 9-9 name for each action what triggers it, where table 9-10 names for
 * each event what it does. {@link AssociationTest} shows that the actions do what they say.
 */
class StateTableTest {
  private static final String TRIGGERS = """
      AE-1  1: 1
      AE-2  2: 4
      AE-3  3: 5
      AE-4  4: 5
      AE-5  5: 1
      AE-6  6: 2
      AE-7  7: 3
      AE-8  8: 3
      DT-1  9: 6
      DT-2  10: 6
      AR-1  11: 6
      AR-2  12: 6
      AR-3  13: 7 11
      AR-4  14: 8 12
      AR-5  17: 13
      AR-6  10: 7
      AR-7  9: 8
      AR-8  12: 7
      AR-9  14: 9
      AR-10 13: 10
      AA-1  3: 2
      AA-1  4: 2
      AA-1  10: 2
      AA-1  12: 2
      AA-1  13: 2
      AA-1  19: 2
      AA-1  15: 3 5 6 7 8 9 10 11 12
      AA-2  15: 4
      AA-2  16: 2 13
      AA-2  18: 2 13
      AA-3  16: 3 5 6 7 8 9 10 11 12
      AA-4  17: 3 4 5 6 7 8 9 10 11 12
      AA-5  17: 2
      AA-6  3: 13
      AA-6  4: 13
      AA-6  10: 13
      AA-6  12: 13
      AA-6  13: 13
      AA-7  6: 13
      AA-7  19: 13
      AA-8  3: 3 6 7 8 9 10 11 12
      AA-8  4: 3 6 7 8 9 10 11 12
      AA-8  6: 3 5 6 7 8 9 10 11 12
      AA-8  10: 3 5 8 9 10 11 12
      AA-8  12: 3 5 8 9 10 11 12
      AA-8  13: 3 5 6 8 9 12
      AA-8  19: 3 5 6 7 8 9 10 11 12
      """;

  @Test
  void everyCellIsWhatTheStandardSaysAndTheOthersAreBlank() {
    Map<Event, Map<State, Action>> expected = new EnumMap<>(Event.class);
    TRIGGERS.lines().forEach(line -> {
      String[] words = line.split("[ :]+");
      for (int i = 2; i < words.length; i++) {
        Action before = expected.computeIfAbsent(Event.valueOf("EVT" + words[1]), event -> new EnumMap<>(State.class))
            .put(State.valueOf("STA" + words[i]), Action.valueOf(words[0].replace('-', '_')));
        assertEquals(null, before, "two actions for " + line);
      }
    });

    for (Event event : Event.values())
      for (State state : State.values())
        assertEquals(expected.get(event).get(state), StateTable.action(state, event), event + " in " + state);
  }

  @Test
  void everyActionIsInTheTable() {
    Set<Action> seen = EnumSet.noneOf(Action.class);
    for (Event event : Event.values())
      for (State state : State.values())
        if (StateTable.action(state, event) != null) seen.add(StateTable.action(state, event));

    assertEquals(EnumSet.allOf(Action.class), seen);
  }
}

package io.caregrid.perf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class RoundsTest {
  @Test
  void theMiddleOfAnEvenNumberLiesBetweenTheTwoInTheMiddle() {
    assertEquals(15, Rounds.middle(List.of(20.0, 10.0)));
    assertEquals(2.5, Rounds.middle(List.of(4.0, 1.0, 3.0, 2.0)));
    assertEquals(2, Rounds.middle(List.of(3.0, 1.0, 2.0)));
    assertEquals(7, Rounds.middle(List.of(7.0)));
  }

  @Test
  void quartilesLieBetweenRoundsToo() {
    assertEquals(List.of(12.5, 15.0, 17.5), Rounds.quartiles(List.of(10.0, 20.0)));
    assertEquals(List.of(2.0, 3.0, 4.0), Rounds.quartiles(List.of(5.0, 4.0, 3.0, 2.0, 1.0)));
    assertEquals(5, Rounds.at(List.of(1.0, 5.0), 1));
  }

  @Test
  void whatIsNoNumberIsNoRound() {
    assertEquals(2, Rounds.middle(List.of(Double.NaN, 1.0, 3.0)));
    assertEquals(List.of(), Rounds.quartiles(List.of(Double.NaN)));
    assertTrue(Double.isNaN(Rounds.middle(List.of())));
  }
}

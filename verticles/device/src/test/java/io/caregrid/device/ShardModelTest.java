package io.caregrid.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.caregrid.device.ShardModel.Blow;
import io.caregrid.device.ShardModel.Rule;
import io.caregrid.device.ShardModel.Verdict;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The design loses and doubles nothing, whatever happens; and each of its rules is needed. */
class ShardModelTest {
  private static final int SEEDS = 3_000;
  private static final int MANY_SEEDS = 25_000;
  private static final Set<Rule> DESIGN = EnumSet.allOf(Rule.class);
  private static final Set<Blow> CRASHES = EnumSet.of(Blow.CRASH, Blow.MOVE, Blow.NORMALISER_CRASH,
      Blow.NORMALISER_HAUNTS);
  private static final Set<Blow> RESTORES = with(CRASHES, Blow.RESTORE_NOTICED, Blow.RESTORE_SILENT);
  private static final Set<Blow> RETENTION = with(RESTORES, Blow.RETENTION);
  private static final Set<Blow> LOST_TAIL = with(CRASHES, Blow.LOST_TAIL);
  private static final Set<Blow> EVERYTHING = EnumSet.allOf(Blow.class);

  static Stream<Arguments> weathers() {
    return Stream.of(Arguments.of("crashes", CRASHES, true), Arguments.of("restores", RESTORES, true),
        Arguments.of("retention", RETENTION, false), Arguments.of("lost tail", LOST_TAIL, false),
        Arguments.of("everything", EVERYTHING, false));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("weathers")
  void theDesignIsNeverWrong(String weather, Set<Blow> blows, boolean alwaysExact) {
    neverWrong(blows, alwaysExact, SEEDS);
  }

  @Tag("full")
  @ParameterizedTest(name = "{0}")
  @MethodSource("weathers")
  void theDesignIsNeverWrongInManyRuns(String weather, Set<Blow> blows, boolean alwaysExact) {
    neverWrong(blows, alwaysExact, MANY_SEEDS);
  }

  /** Without this the tests above would prove little. (The guard alone may go: where every event has a source, the marks repeat its work.) */
  @ParameterizedTest(name = "without {0}")
  @MethodSource("brokenVariants")
  void eachRuleIsNeeded(Set<Rule> missing, Set<Blow> blows) {
    Set<Rule> rules = EnumSet.copyOf(DESIGN);
    rules.removeAll(missing);

    long seed = 0;
    while (seed < MANY_SEEDS && ShardModel.run(seed, rules, blows) != Verdict.WRONG) seed++;

    System.out.printf("without %s: damage at seed %d%n", missing, seed);
    assertTrue(seed < MANY_SEEDS, "the model finds no damage without " + missing + ": it has no teeth there");
  }

  static Stream<Arguments> brokenVariants() {
    return Stream.of(broken(CRASHES, Rule.LOCK), broken(CRASHES, Rule.LOCK, Rule.SOURCE_MARKS),
        broken(CRASHES, Rule.SOURCE_MARKS),
        broken(CRASHES, Rule.GUARD, Rule.SOURCE_MARKS),
        broken(CRASHES, Rule.SEEK_TO_DATABASE, Rule.COMMIT_AFTER_WRITE, Rule.GAP_CHECK, Rule.LOOK_BACK),
        broken(RESTORES, Rule.SEEK_TO_DATABASE, Rule.GAP_CHECK, Rule.LOOK_BACK), broken(RESTORES, Rule.GAP_CHECK),
        broken(RESTORES, Rule.IDLE_CHECK), broken(RETENTION, Rule.BEGIN_CHECK),
        broken(LOST_TAIL, Rule.END_CHECK, Rule.LOOK_BACK, Rule.EPOCH_CHECK, Rule.PREFIX_CHECK),
        broken(LOST_TAIL, Rule.END_CHECK, Rule.LOOK_BACK), broken(LOST_TAIL, Rule.LOOK_BACK),
        broken(LOST_TAIL, Rule.EPOCH_CHECK),
        broken(LOST_TAIL, Rule.PREFIX_CHECK));
  }

  @Test
  void aRunIsDecidedByItsSeed() {
    for (long seed = 0; seed < 100; seed++)
      assertEquals(ShardModel.run(seed, DESIGN, EVERYTHING), ShardModel.run(seed, DESIGN, EVERYTHING));
  }

  private static void neverWrong(Set<Blow> blows, boolean alwaysExact, int seeds) {
    Map<Verdict, Integer> verdicts = new EnumMap<>(Verdict.class);
    for (long seed = 0; seed < seeds; seed++) {
      Verdict verdict = ShardModel.run(seed, DESIGN, blows);
      verdicts.merge(verdict, 1, Integer::sum);
      if (verdict == Verdict.WRONG || alwaysExact && verdict != Verdict.EXACT)
        fail("seed " + seed + " under " + blows + " is " + verdict);
    }
    System.out.printf("design under %s: %s%n", blows, verdicts);
    assertTrue(verdicts.getOrDefault(Verdict.EXACT, 0) > seeds / 20, "hardly any run went through: " + verdicts);
  }

  private static Arguments broken(Set<Blow> blows, Rule... missing) {
    return Arguments.of(EnumSet.copyOf(Set.of(missing)), blows);
  }

  private static Set<Blow> with(Set<Blow> some, Blow... more) {
    Set<Blow> all = EnumSet.copyOf(some);
    all.addAll(Set.of(more));
    return all;
  }
}

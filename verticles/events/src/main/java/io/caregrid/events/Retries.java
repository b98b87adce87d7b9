package io.caregrid.events;

import io.caregrid.events.Courier.Answer;
import io.caregrid.store.Deliveries.Delivery;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * When what was not taken is sent again. Pure but for chance, by which each pause is up to a fifth shorter or longer.
 *
 * @param first        pause after the first failure that may pass by itself; doubled after each
 * @param most         longest of them
 * @param asked        longest pause that a target may ask for (Retry-After)
 * @param refused      pauses after answers by which the target does not want it; after the last one it is given up
 * @param giveUpAfter  so long after the first failure it is given up in any case
 * @param failingAfter failures of a target in a row after which it is tried with one thing at a time
 */
record Retries(Duration first, Duration most, Duration asked, List<Duration> refused, Duration giveUpAfter,
    int failingAfter, RandomGenerator chance) {

  static Retries of(Duration giveUpAfter, RandomGenerator chance) {
    return new Retries(Duration.ofSeconds(1), Duration.ofMinutes(15), Duration.ofHours(1),
        List.of(Duration.ofMinutes(1), Duration.ofMinutes(4), Duration.ofMinutes(15), Duration.ofMinutes(40)),
        giveUpAfter, 10, chance);
  }

  /** Null: it is given up. */
  Duration again(Delivery delivery, Answer answer, Instant now) {
    Instant since = delivery.failed() == null ? now : delivery.failed();
    if (Duration.between(since, now).compareTo(giveUpAfter) >= 0) return null;
    if (answer.isRefusal())
      return delivery.tries() < refused.size() ? about(refused.get(delivery.tries())) : null;
    return asked(answer, doubled(delivery.tries()));
  }

  /** Before a failing target is tried again. @param failures in a row, at least {@code failingAfter}: then the pauses begin anew */
  Duration pause(int failures, Answer answer) {
    int tried = Math.max(0, failures - failingAfter);
    if (answer.isRefusal()) return about(refused.get(Math.min(tried, refused.size() - 1)));
    return asked(answer, doubled(tried));
  }

  private Duration asked(Answer answer, Duration otherwise) {
    Duration wanted = wanted(answer);
    return wanted.compareTo(otherwise) > 0 ? wanted : otherwise;
  }

  /** The pause that the target asks for, which is meant for whatever comes next as well (RFC 9110 10.2.3, RFC 6585 4). Zero when it asks for none. */
  Duration wanted(Answer answer) {
    if (answer.retryAfter() == null) return Duration.ZERO;
    return answer.retryAfter().compareTo(asked) > 0 ? asked : answer.retryAfter();
  }

  private Duration doubled(int times) {
    Duration pause = first.multipliedBy(1L << Math.min(times, 20));
    return about(pause.compareTo(most) > 0 ? most : pause);
  }

  private Duration about(Duration pause) {
    return Duration.ofMillis(Math.round(pause.toMillis() * (0.8 + 0.4 * chance.nextDouble())));
  }
}

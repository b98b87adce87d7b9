package io.caregrid.analytics.lake;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class LatenessTest {
  private static final Instant NOW = Instant.parse("2026-11-22T03:00:00Z");
  private final ListAppender<ILoggingEvent> said = new ListAppender<>();
  private final Logger logger = (Logger) LoggerFactory.getLogger(Lateness.class);
  private final Lateness lateness = new Lateness(Duration.ofMinutes(15));

  @BeforeEach
  void listen() {
    said.start();
    logger.addAppender(said);
  }

  @AfterEach
  void stop() {
    logger.detachAppender(said);
  }

  private static Instant ago(long minutes) {
    return NOW.minus(Duration.ofMinutes(minutes));
  }

  private List<String> levels() {
    return said.list.stream().map(each -> each.getLevel().toString()).toList();
  }

  @Test
  void whatIsBehindTheFeedByMoreThanItMayIsToldOnceAndThatItIsOverToo() {
    assertFalse(lateness.look(NOW, ago(15), null));
    assertTrue(lateness.look(NOW.plusMillis(1), ago(15), null));
    assertTrue(lateness.look(NOW.plusSeconds(60), ago(15), null));
    assertTrue(lateness.isLate());
    assertEquals(List.of("WARN"), levels());

    assertFalse(lateness.look(NOW.plusSeconds(70), NOW, null));
    assertFalse(lateness.isLate());
    assertEquals(List.of("WARN", "INFO"), levels());
  }

  @Test
  void aCommitMayWaitForItsMergeAsLongAsMaxLagAndAsLongAgain() {
    assertFalse(lateness.look(NOW, NOW, ago(30)));
    assertTrue(lateness.look(NOW, NOW, ago(31)));
  }

  @Test
  void aNodeThatDoesNotKeepTheLakeIsNeverLate() {
    assertTrue(lateness.look(NOW, ago(60), null));
    assertFalse(lateness.look(NOW, null, ago(60)));
  }
}

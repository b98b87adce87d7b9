package io.caregrid.platform.demo;

import io.caregrid.platform.Platform;
import java.time.Duration;
import java.time.Instant;
import java.util.function.Supplier;

/** The token by which the monitors send where the node asks who calls: made anew in good time before it expires. One thread. */
final class Badge implements Supplier<String> {
  private static final Duration GOOD = Duration.ofHours(1);
  private final Platform platform;
  private String token;
  private Instant renewal = Instant.MIN;

  Badge(Platform platform) {
    this.platform = platform;
  }

  /** Null where the door is open. */
  @Override
  public String get() {
    if (platform.config().isOpen()) return null;
    Instant now = Instant.now();
    if (now.isAfter(renewal)) {
      token = platform.token("demo-monitors", "Telemetry Sender", GOOD);
      renewal = now.plus(GOOD.dividedBy(2));
    }
    return token;
  }
}

package io.caregrid.api.signin;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How often this node asks the issuer to take a code, for people whom nobody knows yet. In all {@link #MOST} at once and {@link #PER_SECOND} a second from
 * then on; of one address {@link #FAILURES} that fail, and one more every {@link #PARDON}. What succeeds costs an address nothing, so a ward behind one
 * address signs in as it likes. An IPv6 network of 64 bits is one address: it is somebody's. Any thread.
 */
final class Turnstile {
  static final int MOST = 200;
  static final int PER_SECOND = 20;
  static final int FAILURES = 20;
  static final Duration PARDON = Duration.ofSeconds(3);
  private static final int MOST_ADDRESSES = 10_000;
  private static final int NETWORK_BYTES = 8;
  private final Clock clock;
  private final Allowance all;
  private final Map<ByteBuffer, Allowance> failures = new LinkedHashMap<>(256, 0.75f, true) {
    private static final long serialVersionUID = 1;

    @Override
    protected boolean removeEldestEntry(Map.Entry<ByteBuffer, Allowance> eldest) {
      return size() > MOST_ADDRESSES;
    }
  };

  Turnstile(Clock clock) {
    this.clock = clock;
    all = new Allowance(MOST, Duration.ofSeconds(1).dividedBy(PER_SECOND), clock.instant());
  }

  /** False: not now. True: and {@link #pardon} when it went well, or when it was not the caller's fault. */
  synchronized boolean lets(String address) {
    Instant now = clock.instant();
    Allowance own = failures.computeIfAbsent(network(address), first -> new Allowance(FAILURES, PARDON, now));
    if (!own.has(now) || !all.has(now)) return false;
    own.take();
    all.take();
    return true;
  }

  synchronized void pardon(String address) {
    Allowance own = failures.get(network(address));
    if (own != null) own.give();
  }

  private static ByteBuffer network(String address) {
    try {
      byte[] bytes = InetAddress.getByName(address == null ? "" : address).getAddress();
      return ByteBuffer.wrap(bytes.length > 4 ? Arrays.copyOf(bytes, NETWORK_BYTES) : bytes);
    } catch (UnknownHostException none) {
      return ByteBuffer.allocate(0);
    }
  }

  /** So many at once, and one more each time. */
  private static final class Allowance {
    private final int most;
    private final Duration each;
    private double left;
    private Instant seen;

    Allowance(int most, Duration each, Instant now) {
      this.most = most;
      this.each = each;
      this.left = most;
      this.seen = now;
    }

    boolean has(Instant now) {
      if (now.isAfter(seen)) {
        left = Math.min(most, left + (double) Duration.between(seen, now).toMillis() / each.toMillis());
        seen = now;
      }
      return left >= 1;
    }

    void take() {
      left--;
    }

    void give() {
      left = Math.min(most, left + 1);
    }
  }
}

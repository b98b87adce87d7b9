package io.caregrid.cluster;

import static io.caregrid.cluster.ConfigException.require;

import java.time.Duration;

/**
 * What one SQL query may cost.
 *
 * @param timeout         longest it runs, 1 s..1 min: well below the time after which the HTTP port hangs up on a silent connection
 * @param memoryMegabytes outside the heap, for all queries together, 128..1000000; what does not fit goes to disk
 * @param threads         for all queries together, 1..256; 0: half of the processors, at least one
 * @param atOnce          queries running at the same time, 1..64; four times as many wait, more are answered 503
 * @param rows            most rows of an answer in JSON or CSV, 1..10000000; Parquet has no limit but {@code resultMegabytes}
 * @param resultMegabytes largest answer, 1..100000
 */
public record SqlConfig(Duration timeout, int memoryMegabytes, int threads, int atOnce, int rows, int resultMegabytes) {

  public static final SqlConfig DEFAULT = new SqlConfig(Duration.ofSeconds(30), 512, 0, 2, 1_000_000, 1_000);

  public SqlConfig {
    require(timeout.toMillis() >= 1000 && timeout.toMillis() <= 60_000,
        "lake.sql.timeout must be PT1S..PT1M, not " + timeout);
    within("memoryMegabytes", memoryMegabytes, 128, 1_000_000);
    within("threads", threads, 0, 256);
    within("atOnce", atOnce, 1, 64);
    within("rows", rows, 1, 10_000_000);
    within("resultMegabytes", resultMegabytes, 1, 100_000);
  }

  /** Never zero. */
  public int threadsHere() {
    return threads > 0 ? threads : Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
  }

  private static void within(String name, int value, int least, int most) {
    require(value >= least && value <= most, "lake.sql." + name + " must be " + least + ".." + most + ", not " + value);
  }
}

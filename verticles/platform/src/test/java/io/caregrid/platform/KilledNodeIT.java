package io.caregrid.platform;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.engines.Memory;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A node with everything inside it is killed in the middle of a stream, again and again on the same folder. */
@Tag("full")
class KilledNodeIT {
  private static final int KILLS = 10;
  private static final int SECONDS_A_BODY = 10;
  /** Readings acknowledged before a node is killed; somewhere up to that, so that kills hit every stage. */
  private static final int MOST_BEFORE_KILL = 3_000;
  @TempDir(factory = Memory.class)
  Path temp;

  @Test
  void tenKillsInARowLoseAndDoubleNothing() throws Exception {
    long seed = Long.getLong("caregrid.test.seed", 20261122);
    try {
      tenKills(new Random(seed));
    } catch (AssertionError wrong) {
      throw new AssertionError("caregrid.test.seed " + seed + ": " + wrong.getMessage(), wrong);
    }
  }

  private void tenKills(Random random) throws Exception {
    Ledger ledger = new Ledger("bed-", 8, true);
    for (int kill = 1; kill <= KILLS; kill++) {
      ChildNode node = ChildNode.start(temp.resolve("logs/node-" + kill + ".log"), settings(), "--dev");
      Thread sender = new Thread(() -> send(ledger, node.http()), "sender");
      int before = ledger.promisedReadings();
      sender.start();
      int until = before + 1 + random.nextInt(MOST_BEFORE_KILL);
      TestNode.eventually(Duration.ofSeconds(60), "the stream", () -> ledger.promisedReadings() >= until ? true : null);
      node.kill();
      sender.join();
      System.out.printf("kill %d: acknowledged %d, unanswered %d%n", kill, ledger.promisedReadings(),
          ledger.unansweredReadings());
    }

    try (ChildNode node = ChildNode.start(temp.resolve("logs/node-last.log"), settings(), "--dev")) {
      TestNode.eventually(Duration.ofSeconds(90), "all that was acknowledged",
          () -> ledger.difference(node.http()) == null ? true : null);
      awaitLake(node);
      assertTrue(ledger.promisedReadings() > 1000, "the stream was a stream: " + ledger.promisedReadings());
      double seconds = node.stop();
      System.out.printf("stopped on SIGTERM after %.1f s%n", seconds);
      assertTrue(seconds < 90, "stopped after " + seconds + " s: systemd kills what takes longer");
    }
  }

  /** Its commits and merges were killed with the node: the lake is the store all the same. */
  static void awaitLake(ChildNode node) throws Exception {
    String[] last = new String[1];
    try {
      TestNode.eventually(Duration.ofSeconds(90), "a lake equal to the store",
          () -> (last[0] = LakeDifference.of(node.http())) == null ? true : null);
    } catch (AssertionError late) {
      throw new AssertionError(last[0], late);
    }
  }

  private Map<String, String> settings() {
    Map<String, String> settings = new HashMap<>();
    settings.put("data", temp.resolve("data").toString());
    settings.put("http.port", "0");
    settings.put("cluster.shards", "4");
    settings.put("kafka.sourcePartitions", "1");
    settings.put("shard.batchAge", "1s");
    settings.put("identity.mode", "Create");
    settings.put("lake.openPeriod", "2s");
    return settings;
  }

  /** One body after the other until nobody answers any more (then the node is dead) or this thread is interrupted. */
  static void send(Ledger ledger, String http) {
    while (true) {
      Ledger.Span span = ledger.next(SECONDS_A_BODY);
      try {
        HttpResponse<String> answer = TestNode.post(http + "/ingest", "application/x-ndjson",
            String.join("\n", ledger.messages(span)));
        if (answer.statusCode() == 202) ledger.promise(span);
        else ledger.noPromise(span);
        Thread.sleep(20);
      } catch (IOException dead) {
        ledger.noPromise(span);
        return;
      } catch (InterruptedException stopped) {
        ledger.noPromise(span);
        return;
      }
    }
  }
}

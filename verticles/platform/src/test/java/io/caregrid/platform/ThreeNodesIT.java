package io.caregrid.platform;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalKafka;
import io.caregrid.engines.LocalPostgres;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Three nodes, each a process, on one Kafka and one PostgreSQL. */
@Tag("full")
@ExtendWith(Engines.class)
class ThreeNodesIT {
  @TempDir
  Path temp;
  private final List<ChildNode> nodes = new ArrayList<>();

  @AfterEach
  void stop() throws InterruptedException {
    for (ChildNode node : nodes) node.close();
  }

  @Test
  void killingOneOfThreeUnderLoadLosesAndDoublesNothing(LocalPostgres postgres, LocalKafka kafka) throws Exception {
    start(postgres, kafka);
    List<Ledger> ledgers = List.of(new Ledger("a-", 4, false), new Ledger("b-", 4, false), new Ledger("c-", 4, false));
    List<Thread> senders = new ArrayList<>();
    for (int n = 0; n < 3; n++) senders.add(sender(ledgers.get(n), nodes.get(n).http()));
    TestNode.eventually(Duration.ofSeconds(60), "a stream",
        () -> ledgers.stream().allMatch(ledger -> ledger.promisedReadings() > 400) ? true : null);

    nodes.get(2).kill();
    long killed = System.nanoTime();
    int atKill = ledgers.get(0).promisedReadings();
    TestNode.eventually(Duration.ofSeconds(60), "the others go on",
        () -> ledgers.get(0).promisedReadings() > atKill + 400 ? true : null);
    senders.forEach(Thread::interrupt);
    for (Thread sender : senders) sender.join();
    for (Ledger ledger : ledgers) awaitAll(ledger);
    KilledNodeIT.awaitLake(nodes.get(1));

    System.out.printf("acknowledged %s, unanswered %s, all in the store %.1f s after the kill%n",
        ledgers.stream().map(Ledger::promisedReadings).toList(),
        ledgers.stream().map(Ledger::unansweredReadings).toList(), (System.nanoTime() - killed) / 1e9);
  }

  @Test
  void aRollingRestartLosesAndDoublesNothing(LocalPostgres postgres, LocalKafka kafka) throws Exception {
    Map<String, String> shared = start(postgres, kafka);
    Ledger ledger = new Ledger("r-", 4, false);
    Thread sender = sender(ledger, nodes.get(0).http());

    for (int n = 1; n < 3; n++) {
      double seconds = nodes.get(n).stop();
      System.out.printf("node %d stopped after %.1f s%n", n, seconds);
      assertTrue(seconds < 90, "stopped after " + seconds + " s: systemd kills what takes longer");
      nodes.set(n, ChildNode.start(temp.resolve("logs/again-" + n + ".log"), settings(shared, n)));
    }
    sender.interrupt();
    sender.join();
    awaitAll(ledger);
    KilledNodeIT.awaitLake(nodes.get(0));
  }

  private void awaitAll(Ledger ledger) throws Exception {
    String[] last = new String[1];
    try {
      TestNode.eventually(Duration.ofSeconds(60), "all that was acknowledged",
          () -> (last[0] = ledger.difference(nodes.get(0).http())) == null ? true : null);
    } catch (AssertionError late) {
      throw new AssertionError(last[0], late);
    }
    assertTrue(ledger.promisedReadings() > 0);
  }

  private static Thread sender(Ledger ledger, String http) {
    Thread sender = new Thread(() -> KilledNodeIT.send(ledger, http), "sender");
    sender.start();
    return sender;
  }

  private Map<String, String> start(LocalPostgres postgres, LocalKafka kafka) throws IOException, InterruptedException {
    Map<String, String> shared = TestNode.settings(postgres, kafka, temp);
    List<Integer> ports = freePorts(3);
    shared.put("members", ports.stream().map(port -> "127.0.0.1:" + port).collect(Collectors.joining(",")));
    shared.put("cluster.shards", "12");
    shared.put("kafka.sourcePartitions", "3");
    for (int n = 0; n < 3; n++)
      nodes.add(ChildNode.launch(temp.resolve("logs/node-" + n + ".log"), settings(shared, n)));
    for (ChildNode node : nodes) node.awaitRunning();
    return shared;
  }

  private Map<String, String> settings(Map<String, String> shared, int n) {
    Map<String, String> settings = new HashMap<>(shared);
    String members = settings.remove("members");
    settings.put("name", "node-" + n);
    settings.put("data", temp.resolve("data-" + n).toString());
    settings.put("cluster.members", members);
    settings.put("cluster.port", members.split(",")[n].split(":")[1]);
    settings.put("lake.place", temp.resolve("lake").toString());
    settings.put("lake.openPeriod", "2s");
    settings.put("cluster.mode", "cluster");
    settings.put("cluster.durability", "single-machine-i-know-what-i-do");
    return settings;
  }

  /** None of those that the system gives to whoever asks for any: nobody has them when a node comes back. */
  private static List<Integer> freePorts(int count) throws IOException {
    List<Integer> ports = new ArrayList<>();
    for (int port = ThreadLocalRandom.current().nextInt(10_000, 30_000); ports.size() < count; port++) {
      try (ServerSocket free = new ServerSocket(port, 1, InetAddress.getByName("127.0.0.1"))) {
        ports.add(free.getLocalPort());
      } catch (BindException taken) {
        continue;
      }
    }
    return ports;
  }
}

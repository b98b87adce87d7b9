package io.caregrid.dicom.archive;

import static io.caregrid.dicom.Await.get;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.engines.Memory;
import io.caregrid.engines.OwnPort;
import io.caregrid.store.ImageIndex.Located;
import io.caregrid.store.Schema;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.pgclient.PgConnection;
import io.vertx.sqlclient.Tuple;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The promise under real faults: what was answered 0000H is here, whole; what was not is here whole or not at all; and the node goes on. */
@ExtendWith(Engines.class)
class FaultsIT {
  private static final int KILLS = 8;
  private static final int SENDERS = 4;
  private static final int SEGMENT = 4 << 20;
  private static final int SUCCESS = 0;
  private static final int OUT_OF_RESOURCES = 0xA700;

  private static DatabaseConfig database(LocalPostgres postgres) {
    return Vault.database(postgres,
        postgres.createDatabase(Schema.on(postgres.host(), postgres.port(), postgres.user(), postgres.password())));
  }

  @Test
  @Tag("full")
  void whatWasAnsweredBeforeAKillIsReadableAndNothingElseIsBroken(LocalPostgres postgres, @TempDir Path folder)
      throws Exception {
    DatabaseConfig database = database(postgres);
    long seed = Long.getLong("caregrid.test.seed", 20261121);
    try {
      killed(database, folder, new Random(seed));
    } catch (AssertionError wrong) {
      throw new AssertionError("caregrid.test.seed " + seed + ": " + wrong.getMessage(), wrong);
    }
  }

  private static void killed(DatabaseConfig database, Path folder, Random random) throws Exception {
    Map<Integer, Load> loads = new HashMap<>();
    for (int study = 1; study <= KILLS; study++) {
      loads.put(study, killed(database, folder, study, random.nextInt(10, 500), random.nextInt(20_000_000)));

      try (Vault vault = new Vault(database, folder, StoringNode.config(64 << 20), SEGMENT)) {
        check(vault, study, loads.get(study));
        get(vault.archive.keepNow());
        assertSound(vault);
      }
    }
    try (Vault vault = new Vault(database, folder, StoringNode.config(64 << 20), SEGMENT)) {
      for (Map.Entry<Integer, Load> each : loads.entrySet()) check(vault, each.getKey(), each.getValue());
    }
  }

  /** Sends until a node in a process of its own has answered so many, and kills it so many nanoseconds later. */
  private static Load killed(DatabaseConfig database, Path folder, int study, int answers, int later)
      throws Exception {
    Process child = StoringNode.java(StoringNode.class, List.of("-Xmx256m"), database, folder,
        String.valueOf(SEGMENT));
    try (BufferedReader said = child.inputReader()) {
      Load load = new Load(study, port(said), child.outputWriter());
      Thread listening = new Thread(() -> said.lines().forEach(load::heard), "child says");
      listening.start();
      load.start(SENDERS);
      until(() -> load.stored() >= answers || !child.isAlive());
      assertTrue(child.isAlive(), "the node ended by itself");
      LockSupport.parkNanos(later);
      child.destroyForcibly();
      load.join();
      listening.join();
      assertTrue(child.waitFor(60, TimeUnit.SECONDS));
      assertEquals(List.of(), load.failures());
      return load;
    }
  }

  private static int port(BufferedReader said) throws IOException {
    for (String line = said.readLine(); line != null; line = said.readLine())
      if (line.matches("port \\d+")) return Integer.parseInt(line.substring("port ".length()));
    throw new AssertionError("the node did not start");
  }

  private static void check(Vault vault, int study, Load load) {
    Map<String, Located> here = vault.instances(study)
        .stream()
        .collect(Collectors.toMap(Located::instance, Function.identity()));
    for (int n : load.mustBeHere())
      assertTrue(here.containsKey(Phantom.instance(study, n)), () -> "answered, but not here: " + n);
    for (int n : load.mustBeGone())
      assertFalse(here.containsKey(Phantom.instance(study, n)), () -> "deleted, but here: " + n);
    for (Located where : here.values()) {
      int n = number(where);
      assertArrayEquals(Load.image(study, n), vault.read(where), () -> "not what was sent: " + n);
    }
    System.out.println("study " + study + ": answered " + load.stored() + ", here " + here.size());
  }

  private static void assertSound(Vault vault) throws IOException {
    assertEquals(List.of(), Verification.run(vault.folder, vault.index, (bytes, all) -> {}).first());
  }

  @Test
  @Tag("full")
  void whileTheDatabaseIsAwayNothingIsAnsweredWithSuccess(@TempDir Path folder,
      @TempDir(factory = Memory.class) Path engine) throws Exception {
    OwnPort port = OwnPort.take();
    LocalPostgres postgres = LocalPostgres.start(engine, port.number());
    DatabaseConfig database = database(postgres);
    try (StoringNode node = new StoringNode(database, folder.resolve("dicom"), StoringNode.config(64 << 20), SEGMENT)) {
      Load before = new Load(1, node.dicom, null);
      before.start(SENDERS);
      until(() -> before.stored() >= 50);
      long pid = Long.parseLong(Files.readAllLines(engine.resolve("data/postmaster.pid")).get(0).strip());
      assertTrue(ProcessHandle.of(pid).orElseThrow().destroyForcibly());
      until(() -> !node.vault.archive.acceptsMore());
      before.join();

      assertFalse(before.failures().isEmpty(), "the senders heard of it");
      assertFalse(isStored(node, 1, 100_000), "answered 0000H without a database");
      try {
        postgres.close();
      } catch (RuntimeException deadAlready) {
        // its lock is free
      }
      postgres = LocalPostgres.start(engine, port.number());
      until(node.vault.archive::acceptsMore);
      until(() -> isStored(node, 1, 100_000));
      check(node.vault, 1, before);
      assertSound(node.vault);
    } finally {
      postgres.close();
      port.close();
    }
  }

  /** False: another status, or no association. */
  private static boolean isStored(StoringNode node, int study, int n) {
    try (Modality modality = new Modality(node.dicom)) {
      return modality.store(Phantom.instance(study, n), Load.image(study, n)) == SUCCESS;
    } catch (IOException rejected) {
      return false;
    }
  }

  @Test
  @Tag("full")
  void connectionsToTheDatabaseThatBreakLoseNothing(LocalPostgres postgres, @TempDir Path folder) throws Exception {
    DatabaseConfig database = database(postgres);
    try (StoringNode node = new StoringNode(database, folder, StoringNode.config(64 << 20), SEGMENT)) {
      PgConnection axe = get(PgConnection.connect(node.vault.vertx, new PgConnectOptions()
          .setHost(database.host())
          .setPort(database.port())
          .setDatabase("postgres")
          .setUser(database.user())
          .setPassword(database.password())));
      Random random = new Random(7);
      int broken = 0;
      Load load = new Load(1, node.dicom, null);
      for (int blow = 0; blow < 6; blow++) {
        int enough = load.stored() + random.nextInt(5, 60);
        load.start(SENDERS);
        until(() -> load.stored() >= enough);
        broken += get(axe.preparedQuery("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1")
            .execute(Tuple.of(database.database())))
            .size();
        load.stop();
        load.join();
      }

      assertTrue(broken > 0);
      until(node.vault.archive::acceptsMore);
      until(() -> isStored(node, 1, 100_000));
      check(node.vault, 1, load);
      assertSound(node.vault);
    }
  }

  /** strace makes the committer's third fdatasync fail, as a bad disk would: EIO once, and success ever after. */
  @Test
  @Tag("full")
  void aSegmentThatCouldNotBeForcedIsNotWrittenAgain(LocalPostgres postgres, @TempDir Path folder) throws Exception {
    needs(run("strace", "-f", "-qq", "-o", "/dev/null", "true"), "strace may not trace here");
    DatabaseConfig database = database(postgres);
    Process child = StoringNode.java(
        List.of("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync", "-e",
            "inject=fdatasync:error=EIO:when=3"),
        StoringNode.class, List.of(), database, folder, String.valueOf(SEGMENT));
    try (BufferedReader said = child.inputReader(); Modality modality = new Modality(port(said))) {
      List<Integer> answers = new ArrayList<>();
      for (int n = 0; n < 6; n++) answers.add(store(modality, n, 20_000));

      assertEquals(List.of(SUCCESS, SUCCESS, 0x0110, SUCCESS, SUCCESS, SUCCESS), answers);
    } finally {
      child.descendants().forEach(ProcessHandle::destroyForcibly);
      child.destroyForcibly().waitFor();
    }
    try (Vault vault = new Vault(database, folder, StoringNode.config(64 << 20), SEGMENT)) {
      List<Located> here = vault.instances(1);
      assertEquals(List.of(0, 1, 3, 4, 5), here.stream().map(FaultsIT::number).toList());
      for (Located each : here) assertArrayEquals(Phantom.image(1, number(each), 20_000), vault.read(each));
      assertEquals(here.get(0).file(), here.get(1).file());
      assertFalse(here.get(1).file().equals(here.get(2).file()), "a segment is written on after a failed fdatasync");
      assertSound(vault);
    }
  }

  /** No file of the node's may grow beyond 128 KiB: the sixth instance is written by halves. */
  @Test
  @Tag("full")
  void aWriteThatFailsHalfwayLeavesNothingAndTheNextInstanceIsStored(LocalPostgres postgres, @TempDir Path folder)
      throws Exception {
    needs(run("prlimit", "--fsize=131072", "true"), "prlimit is not here");
    DatabaseConfig database = database(postgres);
    Process child = StoringNode.java(List.of("prlimit", "--fsize=131072"), StoringNode.class,
        List.of("-XX:-UsePerfData", "-Xshare:off"), database, folder, String.valueOf(SEGMENT));
    try (BufferedReader said = child.inputReader(); Modality modality = new Modality(port(said))) {
      List<Integer> answers = new ArrayList<>();
      for (int n = 0; n < 8; n++) answers.add(store(modality, n, 20_000));

      assertEquals(List.of(SUCCESS, SUCCESS, SUCCESS, SUCCESS, SUCCESS, 0x0110, SUCCESS, SUCCESS), answers);
    } finally {
      child.destroyForcibly().waitFor();
    }
    try (Vault vault = new Vault(database, folder, StoringNode.config(64 << 20), SEGMENT)) {
      List<Located> here = vault.instances(1);
      assertEquals(List.of(0, 1, 2, 3, 4, 6, 7), here.stream().map(FaultsIT::number).toList());
      for (Located each : here) assertArrayEquals(Phantom.image(1, number(each), 20_000), vault.read(each));
      assertSound(vault);
    }
  }

  private static int number(Located instance) {
    return Integer.parseInt(instance.instance().substring(instance.instance().lastIndexOf('.') + 1));
  }

  private static void needs(boolean there, String what) {
    if (!there && "true".equals(System.getenv("CAREGRID_STRICT")))
      throw new AssertionError(what + ", and CAREGRID_STRICT is set");
    assumeTrue(there, what);
  }

  @Test
  @Tag("full")
  void twoGigabytesPassThroughASmallHeap(LocalPostgres postgres, @TempDir Path folder) throws Exception {
    Process child = StoringNode.java(HugeSender.class,
        List.of("-Xmx96m", "-XX:MaxDirectMemorySize=64m", "-XX:+UseSerialGC"), database(postgres), folder,
        String.valueOf(2_200_000_000L));
    List<String> said = new BufferedReader(new InputStreamReader(child.getInputStream())).lines()
        .filter(line -> line.matches("[A-Za-z]+"))
        .toList();

    assertTrue(child.waitFor(60, TimeUnit.SECONDS));
    assertEquals(List.of("STORED", "identical"), said);
    assertEquals(0, child.exitValue());
  }

  @Test
  @Tag("full")
  void aFullDiskIsAnsweredAndFreedRoomIsUsedAgain(LocalPostgres postgres, @TempDir Path folder) throws Exception {
    boolean mounted = run("mount", "-t", "tmpfs", "-o", "size=64m", "caregrid-test", folder.toString());
    needs(mounted, "only root may mount a small disk");
    try (StoringNode node = new StoringNode(database(postgres), folder.resolve("dicom"), StoringNode.config(16 << 20),
        SEGMENT); Modality modality = new Modality(node.dicom)) {
      full(node, modality, folder);
    } finally {
      run("umount", "-l", folder.toString());
    }
  }

  private static void full(StoringNode node, Modality modality, Path folder) throws Exception {
    for (int n = 0; n < 20; n++) assertEquals(SUCCESS, store(modality, n, 500_000));
    assertEquals(OUT_OF_RESOURCES, store(modality, 50, 80_000_000), "larger than the disk");
    assertEquals(SUCCESS, store(modality, 20, 4_000_000), "its room is free again");
    Path filler = folder.resolve("filler");
    fill(filler);

    for (int n = 21; n < 41; n++)
      assertEquals(OUT_OF_RESOURCES, store(modality, n, n % 5 == 0 ? 4_000_000 : 500_000));
    until(() -> !node.vault.archive.acceptsMore());
    assertEquals(503, stow(node, Phantom.image(1, 60, 100_000)));
    assertEquals(21, node.vault.instances(1).size());
    Files.delete(filler);
    until(node.vault.archive::acceptsMore);

    assertEquals(SUCCESS, store(modality, 21, 4_000_000));
    assertEquals(SUCCESS, store(modality, 22, 500_000));
    assertEquals(200, stow(node, Phantom.image(1, 60, 100_000)));
    assertEquals(24, node.vault.instances(1).size());
    Report report = Verification.run(node.vault.folder, node.vault.index, (bytes, all) -> {});
    assertEquals(List.of(), report.first());
    assertEquals(24, report.instances());
  }

  private static int store(Modality modality, int n, int pixels) throws IOException {
    return modality.store(Phantom.instance(1, n), Phantom.image(1, n, pixels));
  }

  private static int stow(StoringNode node, byte[] file) throws IOException, InterruptedException {
    HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + node.web + "/dicom-web/studies"))
        .header("Content-Type", "application/dicom")
        .header("Accept", "application/dicom+json")
        .POST(HttpRequest.BodyPublishers.ofByteArray(file))
        .build();
    return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
  }

  private static boolean run(String... command) throws Exception {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .start();
      return process.waitFor(60, TimeUnit.SECONDS) && process.exitValue() == 0;
    } catch (IOException noSuchCommand) {
      return false;
    }
  }

  /** Until nothing fits any more. */
  private static void fill(Path filler) throws IOException {
    byte[] chunk = new byte[4096];
    try (OutputStream out = Files.newOutputStream(filler)) {
      while (true) out.write(chunk);
    } catch (IOException full) {
      assertTrue(full.getMessage().contains("space"), full.getMessage());
    }
  }

  static void until(BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(180);
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() < deadline, "not within 3 min");
      LockSupport.parkNanos(1_000_000);
    }
  }
}

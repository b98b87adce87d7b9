package io.caregrid.perf;

import io.caregrid.api.HttpVerticle;
import io.caregrid.api.auth.Authentication;
import io.caregrid.api.auth.NodeKey;
import io.caregrid.cluster.Configuration;
import io.caregrid.cluster.HttpConfig;
import io.caregrid.cluster.NodeConfig;
import io.caregrid.contract.Access;
import io.caregrid.contract.Gate;
import io.caregrid.contract.Roles;
import io.caregrid.platform.Await;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** What a token costs the thread that serves HTTP, good and forged, and what a flood of forged ones does to everybody else. Nothing but the doors is behind it. */
@Command(name = "doors", mixinStandardHelpOptions = true, sortOptions = false, description = "Sends good and forged access tokens (ES256) to an HTTP port in this process.")
public final class DoorPerf implements Callable<Integer> {
  private static final long PROBE_NANOS = TimeUnit.MILLISECONDS.toNanos(5);
  @Option(names = "--seconds", defaultValue = "8", description = "Length of a turn. Default: ${DEFAULT-VALUE}")
  private int seconds;
  @Option(names = "--rounds", defaultValue = "3", description = "Every turn so often. Default: ${DEFAULT-VALUE}")
  private int rounds;
  @Option(names = "--connections", defaultValue = "32", description = "Each waiting for its answer. Default: ${DEFAULT-VALUE}")
  private int connections;

  private final Vertx node = Vertx.vertx();
  private final Vertx clients = Vertx.vertx();
  private final Vertx others = Vertx.vertx();
  private final Context senders = clients.getOrCreateContext();
  private final Context watchers = others.getOrCreateContext();
  private volatile long eventLoop;
  private int port;
  private HttpClient client;
  private HttpClient probes;

  public static void main(String[] args) {
    System.exit(new CommandLine(new DoorPerf()).execute(args));
  }

  @Override
  public Integer call() throws Exception {
    Path folder = Files.createTempDirectory("caregrid-perf");
    NodeKey key = NodeKey.keep(folder, "perf");
    open(key);
    client = clients.createHttpClient(new PoolOptions().setHttp1MaxSize(connections));
    probes = others.createHttpClient(new PoolOptions().setHttp1MaxSize(64));
    String signed = token(key);
    String head = signed.substring(0, signed.lastIndexOf('.') + 1);
    Map<String, Supplier<String>> turns = new TreeMap<>();
    turns.put("1 nobody, open route", () -> null);
    turns.put("2 a good token, the same again", () -> signed);
    turns.put("3 a good token, new each time", () -> token(key));
    String wrong = forged(head);
    turns.put("4 a forged token, the same again", () -> wrong);
    turns.put("5 a forged token, new each time", () -> forged(head));
    System.out.println(Perf.machine());
    for (int round = 0; round <= rounds; round++) {
      System.out.println(round == 0 ? "warm-up" : "round " + round);
      for (Map.Entry<String, Supplier<String>> turn : turns.entrySet()) turn(turn.getKey(), turn.getValue());
    }
    Await.ready(node.close());
    Await.ready(clients.close());
    Await.ready(others.close());
    Perf.remove(folder);
    return 0;
  }

  private void open(NodeKey key) {
    NodeConfig config = Configuration.defaults().withFlags(List.of("security.nodeTokens=always")).node();
    Authentication tokens = new Authentication(node, config, key, Roles.BUILT_IN, Clock.systemUTC(),
        new SimpleMeterRegistry());
    HttpVerticle http = new HttpVerticle(new HttpConfig("127.0.0.1", 0, List.of()),
        tokens.doorman(), entry -> Future.succeededFuture(), List.of(router -> {
          Gate.needs(Access.OPEN, router.get("/open")).handler(request -> {
            eventLoop = Thread.currentThread().getId();
            request.end("open");
          });
          Gate.needs(Access.FHIR_READ, router.get("/thing")).handler(request -> request.end("here"));
        }));
    Await.ready(node.deployVerticle(http));
    port = http.port();
  }

  private static String token(NodeKey key) {
    return key.token("perf", List.of("FHIR Data Reader"), Instant.now(), Duration.ofHours(1));
  }

  private static String forged(String head) {
    byte[] signature = new byte[64];
    ThreadLocalRandom.current().nextBytes(signature);
    return head + Base64.getUrlEncoder().withoutPadding().encodeToString(signature);
  }

  private Future<Integer> ask(Context by, HttpClient client, String token) {
    RequestOptions request = new RequestOptions().setMethod(HttpMethod.GET)
        .setHost("127.0.0.1")
        .setPort(port)
        .setURI(token == null ? "/open" : "/thing");
    if (token != null) request.putHeader("Authorization", "Bearer " + token);
    Promise<Integer> status = Promise.promise();
    by.runOnContext(now -> client.request(request)
        .compose(sent -> sent.send())
        .compose(answer -> answer.end().map(answer.statusCode()))
        .onComplete(status));
    return status.future();
  }

  private void turn(String name, Supplier<String> token) {
    Map<Integer, LongAdder> answers = new ConcurrentHashMap<>();
    ask(senders, client, null).toCompletionStage().toCompletableFuture().join();
    long begun = System.nanoTime();
    long end = begun + TimeUnit.SECONDS.toNanos(seconds);
    long cpu = cpu();
    List<Future<?>> all = new ArrayList<>();
    for (int n = 0; n < connections; n++) {
      Promise<Void> over = Promise.promise();
      all.add(over.future());
      again(token, answers, end, over);
    }
    List<Long> waits = Collections.synchronizedList(new ArrayList<>());
    for (long due = begun; due < end; due += PROBE_NANOS) {
      while (System.nanoTime() < due) LockSupport.parkNanos(due - System.nanoTime());
      long asked = System.nanoTime();
      ask(watchers, probes, null).onSuccess(done -> waits.add(System.nanoTime() - asked));
    }
    Future.all(all).toCompletionStage().toCompletableFuture().join();
    long used = cpu() - cpu;
    long count = answers.values().stream().mapToLong(LongAdder::sum).sum();
    List<Long> sorted = new ArrayList<>(waits);
    Collections.sort(sorted);
    System.out.printf(
        "%-34s %7d/s %s  event loop %5.0f us each  others wait p50 %6.2f p99 %6.2f max %6.2f ms  load %.1f%n",
        name, count / seconds, answers, used / 1e3 / (count + sorted.size()), millis(sorted, 0.5),
        millis(sorted, 0.99), millis(sorted, 1),
        ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
  }

  private void again(Supplier<String> token, Map<Integer, LongAdder> answers, long end, Promise<Void> over) {
    ask(senders, client, token.get()).onComplete(status -> {
      if (status.succeeded()) answers.computeIfAbsent(status.result(), first -> new LongAdder()).increment();
      if (status.failed() || System.nanoTime() > end) over.complete();
      else again(token, answers, end, over);
    });
  }

  private long cpu() {
    return ManagementFactory.getThreadMXBean().getThreadCpuTime(eventLoop);
  }

  private static double millis(List<Long> sorted, double quantile) {
    return sorted.isEmpty() ? 0 : sorted.get((int) Math.min(sorted.size() - 1, sorted.size() * quantile)) / 1e6;
  }
}

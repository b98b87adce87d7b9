package io.caregrid.platform;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.caregrid.cluster.Configuration;
import io.caregrid.cluster.NodeConfig;
import io.caregrid.engines.LocalKafka;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.store.Schema;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;

/** What tests of a whole node need: a configuration on the tests' engines, and an HTTP client. */
final class TestNode {
  private static final HttpClient HTTP = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration LEAST = Duration.ofMinutes(4);

  private TestNode() {}

  /** A house of its own on shared engines: fresh database, own topics, any free port, data within a second. */
  static Map<String, String> settings(LocalPostgres postgres, LocalKafka kafka, Path data) {
    Map<String, String> settings = new HashMap<>();
    settings.put("data", data.toString());
    settings.put("http.port", "0");
    settings.put("dicom.port", "0");
    settings.put("cluster.name", "test-" + UUID.randomUUID());
    settings.put("cluster.shards", "4");
    settings.put("kafka.bootstrapServers", kafka.bootstrapServers());
    settings.put("kafka.prefix", "t" + UUID.randomUUID() + ".");
    settings.put("kafka.sourcePartitions", "2");
    settings.put("database.host", postgres.host());
    settings.put("database.port", Integer.toString(postgres.port()));
    settings.put("database.database",
        postgres.createDatabase(Schema.on(postgres.host(), postgres.port(), postgres.user(), postgres.password())));
    settings.put("database.user", postgres.user());
    settings.put("database.password", postgres.password());
    settings.put("database.poolSize", "8");
    settings.put("shard.batchAge", "1s");
    settings.put("identity.mode", "Create");
    return settings;
  }

  static NodeConfig config(Map<String, String> settings) {
    return Configuration.defaults().with("test", settings).node();
  }

  /** A node that is ready: before that its doors may answer 503. */
  static Platform start(Map<String, String> settings) throws Exception {
    Platform node = Platform.start(config(settings), false, step -> {});
    try {
      eventually(LEAST, "ready", () -> get(node.http() + "/health/ready").statusCode() == 200 ? true : null);
      return node;
    } catch (Exception | AssertionError never) {
      node.close();
      throw never;
    }
  }

  static HttpResponse<String> post(String address, String type, String body) throws IOException, InterruptedException {
    return HTTP.send(HttpRequest.newBuilder(URI.create(address))
        .timeout(Duration.ofSeconds(120))
        .header("Content-Type", type)
        .POST(HttpRequest.BodyPublishers.ofString(body))
        .build(), HttpResponse.BodyHandlers.ofString());
  }

  static HttpResponse<String> get(String address) throws IOException, InterruptedException {
    return HTTP.send(HttpRequest.newBuilder(URI.create(address)).timeout(Duration.ofSeconds(120)).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  static JsonNode json(String address) throws IOException, InterruptedException {
    HttpResponse<String> answer = get(address);
    if (answer.statusCode() != 200)
      throw new IOException(address + " answered " + answer.statusCode() + " " + answer.body());
    return JSON.readTree(answer.body());
  }

  /** Asks until the answer is not null, or fails after this long, but not before no stall of a loaded machine can be the reason. */
  static <T> T eventually(Duration usually, String what, Callable<T> question) throws Exception {
    Duration longest = usually.compareTo(LEAST) < 0 ? LEAST : usually;
    long deadline = System.nanoTime() + longest.toNanos();
    while (true) {
      T answer = question.call();
      if (answer != null) return answer;
      if (System.nanoTime() > deadline) throw new AssertionError("not within " + longest.toSeconds() + " s: " + what);
      Thread.sleep(50);
    }
  }
}

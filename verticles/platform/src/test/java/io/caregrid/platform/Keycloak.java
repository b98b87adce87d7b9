package io.caregrid.platform;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A real Keycloak in a process of its own, on a free port of loopback, with realm {@code hospital}. The full profile unpacks it from Maven Central. */
final class Keycloak implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofMinutes(6);
  private static final Pattern LISTENS = Pattern.compile("Listening on: (http://127\\.0\\.0\\.1:\\d+)");
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HttpClient HTTP = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final Process process;
  private final String base;

  private Keycloak(Process process, String base) {
    this.process = process;
    this.base = base;
  }

  static Keycloak start(Path log) throws Exception {
    Path home = home();
    Path realm = Files.createDirectories(home.resolve("data/import")).resolve("hospital-realm.json");
    Files.copy(Path.of("src/test/resources/keycloak/hospital-realm.json"), realm, StandardCopyOption.REPLACE_EXISTING);
    ProcessBuilder builder = new ProcessBuilder("sh", home.resolve("bin/kc.sh").toString(), "start-dev",
        "--http-host=127.0.0.1", "--http-port=0", "--db=dev-mem", "--import-realm");
    builder.environment()
        .putAll(Map.of("KC_BOOTSTRAP_ADMIN_USERNAME", "admin", "KC_BOOTSTRAP_ADMIN_PASSWORD", "admin",
            "JAVA_OPTS_KC_HEAP", "-Xms64m -Xmx512m", "JAVA_HOME", System.getProperty("java.home")));
    Process process = builder.redirectErrorStream(true).redirectOutput(log.toFile()).start();
    try {
      return new Keycloak(process, TestNode.eventually(PATIENCE, "Keycloak", () -> address(process, log)));
    } catch (Exception | AssertionError failed) {
      stop(process);
      throw new AssertionError("Keycloak did not start:\n" + Files.readString(log), failed);
    }
  }

  /** Unpacked by the build (dependency plugin, profile full). */
  private static Path home() throws IOException {
    Path unpacked = Path.of("target/keycloak").toAbsolutePath();
    if (!Files.isDirectory(unpacked)) throw new AssertionError(unpacked + " is not there: build with -Pfull");
    try (Stream<Path> folders = Files.list(unpacked)) {
      return folders.filter(Files::isDirectory).findFirst().orElseThrow();
    }
  }

  private static String address(Process process, Path log) throws IOException {
    if (!process.isAlive()) throw new AssertionError("Keycloak has ended");
    Matcher listens = LISTENS.matcher(Files.readString(log));
    return listens.find() ? listens.group(1) : null;
  }

  /** As tokens name it. */
  String issuer() {
    return base + "/realms/hospital";
  }

  /** By client credentials (RFC 6749 section 4.4). */
  String machine(String client, String secret) throws Exception {
    return token("hospital", Map.of("grant_type", "client_credentials", "client_id", client, "client_secret", secret))
        .path("access_token")
        .asText();
  }

  /** All tokens of a person: access_token, id_token, refresh_token. */
  JsonNode person(String name, String password) throws Exception {
    return token("hospital", Map.of("grant_type", "password", "client_id", "pages", "username", name, "password",
        password, "scope", "openid"));
  }

  String admin() throws Exception {
    return token("master",
        Map.of("grant_type", "password", "client_id", "admin-cli", "username", "admin", "password", "admin"))
        .path("access_token")
        .asText();
  }

  private JsonNode token(String realm, Map<String, String> form) throws Exception {
    String body = form.entrySet()
        .stream()
        .map(one -> one.getKey() + "=" + URLEncoder.encode(one.getValue(), StandardCharsets.UTF_8))
        .collect(Collectors.joining("&"));
    HttpResponse<String> answer = HTTP.send(
        HttpRequest.newBuilder(URI.create(base + "/realms/" + realm + "/protocol/openid-connect/token"))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .timeout(Duration.ofSeconds(60))
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build(),
        HttpResponse.BodyHandlers.ofString());
    if (answer.statusCode() != 200) throw new AssertionError(answer.statusCode() + " " + answer.body());
    return JSON.readTree(answer.body());
  }

  /** From now on the realm signs with a new key; the old one is still published. */
  void rotateKeys() throws Exception {
    String admin = admin();
    JsonNode realm = JSON.readTree(send(request("/admin/realms/hospital", admin).GET(), 200));
    String key = JSON.createObjectNode()
        .put("name", "rotated")
        .put("providerId", "rsa-generated")
        .put("providerType", "org.keycloak.keys.KeyProvider")
        .put("parentId", realm.path("id").asText())
        .set("config", JSON.valueToTree(Map.of("priority", List.of("200"), "enabled", List.of("true"), "active",
            List.of("true"), "algorithm", List.of("RS256"))))
        .toString();
    send(request("/admin/realms/hospital/components", admin).header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(key)), 201);
  }

  private HttpRequest.Builder request(String path, String token) {
    return HttpRequest.newBuilder(URI.create(base + path))
        .timeout(Duration.ofSeconds(60))
        .header("Authorization", "Bearer " + token);
  }

  private static String send(HttpRequest.Builder request, int expected) throws Exception {
    HttpResponse<String> answer = HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
    if (answer.statusCode() != expected) throw new AssertionError(answer.statusCode() + " " + answer.body());
    return answer.body();
  }

  @Override
  public void close() throws InterruptedException {
    stop(process);
  }

  /** The script and the JVM that it started. */
  private static void stop(Process process) throws InterruptedException {
    List<ProcessHandle> all = Stream.concat(process.descendants(), Stream.of(process.toHandle())).toList();
    all.forEach(ProcessHandle::destroy);
    if (!process.waitFor(30, TimeUnit.SECONDS)) all.forEach(ProcessHandle::destroyForcibly);
    for (ProcessHandle one : all) one.onExit().join();
  }
}

package io.caregrid.platform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LoadCommandTest {
  private static final String ADDS = """
      {"resourceType":"Bundle","type":"transaction","entry":[
        {"resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient"}}]}""";
  @TempDir
  Path folder;
  private final List<String> taken = new CopyOnWriteArrayList<>();
  private final List<String> authorizations = new CopyOnWriteArrayList<>();
  private volatile int most = Integer.MAX_VALUE;
  private HttpServer server;

  @BeforeEach
  void open() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/fhir", asked -> {
      String body = new String(asked.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
      authorizations.add(String.valueOf(asked.getRequestHeaders().getFirst("Authorization")));
      boolean takes = taken.size() < most;
      if (takes) taken.add(body);
      byte[] answer = "{\"resourceType\":\"Bundle\",\"entry\":[{\"response\":{\"status\":\"201\"}}]}"
          .getBytes(StandardCharsets.UTF_8);
      asked.sendResponseHeaders(takes ? 200 : 401, answer.length);
      asked.getResponseBody().write(answer);
      asked.close();
    });
    server.start();
  }

  @AfterEach
  void close() {
    server.stop(0);
  }

  private String base() {
    return "http://127.0.0.1:" + server.getAddress().getPort() + "/fhir";
  }

  @Test
  void filesThatWereDoneWhenTheCommandEndedEarlyAreNotSentAgain() throws Exception {
    Path first = Files.writeString(folder.resolve("a.json"), ADDS);
    Path second = Files.writeString(folder.resolve("b.json"), ADDS);
    most = 1;
    assertEquals(1, load(first.toString(), second.toString()));
    assertEquals(1, taken.size());
    most = Integer.MAX_VALUE;

    assertEquals(0, load(first.toString(), second.toString()));

    assertEquals(2, taken.size(), "one for each file");
    assertTrue(Files.notExists(folder.resolve("a.json.progress")), "all of it is done");
    assertTrue(Files.notExists(folder.resolve("b.json.progress")), "all of it is done");
  }

  @Test
  void aNodesTokenGoesToNoOtherServer() throws Exception {
    Path file = Files.writeString(folder.resolve("a.json"), ADDS);
    ProcessBuilder command = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-cp", System.getProperty("java.class.path"), Main.class.getName(), "load", "--target", base(),
        file.toString()).inheritIO();
    command.environment().put("CAREGRID_TOKEN", "a-nodes-token");
    Process process = command.start();
    boolean ended = process.waitFor(180, TimeUnit.SECONDS);
    if (!ended) process.destroyForcibly();

    assertTrue(ended && process.exitValue() == 0);
    assertEquals(List.of("null"), authorizations);

    assertEquals(0, load("--token", "given", "--again", file.toString()));
    assertEquals("Bearer given", authorizations.get(1));
  }

  private int load(String... words) {
    String[] all = new String[words.length + 3];
    System.arraycopy(new String[] {"load", "--target", base()}, 0, all, 0, 3);
    System.arraycopy(words, 0, all, 3, words.length);
    return Main.commandLine()
        .setOut(new PrintWriter(new StringWriter()))
        .setErr(new PrintWriter(new StringWriter()))
        .execute(all);
  }
}

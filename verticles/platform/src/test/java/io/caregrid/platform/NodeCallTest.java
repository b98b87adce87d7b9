package io.caregrid.platform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.engines.Pem;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.PemKeyCertOptions;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Commands that call a node whose certificate is of the house's own authority. */
class NodeCallTest {
  @TempDir
  private Path folder;
  private final Vertx vertx = Vertx.vertx();
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private Pem pem;
  private String node;

  @BeforeEach
  void open() throws Exception {
    pem = Pem.make(folder, "node");
    int port = vertx
        .createHttpServer(new HttpServerOptions().setSsl(true)
            .setKeyCertOptions(
                new PemKeyCertOptions().setCertPath(pem.cert().toString()).setKeyPath(pem.key().toString())))
        .requestHandler(asked -> asked.response().end("{\"cluster\":\"ward\",\"members\":[],\"shards\":[]}"))
        .listen(0, "127.0.0.1")
        .toCompletionStage()
        .toCompletableFuture()
        .get(120, TimeUnit.SECONDS)
        .actualPort();
    node = "https://localhost:" + port;
  }

  @AfterEach
  void close() throws Exception {
    vertx.close().toCompletionStage().toCompletableFuture().get(120, TimeUnit.SECONDS);
  }

  private int run(String... words) {
    CommandLine line = Main.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
    return line.execute(words);
  }

  @Test
  void aCertificateOfAnAuthorityThatIsNamedIsTaken() {
    assertEquals(0, run("cluster", "--json", "--to", node, "--ca", pem.cert().toString()), err.toString());
    assertTrue(out.toString().contains("ward"), out.toString());
  }

  @Test
  void aCertificateOfNobodyWeKnowIsNot() {
    assertEquals(1, run("cluster", "--json", "--to", node));
    assertTrue(err.toString().contains("does not answer"), err.toString());
  }

  @Test
  void aNodeKnowsItsOwnCertificateAndTakesNoOther() throws Exception {
    Pem another = Pem.make(folder, "another");

    assertEquals(200, answered(pem.cert()));
    assertThrows(SSLHandshakeException.class, () -> answered(another.cert()));
  }

  private int answered(Path own) throws Exception {
    return HttpClient.newBuilder()
        .sslContext(Trust.of(null, own))
        .build()
        .send(HttpRequest.newBuilder(URI.create(node)).timeout(Duration.ofSeconds(120)).build(),
            HttpResponse.BodyHandlers.discarding())
        .statusCode();
  }

  @Test
  void aFileThatHoldsNoCertificateIsNamed() throws Exception {
    Path empty = Files.writeString(folder.resolve("empty.pem"), "nothing");

    assertEquals(1, run("cluster", "--json", "--to", node, "--ca", empty.toString()));
    assertTrue(err.toString().contains("empty.pem"), err.toString());
  }
}

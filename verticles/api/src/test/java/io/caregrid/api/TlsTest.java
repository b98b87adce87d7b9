package io.caregrid.api;

import static io.caregrid.api.Ward.get;
import static io.caregrid.contract.Gate.needs;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.caregrid.cluster.HttpConfig;
import io.caregrid.cluster.TlsConfig;
import io.caregrid.contract.Access;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Doorman;
import io.caregrid.contract.Routes;
import io.caregrid.contract.TlsFiles;
import io.caregrid.engines.Pem;
import io.vertx.core.Vertx;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** The HTTP port with TLS: who gets in, and certificates that change while it is open. */
class TlsTest {
  @TempDir
  static Path made;
  private static Pem first;
  private static Pem second;
  private static Pem client;
  @TempDir
  Path folder;
  private final Vertx vertx = Vertx.vertx();
  private Path cert;
  private Path key;

  @BeforeAll
  static void make() throws Exception {
    first = Pem.make(made, "first");
    second = Pem.make(made, "second");
    client = Pem.make(made, "client");
  }

  @BeforeEach
  void copy() throws Exception {
    cert = Files.copy(first.cert(), folder.resolve("door.crt"));
    key = Files.copy(first.key(), folder.resolve("door.key"));
  }

  @AfterEach
  void close() {
    get(vertx.close());
  }

  private int open(Path clientCa) {
    Routes door = router -> needs(Access.OPEN, router.get("/thing"))
        .handler(request -> request.end("over " + request.request().scheme() + " " + request.request().version()));
    HttpVerticle http = new HttpVerticle(
        new HttpConfig("127.0.0.1", 0, List.of(), List.of(), new TlsConfig(cert, key, clientCa)), Doorman.OPEN,
        Audit.log(),
        List.of(door));
    get(vertx.deployVerticle(http));
    return http.port();
  }

  private static SSLContext trusting(Pem own, X509Certificate... others) throws Exception {
    KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
    trusted.load(null, null);
    for (X509Certificate other : others) trusted.setCertificateEntry(other.getSerialNumber().toString(), other);
    TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    KeyStore mine = KeyStore.getInstance(KeyStore.getDefaultType());
    mine.load(null, null);
    if (own != null) mine.setKeyEntry("own", secret(own), new char[0], new X509Certificate[] {own.certificate()});
    keys.init(mine, new char[0]);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
    return context;
  }

  private static PrivateKey secret(Pem own) throws Exception {
    String text = Files.readString(own.key()).replaceAll("-----[A-Z ]+-----|\\s", "");
    return KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(text)));
  }

  private SSLSocket socket(int port) throws Exception {
    SSLSocket socket = (SSLSocket) trusting(null, first.certificate(), second.certificate()).getSocketFactory()
        .createSocket("127.0.0.1", port);
    socket.setSoTimeout(60_000);
    socket.startHandshake();
    return socket;
  }

  private static String ask(Socket socket) throws IOException {
    socket.getOutputStream()
        .write("GET /thing HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    BufferedReader in = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
    String status = in.readLine();
    int length = 0;
    for (String line = in.readLine(); !line.isEmpty(); line = in.readLine())
      if (line.startsWith("content-length: ")) length = Integer.parseInt(line.substring(16));
    for (int i = 0; i < length; i++) in.read();
    return status;
  }

  private String shown(int port) throws Exception {
    try (SSLSocket socket = socket(port)) {
      return ((X509Certificate) socket.getSession().getPeerCertificates()[0]).getSubjectX500Principal().getName();
    }
  }

  private void awaitShown(int port, String name) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(180);
    while (!shown(port).equals(name)) {
      assertTrue(System.nanoTime() < deadline, "not within 3 min: " + name);
      LockSupport.parkNanos(100_000_000);
    }
  }

  private static void replace(Path from, Path to) throws IOException {
    Path beside = Files.copy(from, to.resolveSibling("new"), StandardCopyOption.REPLACE_EXISTING);
    Files.move(beside, to, StandardCopyOption.ATOMIC_MOVE);
  }

  private HttpResponse<String> get2(SSLContext context, int port) throws Exception {
    HttpClient client = HttpClient.newBuilder().sslContext(context).build();
    return client.send(HttpRequest.newBuilder(URI.create("https://localhost:" + port + "/thing")).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  @Test
  void aCertificateThatChangesCountsForNewConnectionsAndEndsNone() throws Exception {
    int port = open(null);
    assertEquals("over https HTTP_2", get2(trusting(null, first.certificate()), port).body());
    try (SSLSocket old = socket(port)) {
      assertEquals("HTTP/1.1 200 OK", ask(old));

      replace(second.cert(), cert);
      replace(second.key(), key);
      awaitShown(port, "CN=second");

      assertEquals("HTTP/1.1 200 OK", ask(old));
    }
    assertEquals("over https HTTP_2", get2(trusting(null, second.certificate()), port).body());
    assertThrows(IOException.class, () -> get2(trusting(null, first.certificate()), port));
  }

  @Test
  @Tag("full")
  void aCertificateWithoutItsKeyIsNotTakenUntilTheKeyComesAndThatIsSaidOnce() throws Exception {
    ListAppender<ILoggingEvent> lines = log();
    int port = open(null);

    replace(second.cert(), cert);
    awaitLines(lines, 1);
    assertTrue(lines.list.get(0).getFormattedMessage().contains("is not the private key of"));
    Files.delete(key);
    awaitLines(lines, 2);
    long looks = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
    while (System.nanoTime() < looks) {
      assertEquals("CN=first", shown(port));
      LockSupport.parkNanos(200_000_000);
    }
    List<String> said = lines.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
    assertEquals(2, said.size(), said.toString());
    assertTrue(said.get(1).contains("cannot be read"), said.toString());
    replace(second.key(), key);

    awaitShown(port, "CN=second");
    awaitLines(lines, 4);
    assertTrue(lines.list.get(3).getFormattedMessage().contains("good again"), lines.list.toString());
  }

  @Test
  void aCertificateThatEndsSoonIsSpokenOfUntilThereIsANewOne() throws Exception {
    Pem ending = Pem.make(made, "ending", 20);
    replace(ending.cert(), cert);
    replace(ending.key(), key);
    ListAppender<ILoggingEvent> lines = log();
    open(null);
    awaitLines(lines, 1);

    replace(second.cert(), cert);
    replace(second.key(), key);
    awaitLines(lines, 2); // that the new one is in effect

    List<String> said = lines.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
    assertTrue(said.get(0).contains("ends soon")
        && said.get(0).contains(ending.certificate().getNotAfter().toInstant().toString()), said.toString());
    assertEquals(1, said.stream().filter(line -> line.contains("ends soon")).count(), said.toString());
  }

  /** What is said of certificates from now on. */
  private static ListAppender<ILoggingEvent> log() {
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    lines.list = new CopyOnWriteArrayList<>();
    lines.start();
    ((Logger) LoggerFactory.getLogger(TlsFiles.class)).addAppender(lines);
    return lines;
  }

  @AfterEach
  void detach() {
    ((Logger) LoggerFactory.getLogger(TlsFiles.class)).detachAndStopAllAppenders();
  }

  private static void awaitLines(ListAppender<ILoggingEvent> lines, int count) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(180);
    while (lines.list.size() < count) {
      assertTrue(System.nanoTime() < deadline, "not within 3 min: " + lines.list);
      LockSupport.parkNanos(50_000_000);
    }
  }

  @Test
  void whoShowsNoCertificateOfTheClientsRootIsNotLetIn() throws Exception {
    int port = open(client.cert());

    assertEquals(200, get2(trusting(client, first.certificate()), port).statusCode());
    assertThrows(IOException.class, () -> get2(trusting(null, first.certificate()), port));
    assertThrows(IOException.class, () -> get2(trusting(second, first.certificate()), port));
  }

  @Test
  void httpInTheClearIsNotAnswered() throws Exception {
    int port = open(null);
    try (Socket plain = new Socket("127.0.0.1", port)) {
      plain.setSoTimeout(60_000);
      plain.getOutputStream()
          .write("GET /thing HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      String said = new String(plain.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
      assertTrue(!said.contains("over http"), said);
    } catch (IOException reset) {
      assertTrue(reset.getMessage() != null);
    }
  }

  @Test
  void filesThatDoNotFitRefuseTheStartAndAreNamed() throws Exception {
    replace(second.key(), key);
    String said = assertThrows(CompletionException.class, () -> open(null)).getCause().getMessage();
    assertTrue(said.contains("http.tls: " + key + " is not the private key of " + cert), said);

    Files.writeString(key, "nonsense");
    assertTrue(assertThrows(CompletionException.class, () -> open(null)).getCause().getMessage().contains("PKCS #8"));
    Files.delete(key);
    assertTrue(assertThrows(CompletionException.class, () -> open(null)).getCause()
        .getMessage()
        .contains(key + " cannot be read"));
  }
}

package io.caregrid.platform;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import io.caregrid.engines.OwnPort;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** {@code caregrid sql} against a node that gives what it is told to. */
class SqlCommandTest {
  private static final String ANSWER = """
      {"asOf":"2026-11-21T22:15:30Z","columns":[{"name":"family","type":"VARCHAR"},{"name":"most","type":"DECIMAL(38,18)"},{"name":"l","type":"INTEGER[]"}],
       "rows":[["Keller",12345678901234567.123456789012345678,[1,2]],["x\\u001b[31m",1.50,null]],"count":2,"more":true}""";
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  @TempDir
  Path temp;
  private HttpServer node;
  private int status = 200;
  private byte[] answer = ANSWER.getBytes(StandardCharsets.UTF_8);
  private String asked;

  @BeforeEach
  void open() throws IOException {
    node = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    node.createContext("/analytics/sql", exchange -> {
      asked = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(status, answer.length);
      exchange.getResponseBody().write(answer);
      exchange.close();
    });
    node.start();
  }

  @AfterEach
  void close() {
    node.stop(0);
  }

  private int run(String... words) {
    CommandLine line = Main.commandLine();
    String[] all = Stream
        .concat(Stream.of("sql", "--to", "http://127.0.0.1:" + node.getAddress().getPort()), Stream.of(words))
        .toArray(String[]::new);
    return line.setOverwrittenOptionsAllowed(true)
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(all);
  }

  @Test
  void aTableIsAlignedKeepsDigitsAndObeysNoControlCharacter() {
    assertEquals(0, run("select 1"));

    assertEquals("{\"sql\":\"select 1\",\"format\":\"json\",\"rows\":1000}", asked);
    assertEquals(
        List.of("family                                  most  l",
            "------  ------------------------------------  -----",
            "Keller  12345678901234567.123456789012345678  [1,2]",
            "x?[31m                                  1.50", "(2 rows, there are more: --rows N, or --format csv)"),
        out.toString().lines().toList());
  }

  @Test
  void theQueryMayComeFromStandardInput() {
    InputStream usual = System.in;
    System.setIn(new ByteArrayInputStream("select 'ü'\n".getBytes(StandardCharsets.UTF_8)));
    try {
      assertEquals(0, run("--format", "csv", "-"));
    } finally {
      System.setIn(usual);
    }

    assertEquals("{\"sql\":\"select 'ü'\\n\",\"format\":\"csv\"}", asked);
    assertEquals(ANSWER, out.toString());
  }

  @Test
  void aFileIsWrittenWholeOrNotAtAll() throws IOException {
    answer = new byte[] {80, 65, 82, 49, 0, -1};
    Path file = temp.resolve("x.parquet");

    assertEquals(0, run("--format", "parquet", "--output", file.toString(), "from vitals"));
    assertArrayEquals(answer, Files.readAllBytes(file));
    status = 422;
    assertEquals(1, run("--format", "csv", "--output", temp.resolve("y.csv").toString(), "from vitals"));
    try (Stream<Path> there = Files.list(temp)) {
      assertEquals(List.of(file), there.toList());
    }
  }

  @Test
  void whatTheNodeRefusesIsSaidInOneLine() {
    status = 400;
    answer = "{\"resourceType\":\"OperationOutcome\",\"issue\":[{\"diagnostics\":\"line 1, column 8: there is no function getenv here\"}]}"
        .getBytes(StandardCharsets.UTF_8);

    assertEquals(1, run("select getenv('x')"));
    assertEquals("caregrid: line 1, column 8: there is no function getenv here\n", err.toString());
    status = 404;
    assertEquals(1, run("select 1"));
    assertTrue(err.toString().contains("answers no SQL"), err.toString());
    answer = "<html>".getBytes(StandardCharsets.UTF_8);
    status = 500;
    assertEquals(1, run("select 1"));
    assertTrue(err.toString().contains("is this a Caregrid node?"), err.toString());
  }

  @Test
  void whenNobodyListensOrTheWordsAreWrongThisIsSaid() throws IOException {
    try (OwnPort nobody = OwnPort.take()) {
      String there = "http://127.0.0.1:" + nobody.number();
      assertEquals(1, run("--to", there, "select 1"));
      assertTrue(err.toString().contains("nobody listens at " + there + "/analytics/sql"), err.toString());
    }
    assertEquals(2, run("--format", "parquet", "select 1"));
    assertTrue(err.toString().contains("name a file with --output"), err.toString());
    assertEquals(2, run("--format", "xml", "select 1"));
    assertEquals(2, run("--rows", "0", "select 1"));
    assertEquals(2, run("--to", "nonsense", "select 1"));
    assertEquals(2, run());
    assertEquals(1, run("--format", "csv", "--output", temp.resolve("no/such/file").toString(), "select 1"));
    assertFalse(Files.exists(temp.resolve("no")));
  }
}

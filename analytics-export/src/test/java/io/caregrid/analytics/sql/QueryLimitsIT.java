package io.caregrid.analytics.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.cluster.SqlConfig;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a query may not do to its node; after each, the next query is answered. */
@Tag("full")
class QueryLimitsIT {
  /** Time for whatever is not about time, on any machine. */
  private static final SqlConfig CONFIG = new SqlConfig(Duration.ofSeconds(30), 128, 1, 1, 1_000, 32);
  private static final SqlConfig HASTY = new SqlConfig(Duration.ofSeconds(2), 128, 1, 1, 1_000, 32);
  /** Hours, if nobody stops it. */
  private static final String ENDLESS = "select count(*) from range(10000000) a, range(10000000) b where hash(a.range, b.range) = 1";
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  @TempDir
  static Path temp;
  private static TestLake lake;
  private static SqlDoor door;
  private static SqlDoor hasty;

  @BeforeAll
  static void open() throws IOException, SQLException {
    lake = TestLake.of(temp.resolve("lake"), 2_000);
    door = new SqlDoor(lake, CONFIG, temp.resolve("scratch"));
    hasty = new SqlDoor(lake, HASTY, temp.resolve("scratch-hasty"));
  }

  @AfterAll
  static void close() {
    door.close();
    hasty.close();
  }

  @AfterEach
  void theNextQueryWorksAndNothingIsHeldOrLeft() throws IOException {
    assertEquals("[[2000]]", SqlDoor.json(door.ask("select count(*) from vitals")).path("rows").toString());
    assertEquals(List.of(), door.left());
    assertEquals(List.of(), hasty.left());
    assertEquals(0, lake.pinned.get());
  }

  private static void costly(HttpResponse<byte[]> answer, String said) {
    assertEquals(422, answer.statusCode(), () -> SqlDoor.text(answer));
    assertEquals("too-costly", SqlDoor.json(answer).path("issue").path(0).path("code").asText());
    assertTrue(SqlDoor.said(answer).contains(said), SqlDoor.said(answer));
  }

  @ParameterizedTest
  @ValueSource(strings = {ENDLESS,
    "with recursive t(n) as (select 1 union all select n + 1 from t) select count(*) from t",
    "select sum(value) from vitals a, range(100000000) b",
    "select count(*) from range(300000000) where md5(range::varchar) like 'zz%'"})
  void aQueryThatTakesTooLongIsStopped(String sql) {
    costly(assertTimeout(PATIENCE, () -> hasty.ask(sql)), "longer than 2 s");
  }

  @Test
  void parquetIsStoppedTooWhenItTakesTooLong() {
    costly(hasty.send(hasty.posting(SqlDoor.body().put("sql", ENDLESS).put("format", "parquet"))), "longer than 2 s");
  }

  @ParameterizedTest
  @ValueSource(strings = {"select list(range) from range(100000000)",
    "select string_agg(md5(range::varchar), '') from range(50000000)",
    "select count(distinct md5(range::varchar)) from range(100000000)",
    "select * from range(30000000) order by hash(range)",
    "select a.range, list(b.range) from range(100000) a, range(100000) b group by all"})
  void aQueryThatNeedsTooMuchMemoryFailsAlone(String sql) {
    HttpResponse<byte[]> answer = door.ask(sql);

    assertEquals(422, answer.statusCode(), () -> SqlDoor.text(answer));
  }

  @Test
  void moreRowsThanThisNodeGivesAreNoAnswer() {
    costly(door.ask("from range(1001)"), "more than 1000 rows");
    costly(door.ask("from range(1000000000000)"), "more than 1000 rows");
    assertEquals(1_000, SqlDoor.json(door.ask("from range(1000)")).path("rows").size());
    assertEquals(1_000,
        SqlDoor.json(door.send(door.posting(SqlDoor.body().put("sql", "from range(1000000)").put("rows", 1000))))
            .path("rows")
            .size());
  }

  @Test
  void moreBytesThanThisNodeGivesAreNoAnswer() {
    costly(door.ask(
        "select repeat('x', 10000) a, repeat('x', 10000) b, repeat('x', 10000) c, repeat('x', 10000) d from range(900)"),
        "larger than 32 MB");
    costly(
        door.send(door.posting(
            SqlDoor.body().put("sql", "select uuid() u, uuid() v from range(3000000)").put("format", "parquet"))),
        "larger than 32 MB");
  }

  @Test
  void whoHangsUpEndsHisQuery() throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), door.port)) {
      post(socket, ENDLESS);
      await(() -> lake.pinned.get() == 1);
    }
    await(() -> lake.pinned.get() == 0);

    await(() -> door.metrics.find(SqlRoutes.QUERIES).tag("outcome", "departed").timer() != null);
  }

  @Test
  void whoAsksWhenAllIsTakenIsToldToComeBack() throws IOException {
    List<CompletableFuture<HttpResponse<byte[]>>> asked = new ArrayList<>();
    try (Socket first = new Socket(InetAddress.getLoopbackAddress(), door.port)) {
      post(first, ENDLESS);
      await(() -> lake.pinned.get() == 1);
      for (int i = 0; i < 12; i++)
        asked.add(door.client.sendAsync(door.asking("select 1"), HttpResponse.BodyHandlers.ofByteArray()));
      await(() -> asked.stream().filter(CompletableFuture::isDone).count() >= 8);
    }
    List<HttpResponse<byte[]>> answers = asked.stream().map(CompletableFuture::join).toList();

    List<HttpResponse<byte[]>> busy = answers.stream().filter(answer -> answer.statusCode() == 503).toList();
    assertTrue(busy.size() >= 8, "one runs, four wait: " + answers);
    assertTrue(busy.stream().allMatch(answer -> answer.headers().firstValue("Retry-After").isPresent()));
    assertTrue(answers.stream().allMatch(answer -> List.of(200, 503).contains(answer.statusCode())));
  }

  /** The answer is in a file, and its client has neither a thread nor the lake. */
  @Test
  void aSlowClientHoldsNobodyUp() throws IOException {
    try (SqlDoor other = new SqlDoor(lake, CONFIG, temp.resolve("scratch-2")); Socket socket = new Socket()) {
      socket.setReceiveBufferSize(4096);
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), other.port));
      post(socket, "select repeat('x', 10000) || repeat('y', 10000) || repeat('z', 10000) from range(400)");
      InputStream in = socket.getInputStream();
      assertEquals("HTTP/1.1 200", new String(in.readNBytes(12), StandardCharsets.US_ASCII));
      assertEquals(0, lake.pinned.get());
      assertEquals("[[1]]", SqlDoor.json(other.ask("select 1")).path("rows").toString());
      assertTrue(in.readAllBytes().length > 12_000_000);
      await(() -> isEmpty(other.scratch.resolve("answers")));
    }
  }

  /** Each waits on this node's disk, as large as an answer may be. */
  @Test
  void whenTooManyAnswersWaitForSlowClientsTheNextQueryIsToldSo() throws IOException {
    List<Socket> slow = new ArrayList<>();
    try (SqlDoor other = new SqlDoor(lake, CONFIG, temp.resolve("scratch-3"))) {
      int refused = 0;
      for (int n = 0; n < 40 && refused == 0; n++) {
        Socket socket = new Socket();
        slow.add(socket);
        socket.setReceiveBufferSize(4096);
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), other.port));
        post(socket, "select repeat('x', 10000) || repeat('y', 10000) || repeat('z', 10000) from range(400)");
        String status = new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII);
        if (!status.endsWith("200")) refused = n;
      }
      assertEquals(16, refused);
      HttpResponse<byte[]> answer = other.ask("select 1");
      assertEquals(503, answer.statusCode());
      assertTrue(SqlDoor.said(answer).contains("slow"), SqlDoor.said(answer));

      for (Socket each : slow) each.close();
      await(() -> other.ask("select 1").statusCode() == 200);
    }
  }

  private static void post(Socket socket, String sql) throws IOException {
    String body = SqlDoor.body().put("sql", sql).toString();
    String head = "POST /analytics/sql HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: "
        + body.length() + "\r\n\r\n";
    socket.getOutputStream().write((head + body).getBytes(StandardCharsets.US_ASCII));
    socket.getOutputStream().flush();
  }

  private static boolean isEmpty(Path folder) {
    try (Stream<Path> left = Files.list(folder)) {
      return left.findAny().isEmpty();
    } catch (IOException gone) {
      return false;
    }
  }

  /** On a usual stack each of these ends the process. */
  @ParameterizedTest
  @ValueSource(ints = {300, 900})
  void aTowerOfQueriesIsPlannedOrRefused(int storeys) {
    StringBuilder tower = new StringBuilder("with a0 as (select 1 as x)");
    for (int i = 1; i < storeys; i++) tower.append(", a").append(i).append(" as (from a").append(i - 1).append(")");

    int cte = door.ask(tower + " from a" + (storeys - 1)).statusCode();
    int sum = door.ask("select 1" + "+1".repeat(storeys)).statusCode();

    assertTrue(List.of(200, 400, 422).contains(cte) && List.of(200, 400, 422).contains(sum), cte + " " + sum);
  }

  private static void await(BooleanSupplier there) {
    Instant end = Instant.now().plus(PATIENCE);
    while (!there.getAsBoolean()) {
      assertTrue(Instant.now().isBefore(end), "in time");
      Thread.onSpinWait();
    }
  }
}

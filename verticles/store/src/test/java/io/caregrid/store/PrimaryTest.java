package io.caregrid.store;

import static io.caregrid.store.Room.fails;
import static io.caregrid.store.Room.get;
import static io.caregrid.store.Room.until;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetSocket;
import io.vertx.sqlclient.Tuple;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Two hosts, of which one takes writes. Both are wires to one server, which is made to say that it is in recovery to whoever comes by a wire that plays a
 * standby.
 */
@ExtendWith(Room.Key.class)
class PrimaryTest {
  private static final List<String> PLAYS_STANDBY = List.of("create schema fake",
      "create table fake.by_standby (port int)",
      "create function fake.pg_is_in_recovery() returns boolean language sql as "
          + "'select exists (select from fake.by_standby where port = inet_client_port())'");

  /** A host of its own address. */
  private final class Wire {
    private final NetServer server;
    private final NetClient client = room.vertx().createNetClient();
    private final List<NetSocket> open = new ArrayList<>();
    private final AtomicInteger came = new AtomicInteger();
    private volatile boolean standby;
    private final AtomicInteger left = new AtomicInteger();
    private volatile boolean away;
    private volatile boolean silent;

    private Wire(String host, int port, boolean standby) {
      this.standby = standby;
      server = room.vertx().createNetServer().connectHandler(this::connect);
      get(server.listen(port, host));
    }

    private void connect(NetSocket near) {
      if (away) {
        near.close();
        return;
      }
      came.incrementAndGet();
      if (silent) {
        near.closeHandler(hungUp -> left.incrementAndGet());
        return;
      }
      near.pause();
      boolean asStandby = standby;
      client.connect(room.config().port(), room.config().host()).onSuccess(far -> {
        near.handler(far::write).closeHandler(closed -> far.close());
        far.handler(near::write).closeHandler(closed -> near.close());
        synchronized (open) {
          open.add(near);
        }
        mark(far.localAddress().port(), asStandby).onSuccess(marked -> near.resume());
      });
    }

    /** Or not, whoever had that port before. */
    private Future<?> mark(int port, boolean asStandby) {
      return room.database()
          .ask(asStandby
              ? "insert into fake.by_standby values ($1)"
              : "delete from fake.by_standby where port = $1", Tuple.of(port));
    }

    private void cut() {
      synchronized (open) {
        open.forEach(NetSocket::close);
        open.clear();
      }
    }
  }

  private Room room;
  private Wire one;
  private Wire other;
  private Database database;

  @BeforeEach
  void open(Postgres postgres) {
    room = Room.open(postgres.migrated());
    PLAYS_STANDBY.forEach(room::sql);
    Room.sql(room.config(),
        "alter database " + room.config().database() + " set search_path = fake, pg_catalog, public");
    one = new Wire("127.0.0.1", 0, true);
    int port = one.server.actualPort();
    other = new Wire("127.0.0.2", port, false);
    database = get(Database.open(room.vertx(), hosts(port)));
  }

  private DatabaseConfig hosts(int port) {
    DatabaseConfig there = room.config();
    return new DatabaseConfig("127.0.0.1, 127.0.0.2", port, there.database(), there.user(), there.password(), 4);
  }

  @AfterEach
  void close() {
    get(database.close());
    get(one.server.close());
    get(other.server.close());
    room.close();
  }

  private boolean inRecovery() {
    return get(database.ask("select pg_is_in_recovery()", Tuple.tuple())).iterator().next().getBoolean(0);
  }

  @Test
  void ofTwoHostsTheOneThatTakesWritesIsUsed() {
    for (int i = 0; i < 20; i++) assertEquals(false, inRecovery());

    assertTrue(one.came.get() > 0, "the standby was asked, too");
  }

  @Test
  void afterAFailoverTheOtherHostIsUsedWithoutARestart() {
    assertEquals(false, inRecovery());
    int before = one.came.get();

    one.standby = false;
    other.standby = true;
    one.cut();
    other.cut();

    until("the new primary answers", () -> {
      try {
        return !inRecovery();
      } catch (RuntimeException meanwhile) {
        return false;
      }
    });
    assertEquals(true, one.came.get() > before);
  }

  @Test
  void whileNobodyTakesWritesTheDatabaseIsBusyAndNotBroken() {
    other.standby = true;
    other.cut();

    fails(Failure.Busy.class, Database.open(room.vertx(), hosts(one.server.actualPort())));
  }

  @Test
  @Tag("full")
  void aHostThatTakesTheCallAndSaysNothingIsHungUpOn() {
    one.silent = true;
    one.cut();
    int before = one.came.get();

    Database late = get(Database.open(room.vertx(), hosts(one.server.actualPort())));

    assertTrue(one.came.get() > before, "it was asked");
    until("every call to it has ended", () -> one.left.get() == one.came.get() - before);
    get(late.close());
  }

  @Test
  void aHostThatIsAwayDoesNotKeepTheOtherFromBeingFound() {
    one.away = true;
    one.cut();

    Database late = get(Database.open(room.vertx(), hosts(one.server.actualPort())));

    get(late.close());
  }
}

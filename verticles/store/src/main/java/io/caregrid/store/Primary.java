package io.caregrid.store;

import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.net.NetClientOptions;
import io.vertx.pgclient.PgBuilder;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.PoolOptions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which of several hosts takes writes. Asked whenever a connection is made: all hosts at once, and the first that is not in recovery is it. Whoever comes
 * while that is being asked waits for the same answer; no answer is kept, or a connection made right after a failover would stay with the old host. A
 * connection lives {@link #LIFE} at most, whatever happened while it was made.
 *
 * <p>One host alone is never asked. Any thread.
 */
final class Primary {
  private static final Logger log = LoggerFactory.getLogger(Primary.class);
  /** Longest a connection lives when there are several hosts. */
  static final Duration LIFE = Duration.ofMinutes(5);
  private static final long PATIENCE_SECONDS = 3;
  /** A host that takes the call and then says nothing is hung up on: else every question would leave a socket there. */
  private static final NetClientOptions SILENCE = new NetClientOptions()
      .setConnectTimeout((int) TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS))
      .setIdleTimeout((int) PATIENCE_SECONDS);
  private static final String QUESTION = "select not pg_is_in_recovery() as takes_writes";

  private final Vertx vertx;
  private final DatabaseConfig config;
  private Future<String> answer;
  private String told = "";

  Primary(Vertx vertx, DatabaseConfig config) {
    this.vertx = vertx;
    this.config = config;
  }

  /** True when there is more than one host to choose from. */
  boolean isChosen() {
    return config.hosts().size() > 1;
  }

  /** @param as gives the options for a host. Busy when nobody takes writes: a failover is under way, or the hosts are away */
  Future<PgConnectOptions> options(UnaryOperator<PgConnectOptions> as) {
    return host().map(host -> as.apply(Database.connecting(config, host)));
  }

  private synchronized Future<String> host() {
    if (!isChosen()) return Future.succeededFuture(config.hosts().get(0));
    if (answer == null || answer.isComplete()) answer = ask();
    return answer;
  }

  private Future<String> ask() {
    Promise<String> first = Promise.promise();
    List<Future<Boolean>> asked = config.hosts().stream().map(host -> takesWrites(host).onSuccess(takes -> {
      if (takes) first.tryComplete(host);
    })).toList();
    Future.join(asked).onComplete(all -> first.tryFail(nobody(asked)));
    return first.future().onSuccess(this::found);
  }

  /** What an operator set wrong, such as a password, is told as it is; else it is only a matter of time. */
  private static Throwable nobody(List<Future<Boolean>> asked) {
    boolean standbys = asked.stream().anyMatch(one -> one.succeeded());
    if (standbys) return new Failure.Busy("All database hosts that answer are standbys; try again after the failover");
    return asked.get(0).cause();
  }

  private Future<Boolean> takesWrites(String host) {
    Pool one = PgBuilder.pool()
        .with(new PoolOptions().setMaxSize(1))
        .with(SILENCE)
        .connectingTo(Database.connecting(config, host))
        .using(vertx)
        .build();
    return one.query(QUESTION)
        .execute()
        .map(rows -> rows.iterator().next().getBoolean("takes_writes"))
        .timeout(PATIENCE_SECONDS, TimeUnit.SECONDS)
        .eventually(one::close);
  }

  private synchronized void found(String host) {
    if (!host.equals(told)) log.info("database takes writes at host={} port={}", host, config.port());
    told = host;
  }
}

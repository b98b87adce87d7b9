package io.caregrid.dicom.archive;

import static io.caregrid.dicom.Await.get;

import io.caregrid.cluster.DatabaseConfig;
import io.vertx.core.Vertx;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetSocket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Stands between a node and its database. While it loses answers, what the node asks is done and the node does not hear of it. */
final class LostAnswers implements AutoCloseable {
  private final Vertx vertx = Vertx.vertx();
  private final NetClient client = vertx.createNetClient();
  private final Set<NetSocket> nodes = ConcurrentHashMap.newKeySet();
  private final NetServer server;
  private final DatabaseConfig behind;
  private volatile boolean losing;

  LostAnswers(DatabaseConfig behind) {
    this.behind = behind;
    server = get(vertx.createNetServer().connectHandler(this::connect).listen(0, "127.0.0.1"));
  }

  DatabaseConfig config() {
    return new DatabaseConfig("127.0.0.1", server.actualPort(), behind.database(), behind.user(), behind.password(),
        behind.poolSize());
  }

  private void connect(NetSocket node) {
    node.pause();
    client.connect(behind.port(), behind.host()).onSuccess(database -> {
      nodes.add(node);
      node.handler(database::write);
      node.closeHandler(gone -> {
        nodes.remove(node);
        database.close();
      });
      database.handler(answer -> {
        if (!losing) node.write(answer);
      });
      database.closeHandler(gone -> node.close());
      node.resume();
    }).onFailure(refused -> node.close());
  }

  /** From now on answers are lost. */
  void lose() {
    losing = true;
  }

  /** The connections on which answers were lost break; new ones work. */
  void breakOff() {
    Set<NetSocket> broken = Set.copyOf(nodes);
    losing = false;
    broken.forEach(NetSocket::close);
  }

  @Override
  public void close() {
    get(vertx.close());
  }
}

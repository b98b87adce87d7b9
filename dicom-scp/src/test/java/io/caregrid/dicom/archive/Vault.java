package io.caregrid.dicom.archive;

import static io.caregrid.dicom.Await.get;

import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.cluster.DicomConfig;
import io.caregrid.contract.Caller;
import io.caregrid.dicom.archive.Incoming.Expected;
import io.caregrid.dicom.archive.Incoming.Receipt;
import io.caregrid.engines.AskAgain;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.store.Database;
import io.caregrid.store.ImageIndex;
import io.caregrid.store.ImageIndex.Located;
import io.caregrid.store.Schema;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.buffer.ByteBuf;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.pgclient.PgConnection;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;

/** An archive with its own database, and a sender that keeps to the rules. */
final class Vault implements AutoCloseable {
  static final Caller CALLER = Caller.system("test");

  final Vertx vertx = Vertx.vertx();
  final Database database;
  final ImageIndex index;
  final Path folder;
  private final DatabaseConfig where;
  private final DicomConfig config;
  private final long segmentBytes;
  Archive archive;

  Vault(DatabaseConfig where, Path folder, DicomConfig config, long segmentBytes) {
    this.where = where;
    this.folder = folder;
    this.config = config;
    this.segmentBytes = segmentBytes;
    database = AskAgain.whileBusy(() -> get(Database.open(vertx, where)));
    index = new ImageIndex(database);
    open();
  }

  static Vault open(LocalPostgres postgres, Path folder) {
    return new Vault(
        database(postgres,
            postgres.createDatabase(Schema.on(postgres.host(), postgres.port(), postgres.user(), postgres.password()))),
        folder, DicomConfig.DEFAULT, 4 << 20);
  }

  static DatabaseConfig database(LocalPostgres postgres, String name) {
    return new DatabaseConfig(postgres.host(), postgres.port(), name, postgres.user(), postgres.password(), 4);
  }

  void open() {
    archive = get(Archive.open(vertx, config, folder, index, new SimpleMeterRegistry(), segmentBytes));
  }

  void reopen() {
    archive.close();
    open();
  }

  Receipt store(byte[] file) {
    return get(storing(file, Expected.ANYTHING));
  }

  Future<Receipt> storing(byte[] file, Expected expected) {
    return storing(Phantom.pieces(file, 16_000).iterator(), expected);
  }

  /** On an event loop of its own, waiting whenever it is told to. */
  Future<Receipt> storing(Iterator<ByteBuf> pieces, Expected expected) {
    Promise<Receipt> stored = Promise.promise();
    vertx.runOnContext(go -> {
      Incoming incoming = archive.receive();
      send(incoming, pieces).compose(sent -> incoming.finish(expected)).onComplete(stored);
    });
    return stored.future();
  }

  private static Future<Void> send(Incoming incoming, Iterator<ByteBuf> pieces) {
    while (pieces.hasNext())
      if (!incoming.write(pieces.next())) return incoming.drained().compose(free -> send(incoming, pieces));
    return Future.succeededFuture();
  }

  Refused refused(byte[] file, Expected expected) {
    Throwable cause = get(storing(file, expected).<Throwable>transform(done -> Future.succeededFuture(done.cause())));
    if (cause instanceof Refused why) return why;
    throw new AssertionError("not refused: " + cause, cause);
  }

  byte[] read(Located where) {
    try (Opened opened = get(archive.open(where))) {
      ByteBuffer bytes = ByteBuffer.allocate((int) opened.length());
      opened.source().read(0, bytes);
      return bytes.array();
    } catch (IOException failed) {
      throw new AssertionError(failed);
    }
  }

  List<Located> instances(int study) {
    return get(index.instances(Phantom.study(study), null, null));
  }

  /** One statement on a connection of its own: what happens to a database behind our back. */
  RowSet<Row> sql(String statement) {
    PgConnection connection = connection();
    RowSet<Row> rows = get(connection.query(statement).execute());
    get(connection.close());
    return rows;
  }

  PgConnection connection() {
    return get(PgConnection.connect(vertx, new PgConnectOptions()
        .setHost(where.host())
        .setPort(where.port())
        .setDatabase(where.database())
        .setUser(where.user())
        .setPassword(where.password())));
  }

  @Override
  public void close() {
    archive.close();
    get(database.close());
    get(vertx.close());
  }
}

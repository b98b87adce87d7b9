package io.caregrid.store;

import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;

/**
 * 32 random bytes that all nodes of this house know, and nobody else who cannot read its database. They were made with it. Each use derives a key of its own
 * from them ({@link io.caregrid.contract.SealedText}).
 */
public final class HouseSecret {
  private static final String READ = "select secret from web_secret";

  private HouseSecret() {}

  /** Busy 503 where its row is missing, until somebody has put one there. */
  public static Future<Buffer> of(Database database) {
    return database.ask(READ, Tuple.tuple()).map(rows -> {
      for (Row row : rows) return row.getBuffer("secret");
      throw new Failure.Busy("the table web_secret of the database is empty; BULK.md tells how it gets a row");
    }).recover(Failures::recover);
  }
}

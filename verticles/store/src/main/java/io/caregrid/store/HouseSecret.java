package io.caregrid.store;

import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.sqlclient.Tuple;

/**
 * 32 random bytes that all nodes of this house know, and nobody else who cannot read its database. They were made with it. Each use derives a key of its own
 * from them ({@link io.caregrid.contract.SealedText}).
 */
public final class HouseSecret {
  private static final String READ = "select secret from web_secret";

  private HouseSecret() {}

  public static Future<Buffer> of(Database database) {
    return database.ask(READ, Tuple.tuple())
        .map(rows -> rows.iterator().next().getBuffer("secret"))
        .recover(Failures::recover);
  }
}

package io.caregrid.cluster;

import static io.caregrid.cluster.ConfigException.require;

/**
 * PostgreSQL 15 or newer.
 *
 * @param port     1..65535
 * @param password a secret: masked wherever the configuration is shown
 * @param poolSize connections this node may hold, 2..200; two more are for pictures on their way in, a quarter as many again for searches among
 *                 them
 */
public record DatabaseConfig(String host, int port, String database, String user, String password, int poolSize) {

  public static final DatabaseConfig DEFAULT = new DatabaseConfig("127.0.0.1", 5432, "caregrid", "caregrid", "", 16);

  public DatabaseConfig {
    require(port >= 1 && port <= 65535, "database.port must be 1..65535, not " + port);
    require(poolSize >= 2 && poolSize <= 200, "database.poolSize must be 2..200, not " + poolSize);
  }

  @Override
  public String toString() {
    return "DatabaseConfig[" + user + "@" + host + ":" + port + "/" + database + "]";
  }
}

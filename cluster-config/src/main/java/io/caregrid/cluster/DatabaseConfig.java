package io.caregrid.cluster;

import static io.caregrid.cluster.ConfigException.require;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * PostgreSQL 15 or newer.
 *
 * @param host     one, or several with commas between them: a primary and its standbys, of which whoever takes writes is used, also after a failover
 * @param port     1..65535, of all of them
 * @param password a secret: masked wherever the configuration is shown
 * @param poolSize connections this node may hold, 2..200; two more are for pictures on their way in, a quarter as many again for searches among
 *                 them, and a quarter, at least two, for writes that go together
 * @param ca       PEM file with who signs the servers' certificates: the connection is TLS, and the name or address in a server's certificate must be
 *                 the one we call. Null: no TLS
 */
public record DatabaseConfig(String host, int port, String database, String user, String password, int poolSize,
    Path ca) {

  public static final DatabaseConfig DEFAULT = new DatabaseConfig("127.0.0.1", 5432, "caregrid", "caregrid", "", 16);

  /** Without TLS. */
  public DatabaseConfig(String host, int port, String database, String user, String password, int poolSize) {
    this(host, port, database, user, password, poolSize, null);
  }

  public DatabaseConfig {
    require(port >= 1 && port <= 65535, "database.port must be 1..65535, not " + port);
    require(poolSize >= 2 && poolSize <= 200, "database.poolSize must be 2..200, not " + poolSize);
    require(!hosts(host).isEmpty(), "database.host must name at least one host");
    require(ca == null || Files.isReadable(ca), "database.ca " + ca + " cannot be read: name a PEM file");
  }

  /** In the order of the setting. */
  public List<String> hosts() {
    return hosts(host);
  }

  private static List<String> hosts(String host) {
    return Arrays.stream(host.split(",")).map(String::strip).filter(one -> !one.isEmpty()).distinct().toList();
  }

  @Override
  public String toString() {
    return "DatabaseConfig[" + user + "@" + host + ":" + port + "/" + database + "]";
  }
}

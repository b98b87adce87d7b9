package io.caregrid.ingest.load;

import java.net.URI;
import java.net.http.HttpClient;
import java.nio.file.Path;
import java.time.Duration;

/** A process that loads a file, to be killed. */
final class KilledLoad {
  static final int BATCH = 10;

  private KilledLoad() {}

  /** @param args file and base address */
  public static void main(String[] args) throws Exception {
    Target target = new Target(URI.create(args[1]), HttpClient.newHttpClient(), Credentials.NONE,
        Duration.ofSeconds(10));
    new FileLoad(Path.of(args[0]), target, BATCH, 0, (so, at) -> true).run();
  }
}

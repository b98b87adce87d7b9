package io.caregrid.cluster;

import static io.caregrid.cluster.ConfigException.require;

import java.nio.file.Path;

/**
 * Files of resources that are put into a folder.
 *
 * @param folder    is watched by the nodes with the role ingest; null: none is
 * @param target    base address of the FHIR server that they go to; empty: this node. Another one is given no token
 * @param ca        PEM file with who signs the target's certificate; null: whom this Java trusts. This node's own certificate is taken in any case
 * @param batch     resources of NDJSON in one request, 1..1000
 * @param perSecond resources in a second, at most; 0: as fast as the target takes them
 */
public record LoadConfig(Path folder, String target, Path ca, int batch, int perSecond) {

  public static final LoadConfig DEFAULT = new LoadConfig(null, "", null, 200, 0);

  public LoadConfig {
    require(target.isEmpty() || target.matches("https?://[^\\s/]+(/[^\\s]*)?"),
        "load.target must be the base address of a FHIR server, such as https://fhir.example/r4, not " + target);
    require(batch >= 1 && batch <= 1000, "load.batch must be 1..1000, not " + batch);
    require(perSecond >= 0, "load.perSecond must not be below 0");
  }
}

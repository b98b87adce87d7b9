package io.caregrid.cluster;

import static io.caregrid.cluster.ConfigException.require;

import java.nio.file.Path;
import java.util.List;

/**
 * Files of resources that are put into a folder.
 *
 * @param folder    is watched by the nodes with the role ingest; null: none is
 * @param target    base address of the FHIR server that they go to; empty: this node. Another one is never given a token of this node's own
 * @param ca        PEM file with who signs the certificates of target and token endpoint; null: whom this Java trusts. This node's own certificate is taken in any case
 * @param batch     resources of NDJSON in one request, 1..1000
 * @param perSecond resources in a second, at most; 0: as fast as the target takes them
 * @param tokenEndpoint where tokens for another server come from, by OAuth2 client credentials (RFC 6749 4.4), as all below; empty: it is given none
 * @param clientId  as whom
 * @param secret    of the client; masked wherever the configuration is shown
 * @param scopes    for what; empty: not sent
 * @param audience  sent as parameter {@code resource} (RFC 8707), which some token endpoints want; empty: not sent
 */
public record LoadConfig(Path folder, String target, Path ca, int batch, int perSecond, String tokenEndpoint,
    String clientId, String secret, List<String> scopes, String audience) {

  public static final LoadConfig DEFAULT = new LoadConfig(null, "", null, 200, 0);

  /** Without tokens for another server. */
  public LoadConfig(Path folder, String target, Path ca, int batch, int perSecond) {
    this(folder, target, ca, batch, perSecond, "", "", "", List.of(), "");
  }

  public LoadConfig {
    scopes = List.copyOf(scopes);
    require(target.isEmpty() || target.matches("https?://[^\\s/]+(/[^\\s]*)?"),
        "load.target must be the base address of a FHIR server, such as https://fhir.example/r4, not " + target);
    require(batch >= 1 && batch <= 1000, "load.batch must be 1..1000, not " + batch);
    require(perSecond >= 0, "load.perSecond must not be below 0");
    boolean asks = !tokenEndpoint.isEmpty();
    require(asks || (clientId + secret + audience + String.join("", scopes)).isEmpty(),
        "load.tokenEndpoint must be set, since clientId, secret, scopes or audience is");
    require(!asks || TargetConfig.isSafe(tokenEndpoint),
        "load.tokenEndpoint must be https://…, or http:// on loopback, without user and #");
    require(!asks || !clientId.isEmpty() && !secret.isEmpty(),
        "load.clientId and load.secret must be set, since load.tokenEndpoint is");
    require(!asks || TargetConfig.isSafe(target),
        "load.target must be https://…, or http:// on loopback, since load.tokenEndpoint is set: a token goes nowhere in the clear");
  }

  /** Whether another server is given a token. */
  public boolean asksForTokens() {
    return !tokenEndpoint.isEmpty();
  }

  @Override
  public String toString() {
    return "LoadConfig[" + folder + " " + target + "]";
  }
}

package io.caregrid.platform;

import io.caregrid.cluster.Hosts;
import io.caregrid.cluster.NodeConfig;

/** What has to be said at every start of a node that lets in whoever reaches it, or lets everybody on the way listen. */
final class Openness {
  private Openness() {}

  /**
   * @param http its address
   * @return null when it does neither
   */
  static String of(NodeConfig config, String http) {
    if (config.isOpen())
      return "Open: whoever reaches " + http + " without a token may do everything"
          + (config.security().isOpenByWish()
              ? ", as security.mode says."
              : ". Only this machine can, and whoever a proxy on it lets through; set security.issuers, or security.nodeTokens=always, to ask who calls.");
    if (config.http().tls().isOn() || Hosts.isLoopback(config.http().host())) return null;
    return "In the clear: tokens and patients' data go to " + http
        + " as they are, for everybody on the way to read. Set http.tls.cert and http.tls.key, or http.host to loopback behind a proxy with TLS.";
  }
}

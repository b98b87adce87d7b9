package io.caregrid.cluster;

import java.net.InetAddress;
import java.net.UnknownHostException;

/** Which addresses are safe to bind. */
public final class Hosts {
  private Hosts() {}

  /** True for 127.0.0.0/8, ::1 and names that resolve to them. */
  public static boolean isLoopback(String host) {
    return resolve(host).isLoopbackAddress();
  }

  /** True for loopback, RFC 1918, link-local and IPv6 unique local addresses: never routed on the internet. */
  public static boolean isPrivate(String host) {
    InetAddress address = resolve(host);
    boolean uniqueLocal = address.getAddress().length == 16 && (address.getAddress()[0] & 0xfe) == 0xfc;
    return address.isLoopbackAddress() || address.isSiteLocalAddress() || address.isLinkLocalAddress() || uniqueLocal;
  }

  /** True for 0.0.0.0 and ::, which are every address of the machine and the name of none. */
  public static boolean isAny(String host) {
    return resolve(host).isAnyLocalAddress();
  }

  private static InetAddress resolve(String host) {
    try {
      return InetAddress.getByName(host);
    } catch (UnknownHostException unknown) {
      throw new ConfigException("host " + host + " cannot be resolved");
    }
  }
}

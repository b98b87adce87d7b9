package io.caregrid.cluster;

import static io.caregrid.cluster.ConfigException.require;

import java.net.InetAddress;
import java.net.UnknownHostException;

/**
 * An IP address, or all that begin as it does: {@code 10.1.2.3}, {@code 10.1.0.0/16}, {@code fd00::/8}.
 *
 * @param address of four or sixteen bytes
 * @param bits    how many of them count, from the first
 */
public record Network(InetAddress address, int bits) {
  private static final String LITERAL = "[0-9]{1,3}(\\.[0-9]{1,3}){3}|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*";

  /** @throws ConfigException for what is none, names among it: who they mean may change */
  public static Network of(String text) {
    int slash = text.indexOf('/');
    InetAddress address = literal(slash < 0 ? text : text.substring(0, slash), text);
    int most = address.getAddress().length * Byte.SIZE;
    String bits = slash < 0 ? String.valueOf(most) : text.substring(slash + 1);
    require(bits.matches("\\d{1,3}") && Integer.parseInt(bits) <= most, refusal(text));
    return new Network(address, Integer.parseInt(bits));
  }

  private static InetAddress literal(String host, String text) {
    require(host.matches(LITERAL), refusal(text));
    try {
      return InetAddress.getByName(host);
    } catch (UnknownHostException none) {
      throw new ConfigException(refusal(text));
    }
  }

  private static String refusal(String text) {
    return "an address or network is written like 10.1.2.3 or 10.1.0.0/16, not " + text;
  }

  /** @param host an IP address as a connection has it, or null */
  public boolean has(String host) {
    if (host == null || !host.matches(LITERAL)) return false;
    byte[] mine = address.getAddress();
    byte[] other = literal(host, host).getAddress();
    if (mine.length != other.length) return false;
    for (int bit = 0; bit < bits; bit++) {
      int mask = 0x80 >> bit % Byte.SIZE;
      if ((mine[bit / Byte.SIZE] & mask) != (other[bit / Byte.SIZE] & mask)) return false;
    }
    return true;
  }
}

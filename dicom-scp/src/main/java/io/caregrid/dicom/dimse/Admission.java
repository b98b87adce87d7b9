package io.caregrid.dicom.dimse;

import io.caregrid.cluster.DicomConfig;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Roles;
import io.caregrid.dicom.ul.Pdu;
import io.caregrid.dicom.ul.Pdu.AssociateRj;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;

/** Who may have an association with this node, and how many. One for all listeners of a node; any thread. */
public final class Admission {
  private final DicomConfig config;
  private final Roles roles;
  private final boolean asks;
  private final List<Known> known;
  private final BooleanSupplier hasRoom;
  private final Map<String, Integer> open = new ConcurrentHashMap<>();
  private int all;

  /** @param addresses empty: from anywhere */
  private record Known(String title, List<InetAddress> addresses, Set<String> roles) {
    boolean is(String callingAe, InetAddress from) {
      return title.equals(callingAe) && (addresses.isEmpty() || addresses.contains(from));
    }
  }

  /** On a node that lets everybody in whom {@code dicom.callers} does not exclude, with the built-in roles. */
  public Admission(DicomConfig config, BooleanSupplier hasRoom) {
    this(config, Roles.BUILT_IN, false, hasRoom);
  }

  /**
   * @param asks    the doors ask who calls: whom {@code dicom.callers} does not name does not come in, also when it names nobody
   * @param hasRoom false: nothing can be kept right now, so nobody is let in
   * @throws IllegalArgumentException naming the entry of {@code dicom.callers} whose address cannot be resolved
   */
  public Admission(DicomConfig config, Roles roles, boolean asks, BooleanSupplier hasRoom) {
    this.config = config;
    this.roles = roles;
    this.asks = asks;
    this.hasRoom = hasRoom;
    this.known = config.callers()
        .stream()
        .map(caller -> known(caller, Set.copyOf(config.roles().getOrDefault(caller, List.of(Roles.MODALITY)))))
        .toList();
  }

  private static Known known(String caller, Set<String> roles) {
    int at = caller.lastIndexOf('@');
    if (at < 0) return new Known(caller, List.of(), roles);
    try {
      return new Known(caller.substring(0, at), Arrays.asList(InetAddress.getAllByName(caller.substring(at + 1))),
          roles);
    } catch (UnknownHostException unknown) {
      throw new IllegalArgumentException("dicom.callers: the address of " + caller + " cannot be resolved", unknown);
    }
  }

  /** Null: come in, and {@link #left} must follow. Otherwise why not (PS3.8 table 9-21). */
  AssociateRj enter(Pdu.Titles titles, SocketAddress from) {
    if (!titles.calledAe().equals(config.aeTitle())) return AssociateRj.CALLED_AE;
    if ((asks || !known.isEmpty()) && named(titles, from).isEmpty()) return AssociateRj.CALLING_AE;
    if (!hasRoom.getAsBoolean()) return AssociateRj.CONGESTION;
    return count(titles.callingAe()) ? null : AssociateRj.LOCAL_LIMIT;
  }

  private List<Known> named(Pdu.Titles titles, SocketAddress from) {
    InetAddress address = address(from);
    return known.stream().filter(one -> one.is(titles.callingAe(), address)).toList();
  }

  private static InetAddress address(SocketAddress from) {
    return from instanceof InetSocketAddress socket ? socket.getAddress() : null;
  }

  /** Who calls, by the word of its title and the address it calls from. A title comes from outside: what could break a log line does not get into one. */
  Caller caller(Pdu.Titles titles, SocketAddress from) {
    String title = titles.callingAe().replaceAll("[^!-~]", "?");
    Set<String> theirs = new TreeSet<>();
    if (known.isEmpty() && !asks) theirs.add(Roles.MODALITY);
    named(titles, from).forEach(one -> theirs.addAll(one.roles()));
    InetAddress address = address(from);
    return new Caller("ae:" + title + "@" + (address == null ? from : address.getHostAddress()), null, title, theirs,
        roles.grants(theirs), null,
        address == null ? null : address.getHostAddress(), null);
  }

  private synchronized boolean count(String callingAe) {
    int theirs = open.getOrDefault(callingAe, 0);
    if (all >= config.associations() || theirs >= config.perCaller()) return false;
    all++;
    open.put(callingAe, theirs + 1);
    return true;
  }

  synchronized void left(String callingAe) {
    all--;
    open.computeIfPresent(callingAe, (title, count) -> count == 1 ? null : count - 1);
  }

  /** Associations open now. */
  synchronized int associations() {
    return all;
  }
}

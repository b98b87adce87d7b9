package io.caregrid.dicom.dimse;

import io.caregrid.cluster.DicomConfig;
import io.caregrid.dicom.ul.Pdu;
import io.caregrid.dicom.ul.Pdu.AssociateRj;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;

/** Who may have an association with this node, and how many. One for all listeners of a node; any thread. */
public final class Admission {
  private final DicomConfig config;
  private final List<Known> known;
  private final BooleanSupplier hasRoom;
  private final Map<String, Integer> open = new ConcurrentHashMap<>();
  private int all;

  /** @param addresses empty: from anywhere */
  private record Known(String title, List<InetAddress> addresses) {
    boolean is(String callingAe, InetAddress from) {
      return title.equals(callingAe) && (addresses.isEmpty() || addresses.contains(from));
    }
  }

  /**
   * @param hasRoom false: nothing can be kept right now, so nobody is let in
   * @throws IllegalArgumentException naming the entry of {@code dicom.callers} whose address cannot be resolved
   */
  public Admission(DicomConfig config, BooleanSupplier hasRoom) {
    this.config = config;
    this.hasRoom = hasRoom;
    this.known = config.callers().stream().map(Admission::known).toList();
  }

  private static Known known(String caller) {
    int at = caller.lastIndexOf('@');
    if (at < 0) return new Known(caller, List.of());
    try {
      return new Known(caller.substring(0, at), Arrays.asList(InetAddress.getAllByName(caller.substring(at + 1))));
    } catch (UnknownHostException unknown) {
      throw new IllegalArgumentException("dicom.callers: the address of " + caller + " cannot be resolved", unknown);
    }
  }

  /** Null: come in, and {@link #left} must follow. Otherwise why not (PS3.8 table 9-21). */
  AssociateRj enter(Pdu.Titles titles, SocketAddress from) {
    if (!titles.calledAe().equals(config.aeTitle())) return AssociateRj.CALLED_AE;
    InetAddress address = from instanceof InetSocketAddress socket ? socket.getAddress() : null;
    if (!known.isEmpty() && known.stream().noneMatch(one -> one.is(titles.callingAe(), address)))
      return AssociateRj.CALLING_AE;
    if (!hasRoom.getAsBoolean()) return AssociateRj.CONGESTION;
    return count(titles.callingAe()) ? null : AssociateRj.LOCAL_LIMIT;
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

package io.caregrid.ingest.hl7;

import io.caregrid.contract.Caller;
import io.caregrid.contract.Grants;
import java.util.Set;

/** Where messages come from. */
sealed interface Peer {
  int LONGEST_NAME = 100;

  /** @param first header of what it sent */
  Envelope envelope(Msh first, String charset);

  /**
   * Somebody at the MLLP port, who is what his messages call him, at his address.
   *
   * @param name  of his certificate; null when he shows none
   * @param roles by which what he sends is stored
   */
  record Mllp(String address, String name, Set<String> roles, Grants grants) implements Peer {
    @Override
    public Envelope envelope(Msh first, String charset) {
      String subject = "hl7:" + shown(first.sender()) + "@" + address;
      return new Envelope("mllp:" + address, new Caller(subject, null, name, roles, grants, null, address, null),
          charset);
    }
  }

  /** Somebody whom the gate has let in. */
  record Http(Caller caller) implements Peer {
    @Override
    public Envelope envelope(Msh first, String charset) {
      return new Envelope("http:" + shown(caller.subject()), caller, charset);
    }
  }

  private static String shown(String text) {
    String plain = text.replaceAll("[^ -~]", "?");
    return plain.length() > LONGEST_NAME ? plain.substring(0, LONGEST_NAME) : plain;
  }
}

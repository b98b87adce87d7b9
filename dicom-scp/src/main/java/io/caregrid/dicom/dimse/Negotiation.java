package io.caregrid.dicom.dimse;

import static java.util.stream.Collectors.toSet;

import io.caregrid.dicom.data.Part10;
import io.caregrid.dicom.ul.Pdu;
import io.caregrid.dicom.ul.Pdu.Answered;
import io.caregrid.dicom.ul.UserInformation;
import io.caregrid.dicom.ul.UserInformation.Extended;
import io.caregrid.dicom.ul.UserInformation.Octets;
import io.caregrid.dicom.ul.UserInformation.Role;
import io.caregrid.dicom.ul.UserInformation.Window;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What we answer to a proposal (PS3.8 annex D, PS3.7 annex D.3). Pure.
 *
 * <p>Of the transfer syntaxes of a context the first that we know is taken: senders put first what their pictures are in, and what is kept as received
 * should not be converted for the way.
 *
 * @param maxPdu         longest P-DATA-TF variable field we take, bytes
 * @param privateClasses SOP classes outside the tables are stored too
 */
record Negotiation(int maxPdu, boolean privateClasses) {
  /** Operations a requestor may have open at a time, if it asks. */
  static final int INVOKED = 16;
  /** Nothing is ever asked of a requestor while it has a question of ours open. */
  private static final int PERFORMED = 1;
  /** Longest UID (PS3.5 9.1). */
  private static final int UID_CHARACTERS = 64;
  /** PS3.4 B.3.1: full storage, bit preserving as to digital signatures, no coercion. */
  private static final Octets AS_RECEIVED = new Octets(new byte[] {2, 0, 3, 0, 0, 0});

  Pdu.AssociateAc answer(Pdu.AssociateRq request) {
    return new Pdu.AssociateAc(request.titles(), Pdu.APPLICATION_CONTEXT,
        request.contexts().stream().map(this::answer).toList(), answer(request.user(), proposed(request)));
  }

  /** What else is said about a class is heard for these only, once for each: so the answer is never longer than its two bytes of length can say. */
  private Set<String> proposed(Pdu.AssociateRq request) {
    return request.contexts().stream().map(Pdu.Proposed::abstractSyntax).filter(this::isKnown).collect(toSet());
  }

  private Answered answer(Pdu.Proposed context) {
    String first = context.transferSyntaxes().isEmpty() ? "" : context.transferSyntaxes().get(0);
    if (!isKnown(context.abstractSyntax()))
      return new Answered(context.id(), Answered.ABSTRACT_SYNTAX_NOT_SUPPORTED, first);
    return context.transferSyntaxes()
        .stream()
        .filter(SopClasses.TRANSFER_SYNTAXES::containsKey)
        .findFirst()
        .map(syntax -> new Answered(context.id(), Answered.ACCEPTED, syntax))
        .orElse(new Answered(context.id(), Answered.TRANSFER_SYNTAXES_NOT_SUPPORTED, first));
  }

  private boolean isKnown(String abstractSyntax) {
    return abstractSyntax.equals(SopClasses.VERIFICATION) || isStorage(abstractSyntax);
  }

  /** What PS3.6 lists under its own root and is no storage class is a service we do not have, not a private class. */
  boolean isStorage(String sopClass) {
    return SopClasses.STORAGE.containsKey(sopClass)
        || privateClasses && sopClass.length() <= UID_CHARACTERS && !sopClass.startsWith("1.2.840.10008.");
  }

  private UserInformation answer(UserInformation theirs, Set<String> proposed) {
    Window window = theirs.window() == null
        ? null
        : new Window(lesser(theirs.window().invoked(), INVOKED), lesser(theirs.window().performed(), PERFORMED));
    Set<String> heard = new HashSet<>();
    List<Role> roles = theirs.roles()
        .stream()
        .filter(role -> proposed.contains(role.sopClass()) && heard.add(role.sopClass()))
        .map(role -> new Role(role.sopClass(), role.scu(), false))
        .toList();
    heard.clear();
    List<Extended> extended = theirs.extended()
        .stream()
        .filter(one -> isStorage(one.sopClass()) && proposed.contains(one.sopClass()) && heard.add(one.sopClass()))
        .map(one -> new Extended(one.sopClass(), AS_RECEIVED))
        .toList();
    return new UserInformation(maxPdu, Part10.IMPLEMENTATION_CLASS, Part10.IMPLEMENTATION_VERSION,
        window, roles, extended, List.of(), null, null);
  }

  /** 0 in a window is no limit. */
  private static int lesser(int theirs, int ours) {
    return theirs == 0 ? ours : Math.min(theirs, ours);
  }
}

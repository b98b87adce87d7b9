package io.caregrid.dicom.dimse;

import io.caregrid.contract.Access;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Caller;
import io.caregrid.dicom.data.TransferSyntax;
import io.caregrid.dicom.ul.Association;
import io.caregrid.dicom.ul.Pdu;
import io.caregrid.dicom.ul.PduWriter;
import io.caregrid.dicom.ul.ServiceUser;
import io.caregrid.dicom.ul.UserInformation.CommonExtended;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.vertx.core.Future;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The provider's side of one association: C-ECHO and C-STORE (PS3.7 sections 9.1.1 and 9.1.5). On the association's event loop, like everything it calls.
 *
 * <p>A store is answered when the archive says so; meanwhile the next may come, up to {@link Negotiation#INVOKED}, beyond which nothing is read. So a
 * sender that waits for each answer and one that negotiated a window are treated alike, and one that overruns its window is slowed down.
 */
final class Provider implements ServiceUser, MessageReader.Receiver {
  private static final Logger log = LoggerFactory.getLogger(Provider.class);
  /** What a UID in a command may look like before the archive looks closer; NUL and spaces around it are gone. */
  private static final String UID = "[0-9A-Za-z.-]{1,64}";
  private static final int ANSWER_BYTES = 512;
  private static final About REFUSED = new About(null, null);

  private final Association association;
  private final House house;
  private final MessageReader reader = new MessageReader(this);
  private final Map<Integer, Agreed> contexts = new HashMap<>();
  private final Map<String, Set<String>> related = new HashMap<>();
  /** Whose study, or {@link #REFUSED} → its entry in the audit trail, which every answer about it waits for: one of each in an association. */
  private final Map<About, Future<Void>> audited = new HashMap<>();
  private Caller caller;
  private String callingAe;
  private Store receiving;
  private int unanswered;
  private boolean draining;
  private boolean releasing;
  private boolean over;

  /** A presentation context both sides agreed upon. */
  private record Agreed(String abstractSyntax, TransferSyntax transferSyntax) {}

  /** What the audit trail names. @param patient null when it is not known */
  private record About(String study, String patient) {}

  Provider(Association association, House house) {
    this.association = association;
    this.house = house;
  }

  // ---- the association

  @Override
  public void requested(Pdu.AssociateRq request) {
    house.presence().asked(association);
    Pdu.Titles titles = request.titles();
    caller = house.admission().caller(titles, association.remote());
    Pdu.AssociateRj refusal = house.admission().enter(titles, association.remote());
    if (refusal != null) {
      log.info("association rejected subject={} reason={}", caller.subject(), refusal);
      house.metrics().rejected(refusal.toString());
      if (refusal.isTransient()) association.reject(refusal);
      else recorded(association(403)).onComplete(kept -> association.run(() -> rejectNow(refusal)));
      return;
    }
    callingAe = titles.callingAe();
    Pdu.AssociateAc answer = house.negotiation().answer(request);
    agree(request, answer);
    log.debug("association accepted subject={} contexts={}", caller.subject(), contexts.size());
    recorded(association(Audit.DONE)).onComplete(kept -> association.run(() -> {
      if (kept.failed()) rejectNow(Pdu.AssociateRj.CONGESTION);
      else if (!over) association.accept(answer);
    }));
  }

  private void rejectNow(Pdu.AssociateRj refusal) {
    if (!over) association.reject(refusal);
  }

  private Audit.Entry association(int status) {
    return Audit.Entry.of(caller, Audit.Deed.ASSOCIATION, null).ended(status);
  }

  private Audit.Entry stored(About what) {
    return Audit.Entry.of(caller, Audit.Deed.IMAGES_STORED, what.study() == null ? null : "urn:oid:" + what.study())
        .aboutIds(what.patient() == null ? List.of() : List.of(what.patient()));
  }

  private Future<Void> recorded(Audit.Entry entry) {
    return house.audit().record(entry);
  }

  private void agree(Pdu.AssociateRq request, Pdu.AssociateAc answer) {
    Map<Integer, String> proposed = new HashMap<>();
    request.contexts().forEach(context -> proposed.put(context.id(), context.abstractSyntax()));
    answer.contexts()
        .stream()
        .filter(Pdu.Answered::isAccepted)
        .forEach(context -> contexts.put(context.id(),
            new Agreed(proposed.get(context.id()), TransferSyntax.of(context.transferSyntax()))));
    for (CommonExtended common : request.user().common())
      related.put(common.sopClass(), Set.copyOf(common.relatedGeneral()));
  }

  @Override
  public void accepted(Pdu.AssociateAc answer) {
    throw new IllegalStateException("an acceptor does not ask");
  }

  @Override
  public void rejected(Pdu.AssociateRj why) {
    throw new IllegalStateException("an acceptor does not ask");
  }

  /** Within a message the answer that a release has to wait for can never come. */
  @Override
  public void releaseRequested() {
    if (reader.isWithin()) {
      log.info("association aborted subject={} reason=release within a message", caller.subject());
      association.abort();
      return;
    }
    releasing = true;
    releaseWhenAnswered();
  }

  private void releaseWhenAnswered() {
    if (releasing && unanswered == 0) association.releaseResponse();
  }

  @Override
  public void writable() {
    flow();
  }

  @Override
  public boolean owesAnswer() {
    return owed() > 0;
  }

  /** Answers to what is here whole: for the rest of a message it is us who wait. */
  private int owed() {
    return receiving == null || receiving.request == null ? unanswered : unanswered - 1;
  }

  @Override
  public void ended(End how) {
    over = true;
    reader.close();
    house.presence().gone(association, this);
    if (receiving != null) receiving.abandon();
    receiving = null;
    if (callingAe == null) return;
    house.admission().left(callingAe);
    house.metrics().ended(how.name());
    log.debug("association ended subject={} how={}", caller.subject(), how);
  }

  /** The node is closing: what is being sent is not acknowledged any more, what waits for the disk still is. */
  void leave() {
    if (owed() > 0) {
      association.pause();
    } else {
      association.abort();
      association.disconnect();
    }
  }

  // ---- messages

  @Override
  public void fragment(int context, boolean command, boolean last, ByteBuf bytes) {
    try {
      reader.fragment(context, command, last, bytes);
    } catch (MessageReader.Broken broken) {
      log.info("association aborted subject={} reason={}", caller.subject(), broken.getMessage());
      association.abort();
    }
  }

  @Override
  public void command(int context, CommandSet command) {
    Agreed agreed = contexts.get(context);
    if (agreed == null) throw new MessageReader.Broken("presentation context was not accepted");
    if (command.field() == CommandSet.C_STORE_RQ) {
      store(context, agreed, command);
    } else if (command.isResponse() || command.field() == CommandSet.C_CANCEL_RQ) {
      // answers to nothing, and too late to cancel: neither is answered (PS3.7 section 9.3.2.3)
      if (command.hasDataSet()) receiving = Store.refused(context, null, null);
    } else if (command.field() == CommandSet.C_ECHO_RQ) {
      simple(context, command, new Store.Answer(Status.SUCCESS, null, null, null));
    } else {
      simple(context, command, Store.Answer.refused(Status.UNRECOGNIZED_OPERATION, null));
    }
  }

  /** Answered at once, or after a data set that nobody needs. */
  private void simple(int context, CommandSet command, Store.Answer answer) {
    unanswered++;
    if (command.hasDataSet()) receiving = Store.refused(context, command, answer);
    else answer(context, command, answer);
  }

  private void store(int context, Agreed agreed, CommandSet command) {
    unanswered++;
    Store.Answer refusal = refusal(agreed, command);
    if (!command.hasDataSet()) {
      Store.Answer empty = Store.Answer.refused(0xC000, "C-STORE without a data set");
      stored(context, command, refusal != null ? refusal : empty);
    } else if (refusal != null) {
      receiving = Store.refused(context, command, refusal);
    } else {
      receiving = Store.into(house.archive().get(), context, command);
      if (!receiving.begin(agreed.transferSyntax(), callingAe)) drain();
    }
  }

  /** What is wrong with the command itself; null: nothing. */
  private Store.Answer refusal(Agreed agreed, CommandSet command) {
    String sopClass = command.text(CommandSet.AFFECTED_SOP_CLASS);
    String sopInstance = command.text(CommandSet.AFFECTED_SOP_INSTANCE);
    if (sopClass.isEmpty() || sopInstance.isEmpty())
      return Store.Answer.refused(Status.MISSING_ATTRIBUTE, "Affected SOP Class or Instance UID is missing");
    if (!sopInstance.matches(UID))
      return Store.Answer.refused(Status.INVALID_SOP_INSTANCE, "Affected SOP Instance UID is not a UID");
    if (!house.negotiation().isStorage(agreed.abstractSyntax()) || !covers(agreed.abstractSyntax(), sopClass))
      return Store.Answer.refused(Status.SOP_CLASS_NOT_SUPPORTED,
          "Affected SOP Class is not that of the presentation context");
    if (!caller.may(Access.DICOM_WRITE)) {
      audited.computeIfAbsent(REFUSED, first -> recorded(stored(first).ended(403)));
      return Store.Answer.refused(Status.NOT_AUTHORIZED, "this application entity may not store here");
    }
    if (!house.hasRoom().getAsBoolean())
      return Store.Answer.refused(Status.OUT_OF_RESOURCES, "no room for more, try again later");
    return null;
  }

  /** A context is for its class, and for those that were negotiated as special cases of it (PS3.4 B.3.1.4). */
  private boolean covers(String abstractSyntax, String sopClass) {
    return abstractSyntax.equals(sopClass)
        || sopClass.matches(UID) && related.getOrDefault(sopClass, Set.of()).contains(abstractSyntax);
  }

  @Override
  public void data(ByteBuf bytes, boolean last) {
    house.metrics().bytes.increment(bytes.readableBytes());
    Store store = receiving;
    if (!store.write(bytes) && !last) drain();
    if (!last) return;
    receiving = null;
    if (store.request == null) return;
    flow();
    long end = System.nanoTime();
    store.finish().onComplete(finished -> association.run(() -> {
      house.metrics().answer.record(System.nanoTime() - end, TimeUnit.NANOSECONDS);
      stored(store.context, store.request, finished.result());
    }));
  }

  // ---- flow: nothing is read while the archive is full, the window is, or the peer does not take our answers

  private void drain() {
    draining = true;
    flow();
    receiving.drained().onComplete(drained -> association.run(() -> {
      draining = false;
      flow();
    }));
  }

  private void flow() {
    if (over) return;
    boolean full = unanswered >= Negotiation.INVOKED && receiving == null;
    if (draining || full || house.presence().isClosing() || !association.isWritable())
      association.pause();
    else
      association.resume();
  }

  // ---- answers

  private void stored(int context, CommandSet command, Store.Answer answer) {
    if (command.field() == CommandSet.C_STORE_RQ) house.metrics().stored(answer.status());
    About what = answer.key() != null ? new About(answer.key().study(), answer.patient()) : REFUSED;
    if (answer.key() == null && answer.status() != Status.NOT_AUTHORIZED) {
      answer(context, command, answer);
      return;
    }
    audited
        .computeIfAbsent(what, first -> recorded(stored(first)))
        .onComplete(kept -> association.run(() -> {
          if (kept.failed()) audited.remove(what);
          answer(context, command,
              kept.succeeded() ? answer : Store.Answer.refused(Status.OUT_OF_RESOURCES, Audit.CLOSED));
        }));
  }

  private void answer(int context, CommandSet command, Store.Answer answer) {
    unanswered--;
    if (over) return;
    CommandSet response = command.response(answer.status());
    if (answer.comment() != null) response.commented(answer.comment());
    ByteBuf set = Unpooled.buffer(ANSWER_BYTES);
    response.write(set);
    ByteBuf pdus = association.buffer(ANSWER_BYTES);
    PduWriter.data(association.peerMaxLength(), house.negotiation().maxPdu(), context, true, true, set, pdus);
    association.send(pdus);
    if (house.presence().isClosing()) leave();
    else releaseWhenAnswered();
    flow();
  }
}

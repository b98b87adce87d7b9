package io.caregrid.dicom.dimse;

import io.caregrid.dicom.data.Part10;
import io.caregrid.dicom.ul.Association;
import io.caregrid.dicom.ul.Limits;
import io.caregrid.dicom.ul.Pdu;
import io.caregrid.dicom.ul.PduWriter;
import io.caregrid.dicom.ul.ServiceUser;
import io.caregrid.dicom.ul.UserInformation;
import io.caregrid.dicom.ul.UserInformation.Window;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ConnectTimeoutException;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.internal.ContextInternal;
import io.vertx.core.internal.VertxInternal;
import io.vertx.core.internal.net.NetSocketInternal;
import io.vertx.core.net.NetClient;
import java.io.IOException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;

/**
 * The user's side of one association: asks, and completes a future with each answer, in whatever order they come (PS3.7 section 9). On an event loop of
 * its own; its methods are called there.
 */
final class Requestor implements ServiceUser, MessageReader.Receiver {
  private static final int MAX_PDU = 131_072;
  /** Bytes read from a file, framed and handed to the socket at a time. */
  private static final int STRETCH = 256 << 10;
  private static final Duration ARTIM = Duration.ofSeconds(10);

  private final ContextInternal loop;
  private final MessageReader reader = new MessageReader(this);
  private final Map<Integer, Promise<CommandSet>> asked = new HashMap<>();
  private final Map<Key, Integer> contexts = new HashMap<>();
  private final Map<Integer, Key> proposed = new HashMap<>();
  private final Promise<Requestor> established;
  private final Promise<Void> over;
  private final Peer peer;
  private Association association;
  private Promise<Void> room;
  private Future<Void> sending;
  private int window = 1;
  private int messageId;
  private Refusal gone;

  /** What a presentation context is about. */
  record Key(String sopClass, String transferSyntax) {}

  /** The peer does not want us, or is gone: said in words for a person. */
  static final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1;

    Refusal(String what) {
      super(what, null, false, false);
    }
  }

  /** Whoever waits for one of these promises hears of it on the event loop, where he may go on asking. */
  private Requestor(ContextInternal loop, Peer peer) {
    this.loop = loop;
    this.peer = peer;
    established = loop.promise();
    over = loop.promise();
    room = loop.promise();
    sending = loop.succeededFuture();
  }

  /**
   * @param keys at most 128, a presentation context each
   * @return completes on the requestor's event loop; fails with {@link Refusal} when rejected or when nobody listens
   */
  static Future<Requestor> associate(VertxInternal vertx, NetClient client, Peer peer, List<Key> keys) {
    ContextInternal loop = vertx.createEventLoopContext();
    Requestor requestor = new Requestor(loop, peer);
    loop.runOnContext(hop -> client.connect(peer.port(), peer.host())
        .onSuccess(socket -> requestor.begin((NetSocketInternal) socket, keys))
        .onFailure(failed -> requestor.established.tryFail(new Refusal(unreachable(peer, failed)))));
    return requestor.established.future();
  }

  private static String unreachable(Peer peer, Throwable why) {
    if (why instanceof ConnectTimeoutException) return peer.address() + " does not answer";
    if (why instanceof ConnectException) return "nobody listens at " + peer.address();
    if (why instanceof UnknownHostException) return "host " + peer.host() + " is not known";
    return peer.address() + " cannot be reached: " + why.getMessage();
  }

  private void begin(NetSocketInternal socket, List<Key> keys) {
    keys.forEach(key -> proposed.put(2 * proposed.size() + 1, key));
    List<Pdu.Proposed> proposal = proposed.entrySet()
        .stream()
        .sorted(Map.Entry.comparingByKey())
        .map(one -> new Pdu.Proposed(one.getKey(), one.getValue().sopClass(), List.of(one.getValue().transferSyntax())))
        .toList();
    UserInformation user = new UserInformation(MAX_PDU, Part10.IMPLEMENTATION_CLASS, Part10.IMPLEMENTATION_VERSION,
        new Window(Negotiation.INVOKED, 1), List.of(), List.of(), List.of(), null, null);
    Pdu.AssociateRq request = new Pdu.AssociateRq(Pdu.Titles.of(peer.called(), peer.calling()),
        Pdu.APPLICATION_CONTEXT, proposal, user);
    association = Association.requestor(new Limits(MAX_PDU, ARTIM, peer.patience()), this::run, request);
    socket.channelHandlerContext()
        .pipeline()
        .addBefore(DicomScpVerticle.VERTX_HANDLER, "association", association.with(this));
  }

  private void run(Runnable task) {
    if (loop.inThread()) loop.dispatch(task);
    else loop.runOnContext(hop -> task.run());
  }

  // ---- what may be asked

  /** Operations the peer lets us have open at a time. */
  int window() {
    return window;
  }

  /** Id of the context agreed upon for this; null: the peer does not take it. */
  Integer context(Key key) {
    return contexts.get(key);
  }

  /** C-ECHO (PS3.7 section 9.1.5). */
  Future<CommandSet> echo(int context) {
    CommandSet request = CommandSet.echo(nextId());
    Promise<CommandSet> answer = ask(request);
    ByteBuf pdus = association.buffer(256);
    command(context, request, pdus);
    if (!association.send(pdus)) over();
    return answer.future();
  }

  /** C-STORE (PS3.7 section 9.1.1). Instances go out one after the other, in the order of the calls; answers may overtake each other. */
  Future<CommandSet> store(Outgoing instance, int context) {
    CommandSet request = CommandSet.store(nextId(), instance.sopClass(), instance.sopInstance());
    Promise<CommandSet> answer = ask(request);
    if (gone != null) over();
    sending = sending.compose(sent -> open(instance))
        .compose(channel -> stretches(instance, channel, context, request).onComplete(sent -> close(channel)))
        .onFailure(failed -> {
          asked.remove(request.number(CommandSet.MESSAGE_ID).orElseThrow());
          answer.tryFail(failed);
        })
        .recover(failed -> isBroken(failed) ? abort() : Future.succeededFuture());
    return answer.future();
  }

  /** Completes when the association and its connection are no more. */
  Future<Void> release() {
    association.release();
    return over.future();
  }

  private int nextId() {
    messageId = messageId % 0xFFFF + 1;
    return messageId;
  }

  private Promise<CommandSet> ask(CommandSet request) {
    Promise<CommandSet> answer = loop.promise();
    asked.put(request.number(CommandSet.MESSAGE_ID).orElseThrow(), answer);
    return answer;
  }

  private void command(int context, CommandSet command, ByteBuf pdus) {
    ByteBuf set = Unpooled.buffer(256);
    command.write(set);
    PduWriter.data(association.peerMaxLength(), MAX_PDU, context, true, true, set, pdus);
  }

  /** A file that cannot be opened costs itself only: nothing of it was sent. */
  private Future<FileChannel> open(Outgoing instance) {
    return loop.executeBlocking(() -> {
      try {
        return FileChannel.open(instance.file(), StandardOpenOption.READ);
      } catch (IOException unreadable) {
        throw new NoSuchElementException("cannot be read: " + unreadable.getMessage());
      }
    }, false);
  }

  private static boolean isBroken(Throwable failed) {
    return !(failed instanceof NoSuchElementException || failed instanceof Refusal);
  }

  /** A data set that breaks off half way cannot be taken back in any other way. */
  private Future<Void> abort() {
    gone = new Refusal("association aborted, since another file could not be read to its end");
    association.abort();
    return Future.succeededFuture();
  }

  private Future<Void> stretches(Outgoing instance, FileChannel channel, int context, CommandSet request) {
    Promise<Void> sent = loop.promise();
    stretch(instance, channel, context, request, 0, sent);
    return sent.future();
  }

  /** One, and then the next: not as a chain of futures, which for a large file would be thousands deep. */
  private void stretch(Outgoing instance, FileChannel channel, int context, CommandSet request, long from,
      Promise<Void> sent) {
    if (gone != null) {
      sent.fail(gone);
      return;
    }
    ByteBuf pdus = association.buffer(STRETCH + (STRETCH >> 3));
    if (from == 0) command(context, request, pdus);
    int length = PduWriter.room(association.peerMaxLength(), MAX_PDU);
    loop.executeBlocking(() -> instance.frame(channel, context, from, length, STRETCH, pdus), false)
        .onFailure(failed -> pdus.release())
        .compose(framed -> association.send(pdus) ? roomForMore().map(from + framed) : Future.failedFuture(gone))
        .onFailure(sent::fail)
        .onSuccess(next -> {
          if (next < instance.length()) stretch(instance, channel, context, request, next, sent);
          else sent.complete();
        });
  }

  private Future<Void> roomForMore() {
    return association.isWritable() || gone != null ? Future.succeededFuture() : room.future();
  }

  private static void close(FileChannel channel) {
    try {
      channel.close();
    } catch (IOException late) {
      // it was only read
    }
  }

  // ---- what comes back

  @Override
  public void requested(Pdu.AssociateRq request) {
    throw new IllegalStateException("a requestor is not asked");
  }

  @Override
  public void accepted(Pdu.AssociateAc answer) {
    answer.contexts()
        .stream()
        .filter(context -> context.isAccepted() && agrees(context, proposed.get(context.id())))
        .forEach(context -> contexts.put(proposed.get(context.id()), context.id()));
    Window theirs = answer.user().window();
    if (theirs != null) window = theirs.invoked() == 0 ? Negotiation.INVOKED : theirs.invoked();
    window = Math.min(window, Negotiation.INVOKED);
    established.tryComplete(this);
  }

  /** An acceptor that answers with what was not proposed cannot be told anything. */
  private static boolean agrees(Pdu.Answered answered, Key asked) {
    return asked != null && asked.transferSyntax().equals(answered.transferSyntax());
  }

  @Override
  public void rejected(Pdu.AssociateRj why) {
    gone = new Refusal("association rejected: " + why);
  }

  @Override
  public void fragment(int context, boolean command, boolean last, ByteBuf bytes) {
    try {
      reader.fragment(context, command, last, bytes);
    } catch (MessageReader.Broken broken) {
      gone = new Refusal("the peer broke the protocol: " + broken.getMessage());
      association.abort();
    }
  }

  @Override
  public void command(int context, CommandSet command) {
    Promise<CommandSet> answer = asked.remove(command.number(CommandSet.MESSAGE_ID_RESPONDED_TO).orElse(0));
    if (!command.isResponse() || answer == null) throw new MessageReader.Broken("an answer to no question");
    answer.tryComplete(command);
  }

  @Override
  public void data(ByteBuf bytes, boolean last) {
    bytes.release();
  }

  @Override
  public void releaseRequested() {
    association.releaseResponse();
  }

  @Override
  public void writable() {
    room.tryComplete();
    room = loop.promise();
  }

  @Override
  public boolean owesAnswer() {
    return false;
  }

  @Override
  public void ended(End how) {
    reader.close();
    if (gone == null) gone = new Refusal(words(how));
    over();
    room.tryComplete();
    established.tryFail(gone);
    over.tryComplete();
    association.disconnect();
  }

  private String words(End how) {
    return switch (how) {
      case SILENT -> "the peer said nothing for " + peer.patience().toSeconds() + " s";
      case LOST -> "the peer closed the connection";
      case ABORTED_BY_PEER -> "the peer aborted the association";
      case RELEASED -> "the peer ended the association";
      case REJECTED, ABORTED -> "the association was aborted";
    };
  }

  private void over() {
    List<Promise<CommandSet>> open = List.copyOf(asked.values());
    asked.clear();
    open.forEach(answer -> answer.tryFail(gone));
  }
}

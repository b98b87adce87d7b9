package io.caregrid.dicom.ul;

import io.caregrid.dicom.ul.ServiceUser.End;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.concurrent.ScheduledFuture;
import java.net.SocketAddress;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One association on one connection, either side of it: the state machine of PS3.8 section 9.2 in a Netty pipeline.
 *
 * <p>Everything happens on the channel's event loop, so nothing locks. {@link StateTable} decides; {@link #perform} does. While {@link #pause}d nothing is
 * read from the socket and what was read already stays whole, so a slow disk becomes a full TCP window. Whatever is sent in one call leaves in
 * one write.
 *
 * <p>A long file for a reason: what may be asked, what the transport tells and the actions of the table are one state, and are read together.
 */
public final class Association extends ChannelInboundHandlerAdapter {
  private static final Logger log = LoggerFactory.getLogger(Association.class);
  /** How often within {@code idle} it is looked whether the peer has said anything. */
  private static final int TICKS = 4;

  private final Limits limits;
  private final Executor owner;
  private final Pdu.AssociateRq asking;
  private final PduFramer framer;
  private final Deque<ByteBuf> held = new ArrayDeque<>(2);
  private ServiceUser user;
  private ChannelHandlerContext channel;
  private State state = State.STA1;
  private ScheduledFuture<?> artim;
  private ScheduledFuture<?> ticking;
  private int silentTicks;
  private long peerMaxLength;
  private boolean paused;
  private boolean feeding;
  private boolean unframed;
  private boolean ended;

  private Association(Limits limits, Executor owner, Pdu.AssociateRq asking) {
    this.limits = limits;
    this.owner = owner;
    this.asking = asking;
    this.framer = new PduFramer(limits.maxPdu(), new Framed());
  }

  /** @param owner runs what it is given on the channel's event loop, at once when that is this thread, as whatever the user wants to be called as */
  public static Association acceptor(Limits limits, Executor owner) {
    return new Association(limits, owner, null);
  }

  /** Asks as soon as the connection is there. */
  public static Association requestor(Limits limits, Executor owner, Pdu.AssociateRq asking) {
    return new Association(limits, owner, asking);
  }

  /** Before it is put into a pipeline. */
  public Association with(ServiceUser user) {
    this.user = user;
    return this;
  }

  // ---- what the user may ask for. On the event loop.

  /** A-ASSOCIATE response: accept. */
  public void accept(Pdu.AssociateAc answer) {
    on(Event.EVT7, answer);
  }

  /** A-ASSOCIATE response: reject. */
  public void reject(Pdu.AssociateRj why) {
    on(Event.EVT8, why);
  }

  /**
   * P-DATA request.
   *
   * @param pdus whole P-DATA-TF PDUs as {@link PduWriter#data} makes them; the association's from now on, sent in one write
   * @return false when the association does not take data any more, and then nothing was sent
   */
  public boolean send(ByteBuf pdus) {
    Action action = StateTable.action(state, Event.EVT9);
    if (action == null) {
      pdus.release();
      return false;
    }
    silentTicks = 0;
    channel.writeAndFlush(pdus, channel.voidPromise());
    return true;
  }

  /** A-RELEASE request. */
  public void release() {
    on(Event.EVT11, null);
  }

  /** A-RELEASE response. */
  public void releaseResponse() {
    on(Event.EVT14, null);
  }

  /** A-ABORT request. */
  public void abort() {
    on(Event.EVT15, null);
  }

  /** Closes the connection without a word. */
  public void disconnect() {
    channel.close();
  }

  /** Nothing more arrives until {@link #resume}. */
  public void pause() {
    if (paused || ended) return;
    paused = true;
    channel.channel().config().setAutoRead(false);
  }

  public void resume() {
    if (!paused) return;
    paused = false;
    pump();
    if (!paused) channel.channel().config().setAutoRead(true);
  }

  /** False: what was sent is not gone yet, wait for {@link ServiceUser#writable}. */
  public boolean isWritable() {
    return channel.channel().isWritable();
  }

  /** A buffer to compose PDUs in. */
  public ByteBuf buffer(int bytes) {
    return channel.alloc().directBuffer(bytes);
  }

  /** What the peer takes, 0 for no limit (PS3.8 D.1). */
  public long peerMaxLength() {
    return peerMaxLength;
  }

  public SocketAddress remote() {
    return channel.channel().remoteAddress();
  }

  // ---- what the transport tells

  @Override
  public void handlerAdded(ChannelHandlerContext added) {
    channel = added;
    run(() -> {
      on(asking == null ? Event.EVT5 : Event.EVT1, null);
      if (asking != null) on(Event.EVT2, asking);
    });
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object read) {
    held.add((ByteBuf) read);
    silentTicks = 0;
    run(this::pump);
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext context) {
    silentTicks = 0;
    if (isWritable() && !ended) run(user::writable);
    context.fireChannelWritabilityChanged();
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    run(() -> on(Event.EVT17, null));
    letGo();
    context.fireChannelInactive();
  }

  /** A reset connection is an end like any other: nothing that an operator should see. */
  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    log.debug("connection failed cause={}", cause.toString());
    context.close();
  }

  /** From any thread: does this on the event loop, as the owner; a bug in it ends the association and nothing else. */
  public void run(Runnable task) {
    owner.execute(() -> {
      try {
        task.run();
      } catch (RuntimeException | Error bug) {
        log.error("association aborted by a bug", bug);
        abort();
        if (!ended) channel.close();
      }
    });
  }

  private void pump() {
    if (feeding) return;
    feeding = true;
    try {
      while (!paused && !held.isEmpty()) {
        ByteBuf in = held.peek();
        if (unframed || state == State.STA1) in.skipBytes(in.readableBytes());
        else framer.feed(in);
        if (!in.isReadable()) held.remove().release();
      }
    } catch (PduException wrong) {
      unframed = true;
      log.debug("not a PDU: {}", wrong.getMessage());
      on(Event.EVT19, Pdu.Abort.byProvider(wrong.reason));
    } finally {
      feeding = false;
    }
    if (unframed && !held.isEmpty()) pump();
  }

  private void letGo() {
    stop(artim);
    stop(ticking);
    framer.close();
    held.forEach(ByteBuf::release);
    held.clear();
  }

  private final class Framed implements PduFramer.Sink {
    @Override
    public void pdu(Pdu pdu) {
      if (pdu instanceof Pdu.AssociateRq) on(Event.EVT6, pdu);
      else if (pdu instanceof Pdu.AssociateAc) on(Event.EVT3, pdu);
      else if (pdu instanceof Pdu.AssociateRj) on(Event.EVT4, pdu);
      else if (pdu instanceof Pdu.ReleaseRq) on(Event.EVT12, pdu);
      else if (pdu instanceof Pdu.ReleaseRp) on(Event.EVT13, pdu);
      else on(Event.EVT16, pdu);
    }

    @Override
    public void data() {
      on(Event.EVT10, null);
    }

    @Override
    public void fragment(int context, boolean command, boolean last, ByteBuf bytes) {
      if (state == State.STA6 || state == State.STA7) user.fragment(context, command, last, bytes);
      else bytes.release();
    }

    @Override
    public boolean isFull() {
      return paused;
    }
  }

  // ---- the state machine

  /** Does what the table says; a blank cell means that a user came too late, and nothing happens. */
  private void on(Event event, Pdu pdu) {
    Action action = StateTable.action(state, event);
    if (action != null) perform(action, event, pdu);
  }

  /** Tables 9-6 to 9-9. The next state counts before anybody is told, since they may answer at once. */
  private void perform(Action action, Event event, Pdu pdu) {
    switch (action) {
      case AE_1 -> state = State.STA4;
      case AE_2 -> {
        next(State.STA5, pdu);
        tick();
      }
      case AE_3 -> established((Pdu.AssociateAc) pdu);
      case AE_4 -> {
        user.rejected((Pdu.AssociateRj) pdu);
        close(End.REJECTED);
      }
      case AE_5 -> {
        state = State.STA2;
        startArtim();
      }
      case AE_6 -> requested((Pdu.AssociateRq) pdu);
      case AE_7 -> {
        next(State.STA6, pdu);
        tick();
      }
      case AE_8 -> last(pdu, End.REJECTED);
      case DT_1, AR_7 -> throw new IllegalStateException("sent by send()");
      case DT_2, AR_6, AA_6 -> {
        // a P-DATA indication goes out fragment by fragment; in Sta13 a PDU is ignored
      }
      case AR_1 -> next(State.STA7, new Pdu.ReleaseRq());
      case AR_2 -> {
        state = State.STA8;
        user.releaseRequested();
      }
      case AR_3 -> close(End.RELEASED);
      case AR_4 -> last(new Pdu.ReleaseRp(), End.RELEASED);
      case AR_5, AA_4, AA_5 -> gone();
      case AR_8 -> {
        state = asking != null ? State.STA9 : State.STA10;
        if (asking != null) user.releaseRequested();
      }
      case AR_9 -> next(State.STA11, new Pdu.ReleaseRp());
      case AR_10 -> {
        state = State.STA12;
        user.releaseRequested();
      }
      case AA_1 -> last(Pdu.Abort.BY_USER, End.ABORTED);
      case AA_2 -> close(event == Event.EVT18 ? End.SILENT : event == Event.EVT16 ? End.ABORTED_BY_PEER : End.ABORTED);
      case AA_3 -> close(End.ABORTED_BY_PEER);
      case AA_7 -> {
        if (isWritable()) write(complaint(pdu)); // ARTIM runs already: a peer that goes on talking gets no more time
      }
      case AA_8 -> last(complaint(pdu), End.ABORTED);
    }
  }

  private static Pdu complaint(Pdu pdu) {
    return pdu instanceof Pdu.Abort invalid ? invalid : Pdu.Abort.byProvider(Pdu.Abort.UNEXPECTED_PDU);
  }

  private void requested(Pdu.AssociateRq request) {
    stop(artim);
    state = State.STA3;
    peerMaxLength = request.user().maxLength();
    if ((request.titles().version() & 1) == 0) reject(Pdu.AssociateRj.PROTOCOL_VERSION);
    else
      if (!Pdu.APPLICATION_CONTEXT.equals(request.applicationContext()))
        reject(Pdu.AssociateRj.APPLICATION_CONTEXT);
      else
        if (!isUsable(peerMaxLength)) reject(Pdu.AssociateRj.NO_REASON);
        else user.requested(request);
  }

  private void established(Pdu.AssociateAc answer) {
    state = State.STA6;
    peerMaxLength = answer.user().maxLength();
    if (isUsable(peerMaxLength)) user.accepted(answer);
    else abort();
  }

  /** Two bytes of message must fit, or nothing can ever be said. */
  private static boolean isUsable(long maxLength) {
    return maxLength == 0 || maxLength >= Pdu.PDV_HEADER_BYTES + 2;
  }

  private void next(State next, Pdu pdu) {
    state = next;
    write(pdu);
  }

  /** The last thing we say: from here on the peer has the ARTIM timer's time to close. */
  private void last(Pdu pdu, End how) {
    next(State.STA13, pdu);
    startArtim();
    stop(ticking);
    end(how);
  }

  private void close(End how) {
    state = State.STA1;
    letGoOfTimers();
    channel.close();
    end(how);
  }

  private void gone() {
    state = State.STA1;
    letGoOfTimers();
    end(End.LOST);
  }

  private void end(End how) {
    if (ended) return;
    ended = true;
    if (paused) {
      paused = false;
      channel.channel().config().setAutoRead(true);
    }
    user.ended(how);
  }

  private void write(Pdu pdu) {
    ByteBuf out = channel.alloc().directBuffer(256);
    PduWriter.write(pdu, out);
    silentTicks = 0;
    channel.writeAndFlush(out, channel.voidPromise());
  }

  // ---- timers

  private void startArtim() {
    stop(artim);
    artim = later(() -> on(Event.EVT18, null), limits.artim().toMillis());
  }

  private void tick() {
    ticking = later(() -> {
      if (paused && isWritable() || user.owesAnswer()) silentTicks = 0; // who does not take our answers is as good as silent
      if (++silentTicks <= TICKS) tick();
      else silent();
    }, limits.idle().toMillis() / TICKS);
  }

  /** As if the user had wanted it: the standard knows no timer here. */
  private void silent() {
    if (StateTable.action(state, Event.EVT15) == null) return;
    next(State.STA13, Pdu.Abort.BY_USER);
    startArtim();
    end(End.SILENT);
  }

  private ScheduledFuture<?> later(Runnable task, long millis) {
    return channel.executor().schedule(() -> run(task), millis, TimeUnit.MILLISECONDS);
  }

  private void letGoOfTimers() {
    stop(artim);
    stop(ticking);
  }

  private static void stop(ScheduledFuture<?> timer) {
    if (timer != null) timer.cancel(false);
  }
}

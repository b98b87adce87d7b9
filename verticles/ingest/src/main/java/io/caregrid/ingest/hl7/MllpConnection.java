package io.caregrid.ingest.hl7;

import io.caregrid.cluster.Hl7Config;
import io.caregrid.ingest.Budget;
import io.caregrid.ingest.Cut;
import io.caregrid.ingest.hl7.MllpFrames.Frame;
import io.caregrid.store.Cause;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetSocket;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One sender's connection: reads a frame, has it kept, answers, and only then reads on. On its context.
 *
 * <p>Nothing of it waits for ever: whoever is silent for {@code hl7.idle}, takes longer than {@code hl7.frame} for one message, or does not read his answer for as
 * long, is disconnected; what he was not answered he sends again.
 */
final class MllpConnection {
  private static final Logger log = LoggerFactory.getLogger(MllpConnection.class);
  private static final byte[] BEGIN = {0x0B};
  private static final byte[] END = {0x1C, 0x0D};

  private static final Duration LAST = Duration.ofMillis(500);

  private enum Doing {
    WAITING, READING, KEEPING, ANSWERING, CLOSED
  }

  private final NetSocket socket;
  private final Intake intake;
  private final Peer peer;
  private final Hl7Config config;
  private final MllpFrames frames;
  private final Context context;
  private final Promise<Void> closed = Promise.promise();
  private Doing doing = Doing.WAITING;
  private long since = System.nanoTime();
  private boolean leaving;
  private boolean said;

  MllpConnection(NetSocket socket, Context context, Hl7Config config, Budget budget, Intake intake, Peer peer) {
    this.socket = socket;
    this.context = context;
    this.config = config;
    this.intake = intake;
    this.peer = peer;
    this.frames = new MllpFrames(config.maxMessage(), budget);
    socket.exceptionHandler(broken -> socket.close());
    socket.closeHandler(gone -> gone());
    socket.handler(this::came);
  }

  /** Its sender has said all he wants to say, and may wait for his last answer: what of it is still on its way here comes within a moment. */
  void ended() {
    said = true;
    if (doing == Doing.WAITING || doing == Doing.READING) since = System.nanoTime();
  }

  /** Completes when it is gone and nothing of it is under way. */
  Future<Void> closed() {
    return closed.future();
  }

  private void came(Buffer chunk) {
    frames.append(chunk);
    if (doing == Doing.WAITING || doing == Doing.READING) next();
  }

  private void next() {
    if (doing == Doing.CLOSED) return;
    Frame frame = leaving ? null : frames.poll();
    if (frame != null) {
      keep(frame);
    } else if (leaving || frames.isNoise()) {
      if (!leaving) log.info("sender does not speak MLLP and is disconnected address={}", address());
      socket.close();
    } else {
      now(frames.isInside() ? Doing.READING : Doing.WAITING);
      socket.resume();
    }
  }

  private void keep(Frame frame) {
    now(Doing.KEEPING);
    socket.pause();
    intake.take(frame.bytes(), frame.fault(), peer, null)
        .onComplete(taken -> context.runOnContext(back -> {
          if (doing == Doing.CLOSED) finished();
          else if (taken.succeeded()) answer(taken.result());
          else broken(taken.cause());
        }));
  }

  private void answer(Intake.Answer answer) {
    now(Doing.ANSWERING);
    frames.release();
    if (!answer.wanted()) {
      context.runOnContext(again -> next());
      return;
    }
    socket.write(Buffer.buffer(BEGIN).appendBytes(answer.bytes()).appendBytes(END))
        .onComplete(written -> context.runOnContext(back -> {
          if (written.failed()) socket.close();
          else next();
        }));
  }

  /** An error of ours: no answer is better than a wrong one, and its sender sends it again. */
  private void broken(Throwable cause) {
    log.error("a message could not be answered, its connection is closed address={} cause={}", address(),
        Cause.andPlace(cause));
    socket.close();
  }

  private String address() {
    return socket.remoteAddress() == null ? "unknown" : socket.remoteAddress().hostAddress();
  }

  private void now(Doing what) {
    if (doing == what && what == Doing.READING) return;
    doing = what;
    since = System.nanoTime();
  }

  /** Called every second. Waiting for Kafka has its own end. */
  void look() {
    long longest = switch (doing) {
      case WAITING -> said ? LAST.toNanos() : config.idle().toNanos();
      case READING -> said ? LAST.toNanos() : config.frame().toNanos();
      case ANSWERING -> config.frame().toNanos();
      default -> Long.MAX_VALUE;
    };
    if (System.nanoTime() - since < longest) return;
    if (!said)
      log.info("sender is disconnected address={} after={} while={}", address(),
          doing == Doing.WAITING ? config.idle() : config.frame(), doing);
    if (doing == Doing.ANSWERING) cut();
    else socket.close();
  }

  /** At once. An ordinary close waits until all is written, and so for ever for whoever does not read. */
  void cut() {
    Cut.now(socket);
  }

  /** Answers what it is keeping, and reads no more. */
  void leave() {
    leaving = true;
    if (doing == Doing.WAITING || doing == Doing.READING) socket.close();
  }

  private void gone() {
    boolean keeping = doing == Doing.KEEPING;
    doing = Doing.CLOSED;
    if (!keeping) finished();
  }

  private void finished() {
    frames.release();
    closed.tryComplete();
  }
}

package io.caregrid.dicom.dimse;

import io.caregrid.dicom.dimse.Requestor.Key;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.internal.VertxInternal;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetClientOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;

/**
 * Service class user of Verification and Storage: asks a peer whether it is there, and sends it instances as they lie in their files, over several
 * associations if wished, each with as many stores open as the peer allows. Hold it until it is done: Vert.x closes what belongs to a client that nobody
 * holds any more.
 */
public final class Sender implements AutoCloseable {
  private static final int CONNECT_MILLIS = 10_000;
  private static final int MOST_CONTEXTS = 128;
  private static final String IMPLICIT_LE = "1.2.840.10008.1.2";

  private final VertxInternal vertx;
  private final NetClient client;
  private final Peer peer;

  /**
   * What became of one instance. On any thread.
   *
   * @param status  the peer's (PS3.7 annex C); null when it was not asked or did not answer
   * @param comment what it said, or why it was not asked; may be empty
   */
  public record Sent(Outgoing instance, Integer status, String comment) {
    public boolean isKept() {
      return status != null && Status.isKept(status);
    }

    /** Kept, with a reservation. */
    public boolean isWarning() {
      return isKept() && status != Status.SUCCESS;
    }

    @Override
    public String toString() {
      if (status == null) return instance.file() + ": " + comment;
      String said = comment.isEmpty() ? "" : ", \"" + comment.replaceAll("[^ -~]", "?") + "\"";
      return instance.file() + ": status " + Status.text(status) + ", " + Status.words(status) + said;
    }
  }

  public Sender(Vertx vertx, Peer peer) {
    this.vertx = (VertxInternal) vertx;
    this.peer = peer;
    client = vertx.createNetClient(new NetClientOptions().setTcpNoDelay(true).setConnectTimeout(CONNECT_MILLIS));
  }

  /** C-ECHO. @return from question to answer; fails with a message for a person */
  public Future<Duration> echo() {
    Key verification = new Key(SopClasses.VERIFICATION, IMPLICIT_LE);
    return Requestor.associate(vertx, client, peer, List.of(verification)).compose(requestor -> {
      Integer context = requestor.context(verification);
      if (context == null) return refused(requestor, "the peer does not offer Verification");
      long start = System.nanoTime();
      return requestor.echo(context).compose(answer -> {
        Duration took = Duration.ofNanos(System.nanoTime() - start);
        int status = answer.number(CommandSet.STATUS).orElse(Status.PROCESSING_FAILURE);
        if (status != Status.SUCCESS) return refused(requestor, "the peer answered with status " + Status.text(status));
        return requestor.release().map(took);
      });
    });
  }

  private static <T> Future<T> refused(Requestor requestor, String why) {
    return requestor.release().compose(over -> Future.failedFuture(new Requestor.Refusal(why)));
  }

  /**
   * Sends each once. Never fails: what went wrong is in what is told.
   *
   * @param associations at a time
   * @param told         of each instance, once, on any thread
   */
  public Future<Void> send(List<Outgoing> instances, int associations, Consumer<Sent> told) {
    Future<Void> done = Future.succeededFuture();
    for (List<Outgoing> batch : batches(instances))
      done = done.compose(before -> sendBatch(batch, associations, told));
    return done;
  }

  /** An association proposes at most 128 contexts; what needs more comes in turns. */
  private static Collection<List<Outgoing>> batches(List<Outgoing> instances) {
    Map<Key, Integer> turns = new LinkedHashMap<>();
    Map<Integer, List<Outgoing>> batches = new LinkedHashMap<>();
    for (Outgoing instance : instances) {
      int turn = turns.computeIfAbsent(key(instance), key -> turns.size() / MOST_CONTEXTS);
      batches.computeIfAbsent(turn, none -> new ArrayList<>()).add(instance);
    }
    return batches.values();
  }

  private static Key key(Outgoing instance) {
    return new Key(instance.sopClass(), instance.transferSyntax());
  }

  private Future<Void> sendBatch(List<Outgoing> batch, int associations, Consumer<Sent> told) {
    Queue<Outgoing> waiting = new ConcurrentLinkedQueue<>(batch);
    List<Key> keys = batch.stream().map(Sender::key).distinct().toList();
    List<Future<?>> runs = new ArrayList<>();
    for (int i = 0; i < Math.min(associations, batch.size()); i++) runs.add(run(keys, waiting, told));
    return Future.join(runs).otherwiseEmpty().map(over -> {
      String why = runs.stream().filter(Future::failed).map(run -> run.cause().getMessage()).findFirst().orElse("");
      for (Outgoing left = waiting.poll(); left != null; left = waiting.poll())
        told.accept(new Sent(left, null, "not sent: " + why));
      return null;
    });
  }

  private Future<Void> run(List<Key> keys, Queue<Outgoing> waiting, Consumer<Sent> told) {
    Promise<Void> done = Promise.promise();
    run(keys, waiting, told, done);
    return done.future();
  }

  /** One association after the other, as long as each gets something answered: a peer may abort over one instance and take the next. */
  private void run(List<Key> keys, Queue<Outgoing> waiting, Consumer<Sent> told, Promise<Void> done) {
    Requestor.associate(vertx, client, peer, keys).onFailure(done::fail).onSuccess(requestor -> {
      Run run = new Run(requestor, waiting, told);
      run.start().onSuccess(done::complete).onFailure(broken -> {
        if (run.answered > 0 && !waiting.isEmpty()) run(keys, waiting, told, done);
        else done.fail(broken);
      });
    });
  }

  /** One association's share of the work: whatever it can take from the queue, as long as it lives. */
  private static final class Run {
    private final Requestor requestor;
    private final Queue<Outgoing> waiting;
    private final Consumer<Sent> told;
    private final Promise<Void> done = Promise.promise();
    private Throwable broken;
    private int open;
    private int answered;

    Run(Requestor requestor, Queue<Outgoing> waiting, Consumer<Sent> told) {
      this.requestor = requestor;
      this.waiting = waiting;
      this.told = told;
    }

    Future<Void> start() {
      fill();
      return done.future();
    }

    private void fill() {
      while (broken == null && open < requestor.window()) {
        Outgoing next = waiting.poll();
        if (next == null) break;
        Integer context = requestor.context(key(next));
        if (context == null) told.accept(new Sent(next, null, "the peer does not take " + name(next)));
        else send(next, context);
      }
      if (open > 0) return;
      if (broken != null) done.tryFail(broken);
      else requestor.release().onComplete(done);
    }

    private static String name(Outgoing instance) {
      String sopClass = SopClasses.STORAGE.getOrDefault(instance.sopClass(), instance.sopClass());
      return sopClass + " in "
          + SopClasses.TRANSFER_SYNTAXES.getOrDefault(instance.transferSyntax(), instance.transferSyntax());
    }

    private void send(Outgoing instance, int context) {
      open++;
      requestor.store(instance, context)
          .onSuccess(answer -> {
            answered++;
            told.accept(new Sent(instance, answer.number(CommandSet.STATUS).orElse(Status.PROCESSING_FAILURE),
                answer.text(CommandSet.ERROR_COMMENT)));
          })
          .onFailure(failed -> {
            told.accept(new Sent(instance, null, String.valueOf(failed.getMessage())));
            if (failed instanceof Requestor.Refusal) broken = failed;
          })
          .onComplete(answered -> {
            open--;
            fill();
          });
    }
  }

  @Override
  public void close() {
    client.close();
  }
}

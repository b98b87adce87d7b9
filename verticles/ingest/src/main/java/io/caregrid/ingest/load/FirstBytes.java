package io.caregrid.ingest.load;

import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.IntUnaryOperator;

/** A body as far as it is wanted; what comes behind that is not waited for, and its connection is given up. It takes the memory of what has come. */
final class FirstBytes implements BodySubscriber<byte[]> {
  private final CompletableFuture<byte[]> body = new CompletableFuture<>();
  private static final int BEGIN = 8 << 10;
  private final int most;
  private byte[] taken;
  private int length;
  private Flow.Subscription coming;

  /** @param most bytes that are wanted */
  FirstBytes(int most) {
    this.most = most;
    taken = new byte[Math.min(most, BEGIN)];
  }

  /** The whole answer was not there in time. */
  static final class Late extends HttpTimeoutException {
    private static final long serialVersionUID = 1;

    private Late(Duration patience) {
      super("its answer is not over after " + patience.toSeconds() + " s");
    }
  }

  /**
   * What is answered, within {@code patience} from asking to the last byte that is wanted: a timeout of the JDK's own ends with the headers. Otherwise its connection
   * is given up.
   *
   * @param most bytes that are wanted of an answer with that status
   * @throws Late it is not over in time
   * @throws IOException as {@link HttpClient#send} throws it
   */
  static HttpResponse<byte[]> of(HttpClient http, HttpRequest request, IntUnaryOperator most, Duration patience)
      throws IOException, InterruptedException {
    CompletableFuture<HttpResponse<byte[]>> answer = http.sendAsync(request,
        head -> new FirstBytes(most.applyAsInt(head.statusCode())));
    try {
      return answer.get(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException broken) {
      if (broken.getCause() instanceof Error fatal) throw fatal;
      throw broken.getCause() instanceof IOException known ? known : new IOException(broken.getCause());
    } catch (TimeoutException late) {
      throw new Late(patience);
    } finally {
      answer.cancel(true);
    }
  }

  @Override
  public CompletionStage<byte[]> getBody() {
    return body;
  }

  @Override
  public void onSubscribe(Flow.Subscription subscription) {
    coming = subscription;
    if (isFull()) leave();
    else coming.request(1);
  }

  @Override
  public void onNext(List<ByteBuffer> buffers) {
    for (ByteBuffer each : buffers) {
      int some = Math.min(each.remaining(), most - length);
      if (length + some > taken.length)
        taken = Arrays.copyOf(taken, (int) Math.min(most, Math.max(length + some, 2L * taken.length)));
      each.get(taken, length, some);
      length += some;
    }
    if (isFull()) leave();
    else coming.request(1);
  }

  private boolean isFull() {
    return length == most;
  }

  private void leave() {
    coming.cancel();
    onComplete();
  }

  @Override
  public void onError(Throwable broken) {
    body.completeExceptionally(broken);
  }

  @Override
  public void onComplete() {
    body.complete(Arrays.copyOf(taken, length));
  }
}

package io.caregrid.ingest.load;

import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;

/** A body as far as it is wanted; what comes behind that is not waited for, and its connection is given up. */
final class FirstBytes implements BodySubscriber<byte[]> {
  private final CompletableFuture<byte[]> body = new CompletableFuture<>();
  private final byte[] taken;
  private int length;
  private Flow.Subscription coming;

  /** @param most bytes that are wanted */
  FirstBytes(int most) {
    taken = new byte[most];
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
      int some = Math.min(each.remaining(), taken.length - length);
      each.get(taken, length, some);
      length += some;
    }
    if (isFull()) leave();
    else coming.request(1);
  }

  private boolean isFull() {
    return length == taken.length;
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

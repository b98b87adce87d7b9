package io.caregrid.device;

import io.caregrid.store.ChangeFeed;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has {@link DeviceIdentity} forget what it remembers of Devices, Patients, Encounters and DeviceUseStatements that have changed, whoever changed them and
 * on whichever node: it looks into the change feed every {@link #EVERY}. While the database is away everything is forgotten; answers are then asked for in
 * vain anyway. When it is back, or what followed the last look cannot be told, it begins anew at the feed's end with nothing remembered.
 */
public final class IdentityWatch extends VerticleBase {
  static final Duration EVERY = Duration.ofMillis(500);
  private static final Logger log = LoggerFactory.getLogger(IdentityWatch.class);
  private static final Set<String> TYPES = Set.of("Device", "Patient", "Encounter", "DeviceUseStatement");
  private final ChangeFeed feed;
  private final DeviceIdentity identity;
  private ChangeFeed.Cursor cursor;
  private boolean away;
  private boolean looking;
  private boolean stopping;
  private final Promise<Void> stopped = Promise.promise();
  private long timer;

  public IdentityWatch(ChangeFeed feed, DeviceIdentity identity) {
    this.feed = feed;
    this.identity = identity;
  }

  @Override
  public Future<?> start() {
    timer = vertx.setPeriodic(EVERY.toMillis(), again -> look());
    look();
    return Future.succeededFuture();
  }

  /** Completes when no look is under way any more. */
  @Override
  public Future<?> stop() {
    stopping = true;
    vertx.cancelTimer(timer);
    if (!looking) stopped.tryComplete();
    return stopped.future();
  }

  private void look() {
    if (looking || stopping) return;
    looking = true;
    seen().onComplete(done -> {
      looking = false;
      if (done.failed()) lost(done.cause());
      else away = false;
      if (stopping) stopped.tryComplete();
    });
  }

  private Future<Void> seen() {
    if (cursor == null) {
      return feed.head(DeviceIdentity.CALLER).map(head -> {
        cursor = head;
        identity.forgetAll();
        return null;
      });
    }
    return feed.touched(DeviceIdentity.CALLER, cursor, TYPES).compose(touched -> {
      cursor = touched.head();
      if (touched.references() != null) return identity.forget(touched.references());
      identity.forgetAll();
      return Future.succeededFuture();
    });
  }

  private void lost(Throwable cause) {
    cursor = null;
    identity.forgetAll();
    if (!away) log.warn("who is linked to whom is not watched for now cause={}", cause.getMessage());
    away = true;
  }
}

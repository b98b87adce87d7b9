package io.caregrid.api.live;

import io.caregrid.templates.sets.MappingSets;
import io.vertx.core.Future;

/** What this node works with, and a way to have it look at the store at once. Safe from any thread. */
public interface MappingsInForce {
  MappingSets current();

  /** After every change that was made before this call. */
  Future<MappingSets> refresh();
}

package io.caregrid.contract;

import io.vertx.ext.web.Router;

/** A door's addresses under the node's one HTTP port. Platform collects them and hands them to the HTTP server. */
@FunctionalInterface
public interface Routes {
  /** Adds routes; called once per HTTP server instance, on its event loop. */
  void mount(Router router);
}

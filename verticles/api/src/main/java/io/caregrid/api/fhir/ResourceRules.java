package io.caregrid.api.fhir;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.api.fhir.r4.Definitions;
import io.caregrid.api.fhir.r4.Rules;
import io.caregrid.contract.OperationOutcome.Issue;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.List;

/** {@link Rules} for whoever may have to wait until R4's definitions have been read. */
public final class ResourceRules {
  private ResourceRules() {}

  /** Reads the definitions on a worker thread, some tenths of a second; any thread may use the result. */
  public static Future<ResourceRules> load(Vertx vertx) {
    return vertx.executeBlocking(() -> {
      Definitions.R4.resources();
      return new ResourceRules();
    }, false);
  }

  /** @return what is wrong, in document order, at most {@link Rules#MOST_ISSUES} findings; empty when nothing is */
  List<Issue> check(ObjectNode resource) {
    return Rules.check(resource);
  }

  /** The same for an entry of a transaction, whose references may be searches until they are resolved (FHIR R4 http.html#trules). */
  List<Issue> checkEntry(ObjectNode resource) {
    return Rules.check(resource, true);
  }
}

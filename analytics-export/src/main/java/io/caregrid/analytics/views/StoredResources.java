package io.caregrid.analytics.views;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.store.FhirStore;
import io.caregrid.store.Page;
import io.caregrid.store.SearchQuery;
import io.caregrid.store.SearchQuery.Param;
import io.caregrid.store.Stored;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.function.Predicate;

/**
 * The store's resources of one type, read page by page. A page has about {@link #PAGE_BYTES}: how many resources that are is learned from the page
 * before, from few at the start.
 */
final class StoredResources {
  private static final long PAGE_BYTES = 2 << 20;
  private static final int FIRST = 16;
  private static final int MOST = 500;

  private final FhirStore store;
  private final Caller caller;
  private final String type;
  private final List<Param> params;

  StoredResources(FhirStore store, Caller caller, RunRequest asked) {
    this.store = store;
    this.caller = caller;
    this.type = asked.view().resource();
    this.params = params(asked);
  }

  private static List<Param> params(RunRequest asked) {
    String type = asked.view().resource();
    if (!FhirStore.types().contains(type))
      throw new Failure.Unprocessable(
          "this node keeps no resources of the type that viewResource.resource names; it keeps "
              + String.join(", ", FhirStore.types()),
          "viewResource.resource");
    List<Param> params = new ArrayList<>();
    if (asked.since() != null) params.add(new Param("_lastUpdated", "gt" + asked.since()));
    boolean compartment = FhirStore.searchParams(type).containsKey("patient");
    if (!asked.patients().isEmpty() && type.equals("Patient"))
      params.add(new Param("_id", String.join(",", asked.patients())));
    else
      if (!asked.patients().isEmpty() && compartment)
        params
            .add(new Param("patient", String.join(",", asked.patients().stream().map(id -> "Patient/" + id).toList())));
    return params;
  }

  /** Blocks. Until there are no more or the visitor returns false. Fails with a {@code Failure}. */
  void each(List<String> patients, Predicate<JsonNode> visitor) {
    patients.forEach(this::require);
    int count = FIRST;
    String token = null;
    do {
      Page page = await(store.search(caller, new SearchQuery(type, params, count, "none", token)));
      long bytes = 0;
      for (Stored stored : page.entries()) {
        bytes += stored.body().length();
        if (!visitor.test(RunRequest.json(stored.body().getBytes()))) return;
      }
      count = next(count, page.entries().size(), bytes);
      token = page.next();
    } while (token != null);
  }

  private static int next(int count, int found, long bytes) {
    long fitting = bytes == 0 ? MOST : PAGE_BYTES * found / bytes;
    return (int) Math.max(1, Math.min(Math.min(MOST, count * 2L), fitting));
  }

  private void require(String patient) {
    try {
      await(store.read(caller, "Patient", patient));
    } catch (Failure.NotFound | Failure.Gone missing) {
      throw new Failure.NotFound("a patient that the parameter patient names is not there");
    }
  }

  private static <T> T await(Future<T> future) {
    try {
      return future.toCompletionStage().toCompletableFuture().join();
    } catch (CompletionException failed) {
      if (failed.getCause() instanceof RuntimeException cause) throw cause;
      throw failed;
    }
  }
}

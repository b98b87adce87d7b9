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

/** The store's resources of one type, read page by page, newest first. A page is bounded by its bytes, so memory does not depend on how large they are. */
final class StoredResources {
  private static final long PAGE_BYTES = 1 << 20;
  private static final int PAGE = 500;

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
    String token = null;
    do {
      Page page = await(store.search(caller, new SearchQuery(type, params, PAGE, "none", token, PAGE_BYTES)));
      page.unreadable().stream().findFirst().ifPresent(StoredResources::refuse);
      for (Stored stored : page.entries()) {
        if (!visitor.test(RunRequest.json(stored.body().getBytes()))) return;
      }
      token = page.next();
    } while (token != null);
  }

  /** A table that silently lacks a row is worse than none. */
  private static void refuse(Stored one) {
    throw new Failure.Unreadable(one.type() + "/" + one.id()
        + " belongs to this view but cannot be read any more: bring its row back from a backup, put it anew, or delete it");
  }

  private void require(String patient) {
    try {
      await(store.read(caller, "Patient", patient));
    } catch (Failure.NotFound | Failure.Gone missing) {
      throw new Failure.NotFound("a patient that the parameter patient names is not there");
    }
  }

  static <T> T await(Future<T> future) {
    try {
      return future.toCompletionStage().toCompletableFuture().join();
    } catch (CompletionException failed) {
      if (failed.getCause() instanceof RuntimeException cause) throw cause;
      throw failed;
    }
  }
}

package io.caregrid.api.fhir;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.contract.Failure;
import io.caregrid.store.FhirStore;
import io.caregrid.store.Reading;
import io.caregrid.store.SearchQuery.Param;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * What an entry of a bundle may ask for beside interactions (FHIR R4 http.html#transaction): the operations of this door that change nothing, a search by POST,
 * and the capability statement. In a transaction, which holds locks, only what is a look at resources: it sees what the transaction has written.
 */
final class EntryOperations {
  private static final String FORM = "application/x-www-form-urlencoded";
  private final FhirStore store;
  private final Interactions interactions;
  private final EverythingOperation everything;
  private final MetaOperations meta;
  private final ValidateOperation validation;
  private final Function<Ask, Future<Buffer>> metadata;

  /** @param metadata the capability statement */
  EntryOperations(FhirStore store, Interactions interactions, EverythingOperation everything, MetaOperations meta,
      ValidateOperation validation, Function<Ask, Future<Buffer>> metadata) {
    this.store = store;
    this.interactions = interactions;
    this.everything = everything;
    this.meta = meta;
    this.validation = validation;
    this.metadata = metadata;
  }

  /**
   * NotFound 404 for what is none of them, NotSupported 405 for one that is not for this verb or not for transactions.
   *
   * @param reading the store, or a transaction's view of it
   * @param ask     of an {@link Ask#operation}
   * @param given   the entry's resource, unchecked; null for none
   */
  Future<Reply> ask(Reading reading, Ask ask, ObjectNode given) {
    boolean posts = ask.verb().equals("POST");
    return switch (ask.operation()) {
      case "_search" -> search(reading, ask, given, posts);
      case "$everything" -> everything.pages(reading, ask, EverythingOperation.params(ask, given));
      case "$meta" -> meta(reading, ask);
      case "$validate" -> validation.outcome(alone(reading, ask), given).map(Reply::answer);
      case "metadata" -> {
        if (posts) throw wrong(ask);
        yield metadata.apply(ask).map(Reply::answer);
      }
      default -> throw new Failure.NotFound("no such operation for entries of a bundle, or not for this type: "
          + "$everything, $meta, $meta-add, $meta-delete and $validate there are, _search and metadata");
    };
  }

  /** Whether it may take seconds, and has few places for all who ask: a bundle asks one of these after the other. */
  static boolean isLong(Ask ask) {
    String name = ask.operation();
    return "$validate".equals(name) || "$meta".equals(name) && ask.path().size() < 3;
  }

  private Future<Reply> meta(Reading reading, Ask ask) {
    if (ask.path().size() > 3) throw new Failure.NotFound("$meta is for a resource, for a type, and for all");
    return ask.path().size() == 3 ? meta.ofOne(reading, ask) : meta.ofMany(alone(reading, ask));
  }

  private static Failure wrong(Ask ask) {
    return new Failure.NotSupported(ask.verb() + " is not possible at this address");
  }

  /** Not within a transaction: it asks more than resources, and may take seconds, while others wait for what the transaction has locked. */
  private Ask alone(Reading reading, Ask ask) {
    if (reading != store)
      throw new Failure.NotSupported(
          ask.operation() + " is for batches, and of one resource $meta for transactions too");
    return ask;
  }

  /** {@code POST Patient/_search}: what a form would bring stands in the address, or in a Binary that holds the form. */
  private Future<Reply> search(Reading reading, Ask ask, ObjectNode given, boolean posts) {
    List<String> path = ask.path().subList(0, ask.path().size() - 1);
    boolean searches = path.isEmpty() || posts && path.size() != 2 && !path.contains("_history"); // nor is Type/id a search
    if (!searches) throw wrong(ask);
    List<Param> params = new ArrayList<>(ask.query());
    params.addAll(form(given));
    return interactions.ask(reading, new Ask(ask.caller(), ask.base(), "GET", path, params, ask.terms()));
  }

  private static List<Param> form(ObjectNode given) {
    if (given == null) return List.of();
    boolean isForm = given.path("resourceType").asText().equals("Binary")
        && given.path("contentType").asText().equals(FORM);
    if (!isForm)
      throw new Failure.Invalid("an entry that searches by POST needs no resource, or a Binary of contentType " + FORM,
          "Bundle.entry.resource");
    return Query.parse(new String(Bundled.decoded(given), StandardCharsets.UTF_8));
  }
}

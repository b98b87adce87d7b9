package io.caregrid.api.fhir;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.api.fhir.r4.Parts;
import io.caregrid.api.fhir.r4.Trees;
import io.caregrid.contract.Failure;
import io.caregrid.store.Page;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.ext.web.RoutingContext;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The part of a resource that the client wants (FHIR R4 search.html#elements, #summary).
 *
 * @param part     null for all of it
 * @param elements of {@code _elements}, else null
 */
record Selection(UnaryOperator<ObjectNode> part, Set<String> elements) {
  private static final Selection ALL = new Selection(null, null);
  private static final int INLINE_BYTES = 32 << 10;
  /** What is answered whole is only copied. */
  private static final int COPIED_BYTES = 1 << 20;

  static Selection of(RoutingContext request) {
    return of(request.queryParams().get("_elements"), request.queryParams().get("_summary"));
  }

  /** {@code _summary=count} is no part of one resource, but the search's own. */
  static Selection of(String elements, String asked) {
    String summary = asked == null ? null : asked.toLowerCase(Locale.ROOT); // .NET's clients write True
    boolean summarised = summary != null && !summary.isEmpty() && !Set.of("false", "count").contains(summary);
    if (elements != null && !elements.isBlank()) {
      if (summarised) throw new Failure.Invalid("_elements and _summary cannot be asked for together");
      Set<String> wanted = Arrays.stream(elements.split(",")).map(Selection::top).collect(Collectors.toSet());
      return new Selection(resource -> Parts.elements(resource, wanted), wanted);
    }
    return summary == null ? ALL : switch (summary) {
      case "true" -> new Selection(Parts::summary, null);
      case "text" -> new Selection(Parts::text, null);
      case "data" -> new Selection(Parts::data, null);
      case "false", "count", "" -> ALL;
      default -> throw new Failure.Invalid("_summary must be true, text, data, count or false");
    };
  }

  /** Deeper ones name what they stand in: {@code name.family} the name, {@code Patient.name.family} that of Patients. */
  private static String top(String path) {
    String[] words = path.trim().split("\\.");
    boolean typed = !words[0].isEmpty() && Character.isUpperCase(words[0].charAt(0)) && words.length > 1;
    return typed ? words[0] + "." + words[1] : words[0];
  }

  /** Does what cuts parts out of so many bytes, or copies them; of many on a worker thread. Busy 503 when it is too much beside others. */
  <T> Future<T> cut(long bytes, Supplier<T> work) {
    Context context = Vertx.currentContext();
    if (bytes <= (part == null ? COPIED_BYTES : INLINE_BYTES) || context == null)
      return Future.succeededFuture(work.get());
    return BundleRoom.ANSWERS.making(2 * bytes, () -> context.executeBlocking(work::get, false));
  }

  /** A page as a Bundle. */
  static Future<Buffer> cut(String base, SearchRequest asked, Page page) {
    return asked.selection().cut(bytes(page), () -> Bundles.searchset(base, asked, page));
  }

  static long bytes(Page page) {
    return Stream.concat(page.entries().stream(), page.included().stream())
        .mapToLong(stored -> stored.body() == null ? 0 : stored.body().length())
        .sum();
  }

  /** Of what a page brings along: {@code _elements} is not about it (FHIR R4 search.html#elements), unless it names elements of its type. */
  Selection ofIncluded(String type) {
    return elements == null || elements.stream().anyMatch(path -> path.startsWith(type + ".")) ? this : ALL;
  }

  /** The same of all there is on a page. */
  Selection ofAll() {
    return new Selection(part, null);
  }

  boolean isAll() {
    return part == null;
  }

  Buffer apply(Buffer body) {
    if (part == null) return body;
    return Buffer.buffer(Trees.write(part.apply(Trees.own(body.getBytes()))));
  }
}

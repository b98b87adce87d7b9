package io.caregrid.api.fhir;

import static io.caregrid.api.fhir.FhirJson.quoted;

import io.caregrid.contract.OperationOutcome;
import io.caregrid.contract.OperationOutcome.Issue;
import io.caregrid.store.HistoryQuery;
import io.caregrid.store.Page;
import io.caregrid.store.SearchQuery.Param;
import io.caregrid.store.Stored;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.vertx.core.buffer.Buffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** Pages of resources as FHIR Bundles (FHIR R4 bundle.html). The resources' bytes are copied, not read. */
final class Bundles {
  private Bundles() {}

  /** @param base this node's FHIR base */
  static Buffer searchset(String base, SearchRequest request, Page page) {
    String address = request.address().isEmpty() ? base : base + "/" + request.address();
    Buffer bundle = head("searchset", page);
    links(bundle, address, request.asked(), request.query().page(), page.next());
    Page shown = request.query().count() > 0
        ? page
        : new Page(List.of(), page.total(), page.next(), page.unreadable(), List.of(), List.of(), page.notes());
    return filled(bundle, base, shown, request.selection(), request.ignored());
  }

  /** @param address of an operation that answers pages, below the base @param ignored names of parameters it does not have */
  static Buffer everything(String base, String address, List<Param> params, Page page, Selection selection,
      List<String> ignored) {
    List<Param> asked = params.stream().filter(param -> !param.name().equals(SearchRequest.PAGE)).toList();
    Buffer bundle = head("searchset", page);
    links(bundle, base + "/" + address, asked, SearchRequest.last(params, SearchRequest.PAGE), page.next());
    return filled(bundle, base, page, selection.ofAll(), ignored);
  }

  private static Buffer filled(Buffer bundle, String base, Page page, Selection selection, List<String> ignored) {
    List<Buffer> entries = new ArrayList<>();
    page.entries().forEach(stored -> entries.add(found(base, stored, "match", selection)));
    page.included().forEach(stored -> entries.add(found(base, stored, "include", selection.ofIncluded(stored.type()))));
    List<Issue> issues = new ArrayList<>();
    page.unreadable().forEach(stored -> issues.add(unreadable(stored)));
    page.notes().forEach(note -> issues.add(Issue.warning("incomplete", note)));
    if (!ignored.isEmpty()) issues.add(ignored(ignored));
    if (!issues.isEmpty()) entries.add(outcome(issues));
    return close(bundle, entries);
  }

  /** @param ask with the address of the history below the base */
  static Buffer history(Ask ask, HistoryQuery query, Page page, Selection selection) {
    Buffer bundle = head("history", page);
    List<Param> asked = ask.query().stream().filter(param -> !param.name().equals(SearchRequest.PAGE)).toList();
    links(bundle, ask.base() + "/" + String.join("/", ask.path()), asked, query.page(), page.next());
    List<Buffer> entries = new ArrayList<>();
    page.entries().forEach(stored -> entries.add(version(ask.base(), stored, selection)));
    return close(bundle, entries);
  }

  /** batch-response or transaction-response, an entry for each of what came. */
  static Buffer response(String base, boolean transaction, List<Reply> replies) {
    Buffer bundle = Buffer.buffer(1 << 14)
        .appendString("{\"resourceType\":\"Bundle\",\"type\":\"")
        .appendString(transaction ? "transaction-response" : "batch-response")
        .appendString("\",\"link\":[{\"relation\":\"self\",\"url\":" + quoted(base) + "}]");
    return close(bundle, replies.stream().map(reply -> entry(base, reply)).toList());
  }

  private static Buffer entry(String base, Reply reply) {
    Stored stored = reply.stored();
    Buffer entry = Buffer.buffer("{");
    if (stored != null && !stored.deleted())
      entry.appendString("\"fullUrl\":" + quoted(base + "/" + stored.type() + "/" + stored.id()) + ",");
    if (reply.body() != null && !reply.outcome())
      entry.appendString("\"resource\":").appendBuffer(reply.body()).appendString(",");
    entry.appendString("\"response\":{\"status\":\"" + reply.status() + " "
        + HttpResponseStatus.valueOf(reply.status()).reasonPhrase() + "\"");
    if (reply.location() != null) entry.appendString(",\"location\":" + quoted(reply.location()));
    if (stored != null) {
      entry
          .appendString(",\"etag\":" + quoted(Versions.tag(stored)) + ",\"lastModified\":\"" + stored.updated() + "\"");
    }
    if (reply.outcome()) entry.appendString(",\"outcome\":").appendBuffer(reply.body());
    return entry.appendString("}}");
  }

  private static Buffer head(String type, Page page) {
    Buffer bundle = Buffer.buffer(1 << 14)
        .appendString("{\"resourceType\":\"Bundle\",\"meta\":{\"lastUpdated\":\"")
        .appendString(Instant.now().toString())
        .appendString("\"},\"type\":\"")
        .appendString(type)
        .appendString("\"");
    page.total().ifPresent(total -> bundle.appendString(",\"total\":" + total));
    return bundle;
  }

  private static void links(Buffer bundle, String address, List<Param> asked, String token, String next) {
    bundle.appendString(",\"link\":[{\"relation\":\"self\",\"url\":").appendString(quoted(url(address, asked, token)));
    if (next != null) {
      bundle.appendString("},{\"relation\":\"next\",\"url\":").appendString(quoted(url(address, asked, next)));
    }
    bundle.appendString("}]");
  }

  private static String url(String address, List<Param> asked, String token) {
    List<Param> params = new ArrayList<>(asked);
    if (token != null) params.add(new Param(SearchRequest.PAGE, token));
    return params.isEmpty() ? address : address + "?" + Query.format(params);
  }

  private static Buffer close(Buffer bundle, List<Buffer> entries) {
    if (entries.isEmpty()) return bundle.appendString("}"); // FHIR R4 json.html: an array is never empty
    bundle.appendString(",\"entry\":[");
    for (int i = 0; i < entries.size(); i++) {
      if (i > 0) bundle.appendString(",");
      bundle.appendBuffer(entries.get(i));
    }
    return bundle.appendString("]}");
  }

  private static Buffer found(String base, Stored stored, String mode, Selection selection) {
    return entry(base, stored).appendString(",\"resource\":")
        .appendBuffer(selection.apply(stored.body()))
        .appendString(",\"search\":{\"mode\":\"" + mode + "\"}}");
  }

  private static Buffer entry(String base, Stored stored) {
    return Buffer.buffer("{\"fullUrl\":" + quoted(base + "/" + stored.type() + "/" + stored.id()));
  }

  private static Issue ignored(List<String> names) {
    return Issue.warning("not-supported", "ignored, because this node does not know them as search parameters: "
        + String.join(", ", names) + "; send Prefer: handling=strict to make this an error");
  }

  private static Issue unreadable(Stored stored) {
    return Issue.error("exception", "version " + stored.version() + " of " + stored.type() + "/" + stored.id()
        + " is kept but cannot be read any more: bring its row back from a backup, or put the resource anew", null);
  }

  private static Buffer outcome(List<Issue> issues) {
    return Buffer.buffer("{\"resource\":")
        .appendBuffer(OperationOutcome.of(issues))
        .appendString(",\"search\":{\"mode\":\"outcome\"}}");
  }

  private static Buffer version(String base, Stored stored, Selection selection) {
    String address = stored.type() + (stored.created() ? "" : "/" + stored.id());
    String verb = stored.deleted() ? "DELETE" : stored.created() ? "POST" : "PUT";
    String status = stored.created() ? "201 Created" : "200 OK";
    Buffer entry = entry(base, stored);
    if (stored.body() != null) entry.appendString(",\"resource\":").appendBuffer(selection.apply(stored.body()));
    String outcome = stored.unreadable() ? ",\"outcome\":" + OperationOutcome.of(List.of(unreadable(stored))) : "";
    return entry.appendString(",\"request\":{\"method\":\"" + verb + "\",\"url\":" + quoted(address)
        + "},\"response\":{\"status\":\"" + status + "\",\"etag\":" + quoted(Versions.tag(stored))
        + ",\"lastModified\":\"" + stored.updated() + "\"" + outcome + "}}");
  }
}

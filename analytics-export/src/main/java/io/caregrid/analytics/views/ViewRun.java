package io.caregrid.analytics.views;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.store.FhirStore;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Clock;
import java.util.List;

/** One run of {@code $viewdefinition-run}, on a worker thread: reads what was asked, then resource after resource, and writes each row as it comes. */
final class ViewRun {
  private final FhirStore store;
  private final Audit audit;
  private final Caller caller;
  private final Outlet out;
  private long rows;

  ViewRun(FhirStore store, Audit audit, Caller caller, Outlet out) {
    this.store = store;
    this.audit = audit;
    this.caller = caller;
    this.out = out;
  }

  /**
   * Returns when the answer has been sent. Fails with a {@code Failure}, or with HungUp when nobody wants the rest.
   *
   * @param format of the address, or null
   */
  Void blocking(Buffer body, String format, String accept) throws IOException {
    RunRequest asked = RunRequest.of(RunRequest.json(body.getBytes())).or(format);
    Format form = Format.of(asked.format(), accept);
    if (asked.resources() == null) allowed(asked);
    StoredResources stored = asked.resources() == null ? new StoredResources(store, caller, asked) : null;
    StoredResources.await(audit.record(entry(asked)));
    out.type(form.type + (form == Format.CSV ? "; charset=utf-8" : ""));
    try {
      write(asked, form, stored);
      out.end();
    } catch (UncheckedIOException wrapped) {
      throw wrapped.getCause();
    }
    return null;
  }

  private Audit.Entry entry(RunRequest asked) {
    return Audit.Entry.of(caller, Audit.Deed.VIEW, "urn:caregrid:table:" + asked.view().resource())
        .about(asked.patients().stream().map("Patient/"::concat).toList())
        .asking("$viewdefinition-run " + asked.view().resource());
  }

  /** The store's resources of a type are the rows of the table of the same name. */
  private void allowed(RunRequest asked) {
    String type = asked.view().resource();
    if (caller.grants().mayQuery(type)) return;
    Failure refusal = new Failure.Forbidden("your roles do not give you the resources of this type");
    StoredResources.await(audit.record(entry(asked).ended(refusal)));
    throw refusal;
  }

  private void write(RunRequest asked, Format form, StoredResources stored) throws IOException {
    List<Column> columns = asked.view().columns();
    Clock clock = Clock.fixed(Clock.systemUTC().instant(), Clock.systemUTC().getZone());
    View.Sink sink = row -> {
      written(form, columns, row);
      return rows < asked.limit();
    };
    form.begin(columns, asked.header(), out);
    if (asked.limit() > 0) rows(asked, stored, clock, sink);
    form.end(out);
  }

  private void rows(RunRequest asked, StoredResources stored, Clock clock, View.Sink sink) {
    if (stored != null) stored.each(asked.patients(), json -> !out.isGone() && asked.view().rows(json, clock, sink));
    else all(asked, clock, sink);
  }

  private static void all(RunRequest asked, Clock clock, View.Sink sink) {
    for (JsonNode resource : asked.resources()) {
      if (!asked.view().rows(resource, clock, sink)) return;
    }
  }

  private void written(Format form, List<Column> columns, JsonNode[] row) {
    try {
      form.row(columns, row, rows == 0, out);
    } catch (IOException gone) {
      throw new UncheckedIOException(gone);
    }
    rows++;
  }
}

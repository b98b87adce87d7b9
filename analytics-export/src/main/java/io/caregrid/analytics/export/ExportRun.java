package io.caregrid.analytics.export;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.analytics.lake.schema.Json;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.contract.OperationOutcome;
import io.caregrid.store.ExportJobs.Job;
import io.caregrid.store.ExportSnapshot;
import io.caregrid.store.Page;
import io.caregrid.store.SearchQuery;
import io.caregrid.store.Stored;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * Makes the files of one export out of one snapshot, on a worker thread. Before a page's resources are written, the trail knows whose they are.
 *
 * <p>What has no condition but a time is read in the order of its creation, page by page, the next one while this one is written; what has one is searched
 * for, for a hundred patients at a time.
 */
final class ExportRun {
  /** Packed, as they lie in their rows. */
  private static final long PAGE_BYTES = 1 << 20;
  private static final int COUNT = 1_000;
  private static final int PATIENTS = 100;
  /** Patients in one entry of the trail. */
  private static final int TOLD = 500;
  /** Ids that are remembered so that nothing is exported twice: some 200 MB. */
  private static final int FOUND = 2_000_000;

  private final Job job;
  private final ExportRequest asked;
  private final ExportSnapshot snapshot;
  private final ExportFiles files;
  private final Audit audit;
  private final Caller caller;
  private final BooleanSupplier isStopped;
  private final Duration longest;
  private final long end;
  private final Set<String> told = new HashSet<>();
  private final RuleBooks books;
  private final Supplier<byte[]> secret;
  /** Null: resources leave as they are. */
  private Deidentifying by;
  private Subset subset;
  private long written;
  private int types;
  private volatile String progress = "starting";

  /** Somebody else has the job now, or nobody wants it any more. */
  static final class Stopped extends RuntimeException {
    private static final long serialVersionUID = 1;

    Stopped() {
      super("the export was stopped", null, false, false);
    }
  }

  /** @param secret that all nodes have, asked for only where keys were made up */
  ExportRun(Job job, ExportSnapshot snapshot, ExportFiles files, Audit audit, RuleBooks books, Supplier<byte[]> secret,
      BooleanSupplier isStopped, Duration longest) {
    this.books = books;
    this.secret = secret;
    this.longest = longest;
    this.end = System.nanoTime() + longest.toNanos();
    this.job = job;
    this.asked = ExportRequest.read(job.asked());
    this.snapshot = snapshot;
    this.files = files;
    this.audit = audit;
    this.caller = ExportSnapshot.asker(job.subject(), job.issuer());
    this.isStopped = isStopped;
  }

  /** For people, any thread. */
  String progress() {
    return progress;
  }

  /**
   * @return files by list, for the manifest
   * @throws Failure what the client is to know
   * @throws IOException a file cannot be written
   * @throws Stopped
   */
  JsonObject blocking() throws IOException {
    if (asked.by() != null) by = new Deidentifying(asked.by().config(), job.id(), books.open(asked.by(), secret));
    List<String> within = patients();
    for (String type : asked.types()) {
      types++;
      subset = new Subset(type, asked.elements());
      if (within == null && asked.filters(type).isEmpty()) all(type);
      else searched(type, within);
    }
    for (String note : asked.notes()) note("not-supported", note);
    if (by == null) return files.finished();
    for (String line : by.leftOut()) note("processing", line);
    return files.finished().put(ExportFiles.DEIDENTIFIED, by.told()).put(ExportFiles.NARROW, asked.isNarrow());
  }

  /** Null: not only some patients'. */
  private List<String> patients() {
    if (asked.group() == null) return asked.patients().isEmpty() ? null : asked.patients();
    Set<String> members = await(snapshot.members(asked.group()));
    for (String patient : asked.patients()) {
      if (!members.contains(patient))
        throw new Failure.Invalid("patient names one who is no member of the Group");
    }
    return asked.patients().isEmpty() ? List.copyOf(members) : asked.patients();
  }

  private void all(String type) throws IOException {
    boolean system = asked.level().equals(ExportRequest.SYSTEM);
    Future<ExportSnapshot.Rows> next = snapshot.page(type, 0, asked.after(), !system, PAGE_BYTES);
    List<String> deleted = new ArrayList<>();
    for (ExportSnapshot.Rows rows = await(next); rows.end() >= 0; rows = await(next)) {
      next = snapshot.page(type, rows.end(), asked.after(), !system, PAGE_BYTES);
      write(type, rows.found(), rows.patients());
      for (String id : rows.damaged()) damaged(type, id);
      if (system || type.equals("Patient")) deleted.addAll(rows.deleted());
      if (deleted.size() >= COUNT) gone(type, deleted);
    }
    gone(type, deleted);
  }

  private void searched(String type, List<String> patients) throws IOException {
    List<ExportRequest.Filter> filters = asked.filters(type);
    List<List<String>> parts = patients == null ? List.of(List.of()) : parts(patients);
    boolean twice = filters.size() > 1 || parts.size() > 1 && ExportSnapshot.isShared(type);
    Set<String> found = twice ? new HashSet<>() : null;
    Set<String> members = type.equals("Patient") && patients != null ? new HashSet<>(patients) : null;
    Set<String> notes = new LinkedHashSet<>();
    if (snapshot.note(type) != null) notes.add(snapshot.note(type));
    for (List<String> part : parts) {
      List<String> within = part.stream().map("Patient/"::concat).toList();
      if (filters.isEmpty()) searched(type, List.of(), within, found, members, notes);
      for (ExportRequest.Filter filter : filters) searched(type, filter.params(), within, found, members, notes);
    }
    for (String note : notes) note("incomplete", note);
  }

  private static List<List<String>> parts(List<String> all) {
    List<List<String>> parts = new ArrayList<>();
    for (int from = 0; from < all.size(); from += PATIENTS)
      parts.add(all.subList(from, Math.min(all.size(), from + PATIENTS)));
    return parts;
  }

  private void searched(String type, List<SearchQuery.Param> params, List<String> within, Set<String> before,
      Set<String> members, Set<String> notes) throws IOException {
    List<SearchQuery.Param> all = new ArrayList<>(params);
    if (asked.since() != null) all.add(new SearchQuery.Param("_lastUpdated", "gt" + asked.since()));
    String token = null;
    do {
      Page page = await(
          snapshot.search(new SearchQuery(type, all, COUNT, "none", token, PAGE_BYTES, within), snapshot.asOf()));
      notes.addAll(page.notes());
      List<Stored> found = new ArrayList<>(page.entries());
      if (before != null) found.removeIf(one -> !before.add(one.id()));
      if (before != null && before.size() > FOUND)
        throw new Failure.TooCostly("of " + type + " more than " + FOUND
            + " resources may be found twice: ask with one _typeFilter of a type, or for fewer patients");
      if (members != null) found.removeIf(one -> !members.contains(one.id()));
      boolean unsure = within.isEmpty() && !asked.level().equals(ExportRequest.SYSTEM);
      write(type, unsure ? await(snapshot.ofPatients(found)) : found, page.patients());
      for (Stored one : page.unreadable()) damaged(type, one.id());
      token = page.next();
    } while (token != null);
  }

  private void write(String type, List<Stored> found, List<String> patients) throws IOException {
    goOn();
    if (!found.isEmpty()) tell(type, patients);
    for (Stored one : found) {
      byte[] resource = by == null ? subset.of(one.body().getBytes()) : deidentified(type, one);
      if (resource == null) continue;
      files.add(ExportFiles.OUTPUT, type, resource);
      written++;
    }
    progress = written + " resources written, " + type + " is type " + types + " of " + asked.types().size();
  }

  /** Rules see the whole of it. Null: it is left out. */
  private byte[] deidentified(String type, Stored one) throws IOException {
    goOn();
    ObjectNode resource = by.of(type, one.id(), one.body().getBytes());
    return resource == null ? null : Json.bytes(subset.of(resource));
  }

  /** Each patient once for each export. */
  private void tell(String type, List<String> patients) {
    List<String> fresh = patients.stream().filter(told::add).toList();
    if (told.size() > FOUND) told.clear();
    for (int from = 0; from < fresh.size(); from += TOLD)
      await(audit.record(Audit.Entry.of(caller, Audit.Deed.VIEW, "urn:caregrid:export:" + job.id())
          .about(fresh.subList(from, Math.min(fresh.size(), from + TOLD)))
          .asking("$export writes " + type + (by == null ? "" : ", de-identified by " + asked.by().config()))));
  }

  private void damaged(String type, String id) throws IOException {
    files.add(ExportFiles.ERROR, "OperationOutcome", OperationOutcome.of(new Failure.Unreadable(
        (by == null ? type + "/" + id : "A resource of " + type)
            + " belongs to this export but cannot be read any more: bring its row back from a backup, or put it anew"))
        .getBytes());
  }

  private void note(String code, String note) throws IOException {
    files.add(ExportFiles.ERROR, "OperationOutcome", new JsonObject().put("resourceType", "OperationOutcome")
        .put("issue", new JsonArray().add(new JsonObject().put("severity", "warning")
            .put("code", code)
            .put("diagnostics", note)))
        .toBuffer()
        .getBytes());
  }

  /** Bulk Data 2.0, "deleted": Bundles of the kind transaction whose entries are deletions. */
  private void gone(String type, List<String> ids) throws IOException {
    JsonArray entries = new JsonArray();
    for (String id : new LinkedHashSet<>(ids)) {
      String called = by == null ? id : by.id(type, id);
      if (called != null)
        entries.add(new JsonObject().put("request",
            new JsonObject().put("method", "DELETE").put("url", type + "/" + called)));
    }
    ids.clear();
    if (entries.isEmpty()) return;
    files.add(ExportFiles.DELETED, "Bundle", new JsonObject().put("resourceType", "Bundle")
        .put("type", "transaction")
        .put("entry", entries)
        .toBuffer()
        .getBytes());
  }

  Instant asOf() {
    return snapshot.asOf();
  }

  private <T> T await(Future<T> future) {
    goOn();
    return waited(future);
  }

  private void goOn() {
    if (isStopped.getAsBoolean()) throw new Stopped();
    if (System.nanoTime() - end > 0)
      throw new Failure.TooCostly("The export took longer than " + longest
          + ", export.longest: ask for fewer types, for what changed _since, or for fewer patients");
  }

  static <T> T waited(Future<T> future) {
    try {
      return future.toCompletionStage().toCompletableFuture().join();
    } catch (CompletionException failed) {
      if (failed.getCause() instanceof RuntimeException cause) throw cause;
      throw failed;
    }
  }
}

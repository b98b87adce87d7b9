package io.caregrid.dicom.fhir;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Change;
import io.caregrid.contract.Failure;
import io.caregrid.dicom.InTurn;
import io.caregrid.store.ChangeFeed;
import io.caregrid.store.FhirStore;
import io.caregrid.store.ImageStudies;
import io.caregrid.store.Stored;
import io.vertx.core.Future;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;

/**
 * Listens for Patients who come, change or go, and notes the studies that name one of their identifiers, as they are and as they were: then each is looked
 * at again, and linked, or linked no more. Its cursor moves only after the notes are kept.
 */
final class PatientWatch {
  private static final String LISTENER = "imaging-study";
  private static final int TOGETHER = 20;

  private final ChangeFeed feed;
  private final FhirStore store;
  private final ImageStudies studies;
  private final Caller caller;
  private final int most;
  private ChangeFeed.Cursor cursor;
  private boolean more;

  /** @param most changes read in a step */
  PatientWatch(ChangeFeed feed, FhirStore store, ImageStudies studies, Caller caller, int most) {
    this.feed = feed;
    this.store = store;
    this.studies = studies;
    this.caller = caller;
    this.most = most;
  }

  /** Somebody else may have moved the cursor meanwhile: it is read anew. */
  void forget() {
    cursor = null;
  }

  /** Takes in what came since: one step at least, and the next while there may be more and it may go on. */
  Future<Void> listen(BooleanSupplier mayGoOn) {
    more = true;
    return step().compose(heard -> InTurn.whilst(() -> more && mayGoOn.getAsBoolean(), this::step));
  }

  private Future<Void> step() {
    return at().compose(from -> feed.read(caller, from, most)).compose(answer -> {
      if (answer instanceof ChangeFeed.Lost lost) return studies.noteAll().compose(noted -> moved(lost.start()));
      ChangeFeed.Changes changes = (ChangeFeed.Changes) answer;
      more = changes.changes().size() == most;
      if (changes.changes().isEmpty()) return Future.succeededFuture();
      return note(changes.changes()).compose(noted -> moved(changes.next()));
    });
  }

  private Future<ChangeFeed.Cursor> at() {
    if (cursor != null) return Future.succeededFuture(cursor);
    return feed.register(caller, LISTENER).onSuccess(there -> cursor = there);
  }

  private Future<Void> moved(ChangeFeed.Cursor to) {
    return feed.commit(caller, LISTENER, to).onSuccess(kept -> cursor = to);
  }

  private Future<Void> note(List<Change> changes) {
    TreeMap<String, int[]> patients = new TreeMap<>();
    for (Change change : changes) {
      if (!change.type().equals("Patient")) continue;
      int[] versions = patients.computeIfAbsent(change.id(), first -> new int[] {change.version() - 1, 0});
      versions[1] = change.version();
    }
    Set<String> identifiers = new HashSet<>();
    Future<?> before = Future.succeededFuture();
    List<String> ids = List.copyOf(patients.keySet());
    for (int i = 0; i < ids.size(); i += TOGETHER) {
      List<String> some = ids.subList(i, Math.min(ids.size(), i + TOGETHER));
      before = before.compose(done -> Future.all(some.stream()
          .map(id -> collect(id, patients.get(id), identifiers))
          .toList()));
    }
    return before.compose(done -> studies.noteOfPatients(identifiers)).mapEmpty();
  }

  /** @param versions first and last; those in between lead from one to the other, and may name a third */
  private Future<Void> collect(String id, int[] versions, Set<String> identifiers) {
    Future<Void> before = Future.succeededFuture();
    for (int version = Math.max(1, versions[0]); version <= versions[1]; version++) {
      int read = version;
      before = before.compose(done -> store.vread(caller, "Patient", id, read))
          .map(PatientWatch::identifiers)
          .recover(this::unread)
          .onSuccess(identifiers::addAll)
          .mapEmpty();
    }
    return before;
  }

  private static Collection<String> identifiers(Stored patient) {
    Set<String> values = new HashSet<>();
    for (JsonNode identifier : Resources.read(patient).path("identifier"))
      values.add(identifier.path("value").asText());
    return values;
  }

  /** A deletion, a version that was not kept, or one that cannot be read any more: whose studies it was about nobody knows, so all are looked at. */
  private Future<Collection<String>> unread(Throwable failed) {
    if (failed instanceof Failure.Gone || failed instanceof Failure.NotFound) return Future.succeededFuture(List.of());
    return failed instanceof Failure.Unreadable ? studies.noteAll().map(List.of()) : Future.failedFuture(failed);
  }
}

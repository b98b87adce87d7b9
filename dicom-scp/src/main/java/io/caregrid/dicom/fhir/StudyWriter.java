package io.caregrid.dicom.fhir;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.store.FhirStore;
import io.caregrid.store.HistoryQuery;
import io.caregrid.store.ImageStudies;
import io.caregrid.store.Stored;
import io.vertx.core.Future;
import java.util.OptionalInt;

/**
 * Brings one ImagingStudy up to date with the archive: made, changed or removed. What is as it should be gets no new version.
 *
 * <p>The version that is replaced is read <em>before</em> the archive, and named when it is replaced. So of two nodes that do the same study at once the
 * one that looked earlier cannot have the last word, however late it wakes up.
 */
final class StudyWriter {
  private final FhirStore store;
  private final ImageStudies studies;
  private final Subjects subjects;
  private final StudyResource resources;
  private final Caller caller;

  StudyWriter(FhirStore store, ImageStudies studies, Subjects subjects, StudyResource resources, Caller caller) {
    this.store = store;
    this.studies = studies;
    this.subjects = subjects;
    this.resources = resources;
    this.caller = caller;
  }

  /** Conflict 409 or PreconditionFailed 412: somebody else was there in between, so do it again. */
  Future<Void> write(String uid) {
    String id = StudyResource.id(uid);
    return newest(id).compose(before -> studies.read(uid).compose(study -> {
      if (study == null) return remove(id, before);
      return subjects.of(new Attributes(study.attributes()))
          .compose(subject -> put(id, before, resources.of(uid, study, subject)));
    }));
  }

  /** The version that is there now, which may be a deletion; null when there never was one. */
  private Future<Stored> newest(String id) {
    return store.history(caller, StudyResource.TYPE, id, new HistoryQuery(1, null, null))
        .map(page -> page.entries().get(0))
        .recover(failed -> failed instanceof Failure.NotFound ? Future.succeededFuture() : Future.failedFuture(failed));
  }

  private Future<Void> remove(String id, Stored before) {
    if (before == null || before.deleted()) return Future.succeededFuture();
    return store.delete(caller, StudyResource.TYPE, id, OptionalInt.of(before.version())).mapEmpty();
  }

  private Future<Void> put(String id, Stored before, ObjectNode resource) {
    if (before != null)
      return store.update(caller, StudyResource.TYPE, id, resource, OptionalInt.of(before.version())).mapEmpty();
    return store.createIfAbsent(caller, StudyResource.TYPE, id, resource).compose(there -> {
      boolean ours = !there.deleted() && Resources.given(there).equals(resource);
      return ours
          ? Future.succeededFuture()
          : Future.failedFuture(new Failure.Conflict("This ImagingStudy was made in between"));
    });
  }
}

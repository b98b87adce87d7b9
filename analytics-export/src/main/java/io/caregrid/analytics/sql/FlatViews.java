package io.caregrid.analytics.sql;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * A row per thing and a column per question, over resources that nest what people ask for most. Their names are plural and in lower case, so none is a
 * resource type's. Pure.
 */
final class FlatViews {
  private static final String PATIENTS = """
      SELECT id, name[1].family AS family, array_to_string(name[1].given, ' ') AS given, gender, birthDate AS birth_date,
        identifier[1].value AS number, coalesce(active, true) AS active
      FROM (%s)""";
  private static final String IMAGING_STUDIES = """
      SELECT id, subject.reference AS patient_reference, regexp_extract(subject.reference, '(?:^|/)Patient/([^/]+)', 1) AS patient_id,
        started_at AS started, list_distinct(list_transform(modality, lambda one: one.code)) AS modalities, description,
        numberOfSeries AS series, numberOfInstances AS instances,
        regexp_replace(list_filter(identifier, lambda one: one.system = 'urn:dicom:uid')[1].value, '^urn:oid:', '') AS study_uid, status
      FROM (%s)""";

  private FlatViews() {}

  /** Those of them whose resource is among {@code views}. */
  static List<Tables.View> over(Collection<Tables.View> views) {
    Map<String, Tables.View> byName = views.stream()
        .collect(Collectors.toMap(Tables.View::name, Function.identity(), (one, other) -> one));
    List<Tables.View> flat = new ArrayList<>();
    if (byName.containsKey("Patient"))
      flat.add(new Tables.View("patients", PATIENTS.formatted(byName.get("Patient").query()),
          "Patients, a row each: first name and first number of table Patient."));
    if (byName.containsKey("ImagingStudy"))
      flat.add(new Tables.View("imaging_studies", IMAGING_STUDIES.formatted(byName.get("ImagingStudy").query()),
          "Imaging studies, a row each; patient_id is the id of a Patient."));
    return flat;
  }
}

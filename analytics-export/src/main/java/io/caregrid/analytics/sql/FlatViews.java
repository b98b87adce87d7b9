package io.caregrid.analytics.sql;

import java.util.List;

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
  static final List<Flat> ALL = List.of(
      new Flat("patients", "Patient", PATIENTS, "Patients, a row each: first name and first number of table Patient."),
      new Flat("imaging_studies", "ImagingStudy", IMAGING_STUDIES,
          "Imaging studies, a row each; patient_id is the id of a Patient."));

  private FlatViews() {}

  /** @param under the view whose rows it shows otherwise */
  record Flat(String name, String under, String sql, String about) {
    String over(String query) {
      return sql.formatted(query);
    }

    Tables.View over(Tables.View view) {
      return new Tables.View(name, over(view.empty()), about);
    }
  }
}

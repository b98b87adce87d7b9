/**
 * Pictures among the clinical records: one FHIR R4 ImagingStudy for each study of the archive, one Endpoint that says where its pictures are.
 *
 * <p>Start at {@link io.caregrid.dicom.fhir.ImagingStudyVerticle}: it reads the notes that every change of the image index leaves in its own transaction,
 * and writes what {@link io.caregrid.dicom.fhir.StudyResource} makes of the study; {@link io.caregrid.dicom.fhir.Subjects} finds whose it is. The one
 * invariant: <b>a note goes only after the study, as it was when the note was seen or later, is in the FHIR store</b>. So nothing is missed whoever
 * dies when, and doing it again changes nothing.
 *
 * <p>Never here: pixels, files, HTTP.
 */
package io.caregrid.dicom.fhir;

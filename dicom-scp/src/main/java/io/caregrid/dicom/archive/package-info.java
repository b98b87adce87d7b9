/**
 * Bytes on disk and rows in the index, never one without the other: what was answered with success is on both.
 *
 * <p>Doors start at {@link io.caregrid.dicom.archive.Archive}: {@code receive()} gives an {@link io.caregrid.dicom.archive.Incoming}, {@code open()} the
 * bytes back. Inside, {@link io.caregrid.dicom.archive.Arrival} collects, {@link io.caregrid.dicom.archive.Committer} makes durable in groups,
 * {@link io.caregrid.dicom.archive.Duplicates} settles what comes again, {@link io.caregrid.dicom.archive.Eraser} erases,
 * {@link io.caregrid.dicom.archive.Recovery} looks after a crash. {@link io.caregrid.dicom.archive.Tagger} reads
 * again what a new extended query tag finds. {@link io.caregrid.dicom.archive.Shelf} draws the folder,
 * {@link io.caregrid.dicom.archive.RecordHeader} the record. What nobody can settle stays <em>in doubt</em>: it is kept, named, and looked at again.
 *
 * <p>Never here: DIMSE, HTTP, a change to a picture's bytes. All SQL is the store's.
 */
package io.caregrid.dicom.archive;

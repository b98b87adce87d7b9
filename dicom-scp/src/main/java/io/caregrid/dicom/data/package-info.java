/**
 * What a DICOM object says: PS3.5 (data sets), PS3.6 (dictionary), PS3.10 (files) and PS3.18 annex F (JSON) as pure functions over
 * {@link io.caregrid.dicom.data.Source}.
 *
 * <p>Start at {@link io.caregrid.dicom.data.Part10}, which opens a file, and {@link io.caregrid.dicom.data.DataSetReader}, which reads it into a
 * {@link io.caregrid.dicom.data.DataSet}. {@link io.caregrid.dicom.data.DataSetWriter} writes one in any byte order,
 * {@link io.caregrid.dicom.data.DicomJson} shows one to the web. The one invariant: <b>whatever the bytes are, they give a data set or a
 * {@link io.caregrid.dicom.data.DicomException}, in memory that {@link io.caregrid.dicom.data.Limits} bounds</b>.
 *
 * <p>Never here: Netty, Vert.x, files of its own; decoding pixels (pixel); deciding whether an object is welcome (archive).
 */
package io.caregrid.dicom.data;

/**
 * How many pictures a second a DICOM archive takes over C-STORE, ours beside Orthanc and DCMTK's storescp in the same run.
 *
 * <p>Start at {@link io.caregrid.perf.dicom.DicomPerf}: rounds in which every server takes every load once, in random order, each load from
 * {@link io.caregrid.perf.dicom.Load}'s associations. The invariants: <b>a run counts only when the server has every picture it answered with success</b>, of ours
 * also the bytes of a sample; and whatever else the machine did meanwhile is in the result beside the number.
 */
package io.caregrid.perf.dicom;

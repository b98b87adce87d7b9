/**
 * DICOMweb (PS3.18) under {@code /dicom-web}: STOW-RS in, QIDO-RS to find, WADO-RS out, and DELETE; beside the standard, as Microsoft's service has
 * them, a feed of changes and extended query tags.
 *
 * <p>Start at {@link io.caregrid.dicom.web.DicomWebVerticle}: its table of addresses names the class behind each. Pure, and tested without HTTP:
 * {@link io.caregrid.dicom.web.MultipartReader} (bodies), {@link io.caregrid.dicom.web.Accept} (what the client wants),
 * {@link io.caregrid.dicom.web.SearchRequest} (queries), {@link io.caregrid.dicom.web.StoreAnswer} (status and reasons).
 *
 * <p>The invariant: <b>a body is never in memory as a whole</b>, neither coming nor going, and an answer that breaks off is never a complete one. What takes
 * memory and processor time takes it from {@link io.caregrid.dicom.web.Work} first; what a client has not taken yet waits in a
 * {@link io.caregrid.dicom.web.Spool}. No thread waits for a client.
 *
 * <p>Never here: how bytes are kept (archive), what elements mean (data), how pixels look (pixel).
 */
package io.caregrid.dicom.web;

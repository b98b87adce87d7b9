/**
 * Pictures: in by C-STORE and DICOMweb, kept as received, found and given back.
 *
 * <pre>
 * modality → ul (PDUs, state table) → dimse (C-STORE) ─┐
 * browser  → web (STOW-RS) ────────────────────────────┴→ archive.Incoming → bytes durable, index row durable → success, only now
 * web (QIDO, WADO) → archive.search / archive.open → data (read, JSON), pixel (decode, render)
 * </pre>
 *
 * <p>{@code data} and {@code pixel} are pure: buffers in, values out. {@code ul} knows nothing of {@code data}. Start reading at
 * {@link io.caregrid.dicom.archive.Incoming}.
 */
package io.caregrid.dicom;

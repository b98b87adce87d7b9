/**
 * The DICOM upper layer (PS3.8): PDUs, associations, the state table. It carries fragments and does not know what is in them.
 *
 * <p>Start at {@link io.caregrid.dicom.ul.Association}: one Netty handler for acceptor and requestor. It feeds what arrives through
 * {@link io.caregrid.dicom.ul.PduFramer}, asks {@link io.caregrid.dicom.ul.StateTable} what to do, and tells a
 * {@link io.caregrid.dicom.ul.ServiceUser}. {@link io.caregrid.dicom.ul.PduReader} and {@link io.caregrid.dicom.ul.PduWriter} are pure functions over
 * buffers.
 *
 * <p>Bounded: nothing is allocated by a length a peer declares; P-DATA goes on as slices of what was read; an association that is paused reads nothing
 * more and keeps at most one read in hand. No thread belongs to an association.
 *
 * <p>Never here: command sets and data sets (PS3.7, PS3.5). This shelf does not import {@code io.caregrid.dicom.data}.
 */
package io.caregrid.dicom.ul;

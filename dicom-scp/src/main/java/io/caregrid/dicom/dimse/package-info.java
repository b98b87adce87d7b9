/**
 * DIMSE (PS3.7): what applications say to each other over an association. C-ECHO and C-STORE, as provider and as user.
 *
 * <p>Start at {@link io.caregrid.dicom.dimse.DicomScpVerticle}, which listens; {@link io.caregrid.dicom.dimse.Provider} is one association's side of it:
 * {@link io.caregrid.dicom.dimse.Negotiation} answers the proposal, {@link io.caregrid.dicom.dimse.MessageReader} puts fragments together to commands and
 * data streams, {@link io.caregrid.dicom.dimse.Store} sends one data stream into an {@link io.caregrid.dicom.archive.Incoming}. The other side of the
 * wire is {@link io.caregrid.dicom.dimse.Sender}.
 *
 * <p>The invariant: <b>0000H is sent only after {@code Incoming.finish} has completed</b>, and each response in one write, in whatever order the archive
 * completes them.
 *
 * <p>Sockets are those of Vert.x' {@code NetServer} and {@code NetClient}, with our handler put before Vert.x' own in their Netty pipeline (as Vert.x' MQTT
 * server does it). So event loops, several instances on one port, free ports, and closing with the verticle are Vert.x'; reading, pausing and writing
 * are Netty's, without the copy into heap buffers that {@code NetSocket} makes of everything that arrives. A bootstrap of our own on Vert.x' event
 * loops would have had to rebuild the former, a {@code NetSocket} handler could not do the latter.
 *
 * <p>Never here: what a data set means (data), where it goes (archive).
 */
package io.caregrid.dicom.dimse;

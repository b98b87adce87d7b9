package io.caregrid.dicom.dimse;

import io.caregrid.contract.Audit;
import io.caregrid.dicom.archive.Incoming;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * What the associations of one listener share.
 *
 * @param archive  opens one instance, on the calling Vert.x context
 * @param hasRoom  false: the archive takes nothing right now
 * @param presence who is here
 */
record House(Admission admission, Negotiation negotiation, Supplier<Incoming> archive, BooleanSupplier hasRoom,
    Audit audit, DimseMetrics metrics, Presence presence) {}

/**
 * Files of FHIR resources come in: bundles and NDJSON, plain, gzipped or in a zip, to this node or to any FHIR server.
 *
 * <p>Start at {@link io.caregrid.ingest.load.FileLoad}, which loads one file; {@link io.caregrid.ingest.load.DropFolder} does so with whatever is put into a folder
 * ({@link io.caregrid.ingest.load.Drops}), the command line with what is named there. The one invariant: <b>how far a file is loaded is written down after the target has answered for it</b>
 * ({@link io.caregrid.ingest.load.Place}), and what may be sent twice has the same effect as once. So a load that was killed goes on where it was, and nothing
 * of a file is lost without a line that says so ({@link io.caregrid.ingest.load.Rejects}).
 *
 * <p>Memory: one batch, whatever the size of the file. Never here: what a resource means, the store; a file goes through the FHIR door like everybody's.
 */
package io.caregrid.ingest.load;

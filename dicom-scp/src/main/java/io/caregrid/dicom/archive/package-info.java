/** Bytes on disk and rows in the index, never one without the other: what was answered with success is on both. */
package io.caregrid.dicom.archive;

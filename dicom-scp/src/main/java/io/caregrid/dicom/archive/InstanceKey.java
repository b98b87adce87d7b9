package io.caregrid.dicom.archive;

/** Study, Series and SOP Instance UID, without padding. */
public record InstanceKey(String study, String series, String instance) {}

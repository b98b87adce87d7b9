package io.caregrid.dicom.data;

/** @param tag group in the upper 16 bits, element in the lower */
public record Element(int tag, Vr vr, Value value) {}

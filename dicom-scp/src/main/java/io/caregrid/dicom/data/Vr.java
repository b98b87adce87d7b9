package io.caregrid.dicom.data;

/** Value representations (PS3.5 table 6.2-1). */
public enum Vr {
  AE, AS, AT, CS, DA, DS, DT, FD, FL, IS, LO, LT, OB, OD, OF, OL, OV, OW, PN, SH, SL, SQ, SS, ST, SV, TM, UC, UI, UL, UN, UR, US, UT, UV
}

package io.caregrid.dicom.pixel;

/** Photometric Interpretation (0028,0004), PS3.3 C.7.6.3.1.2. */
public enum Photometric {
  MONOCHROME1,
  MONOCHROME2,
  PALETTE_COLOR,
  RGB,
  YBR_FULL,
  YBR_FULL_422,
  YBR_PARTIAL_422,
  YBR_PARTIAL_420,
  YBR_ICT,
  YBR_RCT;

  /** As the standard writes it: {@code PALETTE COLOR} with a blank. */
  public String text() {
    return this == PALETTE_COLOR ? "PALETTE COLOR" : name();
  }

  /** Luminance and colour differences instead of red, green and blue. */
  public boolean isYbr() {
    return ordinal() >= YBR_FULL.ordinal();
  }

  public boolean isMonochrome() {
    return this == MONOCHROME1 || this == MONOCHROME2;
  }

  static Photometric of(String text) {
    for (Photometric one : values()) if (one.text().equals(text)) return one;
    throw PixelException.unsupported("(0028,0004) Photometric Interpretation is none of those that are shown here");
  }
}

package io.caregrid.dicom.data;

/** Value representations (PS3.5 table 6.2-1), and what reading, writing and showing them needs to know. */
public enum Vr {
  AE(Form.CODE), //
  AS(Form.CODE), //
  AT(Form.NUMBER, 2), //
  CS(Form.CODE), //
  DA(Form.CODE), //
  DS(Form.CODE), //
  DT(Form.CODE), //
  FD(Form.NUMBER, 8), //
  FL(Form.NUMBER, 4), //
  IS(Form.CODE), //
  LO(Form.WORDS), //
  LT(Form.PROSE), //
  OB(Form.BYTES), //
  OD(Form.BYTES, 8), //
  OF(Form.BYTES, 4), //
  OL(Form.BYTES, 4), //
  OV(Form.BYTES, 8), //
  OW(Form.BYTES, 2), //
  PN(Form.WORDS), //
  SH(Form.WORDS), //
  SL(Form.NUMBER, 4), //
  SQ(Form.ITEMS), //
  SS(Form.NUMBER, 2), //
  ST(Form.PROSE), //
  SV(Form.NUMBER, 8), //
  TM(Form.CODE), //
  UC(Form.WORDS), //
  UI(Form.CODE), //
  UL(Form.NUMBER, 4), //
  UN(Form.BYTES), //
  UR(Form.LINK), //
  US(Form.NUMBER, 2), //
  UT(Form.PROSE), //
  UV(Form.NUMBER, 8); //

  /** How values are laid out. */
  enum Form {
    /** Text of the default repertoire, several values with a backslash between them. */
    CODE,
    /** One text of the default repertoire: an address. */
    LINK,
    /** Text in the data set's character set, several values with a backslash between them. */
    WORDS,
    /** One text in the data set's character set; a backslash is a backslash. */
    PROSE,
    /** Binary numbers of one width. */
    NUMBER,
    /** A stream of bytes or of words. */
    BYTES,
    /** Nested data sets. */
    ITEMS
  }

  private static final Vr[] BY_LETTERS = new Vr[32 * 32];

  static {
    for (Vr vr : values())
      BY_LETTERS[slot(vr.first(), vr.second())] = vr;
  }

  final Form form;
  /** Width of the words that change places between byte orders (PS3.5 7.3); AT is two of them. */
  final int unit;

  Vr(Form form) {
    this(form, 1);
  }

  Vr(Form form, int unit) {
    this.form = form;
    this.unit = unit;
  }

  /** Null: not a VR of the standard. */
  static Vr of(int first, int second) {
    if (first < 'A' || first > 'Z' || second < 'A' || second > 'Z') return null;
    return BY_LETTERS[slot(first, second)];
  }

  /** Null: not a VR of the standard. */
  static Vr of(String letters) {
    return letters.length() == 2 ? of(letters.charAt(0), letters.charAt(1)) : null;
  }

  int first() {
    return name().charAt(0);
  }

  int second() {
    return name().charAt(1);
  }

  /** Explicit: two reserved bytes and a length of 32 bits (PS3.5 table 7.1-1). */
  boolean isLong() {
    return switch (this) {
      case OB, OD, OF, OL, OV, OW, SQ, SV, UC, UN, UR, UT, UV -> true;
      default -> false;
    };
  }

  /** Its values are characters. */
  public boolean isText() {
    return form.ordinal() <= Form.PROSE.ordinal();
  }

  /** Its characters are those that (0008,0005) names. */
  boolean isWords() {
    return form == Form.WORDS || form == Form.PROSE;
  }

  /** A backslash parts its values. */
  boolean isMany() {
    return form == Form.CODE || form == Form.WORDS;
  }

  /** PS3.18 F.2.7: shown as InlineBinary. */
  public boolean isBinary() {
    return form == Form.BYTES;
  }

  /** PS3.18 F.2.2: a long one may be a BulkDataURI; so may {@link #isProse}. */
  public boolean isNumbers() {
    return isNumber() && this != AT || isBinary() || this == DS || this == IS;
  }

  /** A long text. */
  public boolean isProse() {
    return form == Form.PROSE || this == UC;
  }

  boolean isNumber() {
    return form == Form.NUMBER;
  }

  /** What makes an odd length even (PS3.5 6.2). */
  byte padding() {
    return (byte) (isText() && this != UI ? ' ' : 0);
  }

  private static int slot(int first, int second) {
    return (first & 31) << 5 | second & 31;
  }
}

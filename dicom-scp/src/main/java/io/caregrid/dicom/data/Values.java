package io.caregrid.dicom.data;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;

/** Bytes of an element ↔ the values they stand for (PS3.5 section 6). Values that are still in a source count as none. */
final class Values {
  private static final VarHandle SHORT = view(short[].class);
  private static final VarHandle INT = view(int[].class);
  private static final VarHandle LONG = view(long[].class);
  private static final byte[] NONE = {};

  private Values() {}

  static int u16(byte[] bytes, int at, boolean bigEndian) {
    short value = (short) SHORT.get(bytes, at);
    return (bigEndian ? Short.reverseBytes(value) : value) & 0xFFFF;
  }

  static int i32(byte[] bytes, int at, boolean bigEndian) {
    int value = (int) INT.get(bytes, at);
    return bigEndian ? Integer.reverseBytes(value) : value;
  }

  static long i64(byte[] bytes, int at, boolean bigEndian) {
    long value = (long) LONG.get(bytes, at);
    return bigEndian ? Long.reverseBytes(value) : value;
  }

  static byte[] bytes(Element element) {
    return element.value() instanceof Value.Bytes bytes ? bytes.bytes() : NONE;
  }

  /** How many values, where they are numbers of one width. */
  static int count(Element element) {
    int width = element.vr() == Vr.AT ? 4 : element.vr().unit;
    return element.vr().isNumber() ? bytes(element).length >> Integer.numberOfTrailingZeros(width) : 0;
  }

  static String text(Element element, TransferSyntax syntax, CharacterSet characters) {
    List<String> all = texts(element, syntax, characters);
    return all.isEmpty() || all.get(0).isEmpty() ? null : all.get(0);
  }

  static List<String> texts(Element element, TransferSyntax syntax, CharacterSet characters) {
    byte[] bytes = bytes(element);
    Vr vr = element.vr();
    if (bytes.length == 0) return List.of();
    if (vr.isNumber()) {
      List<String> numbers = new ArrayList<>();
      for (int i = 0; i < count(element); i++)
        numbers.add(number(vr, bytes, i, syntax.bigEndian()));
      return numbers;
    }
    if (!vr.isText()) return List.of();
    String text = vr.isWords() ? characters.decode(bytes, vr) : CharacterSet.DEFAULT.decode(bytes, vr);
    return vr.isMany() ? split(text, vr) : one(strip(text, vr));
  }

  static OptionalLong number(Element element, TransferSyntax syntax) {
    byte[] bytes = bytes(element);
    return switch (element.vr()) {
      case IS -> integer(text(element, syntax, CharacterSet.DEFAULT));
      case US, SS, UL, SL, UV, SV -> count(element) == 0
          ? OptionalLong.empty()
          : OptionalLong.of(integer(element.vr(), bytes, 0, syntax.bigEndian()));
      default -> OptionalLong.empty();
    };
  }

  static double[] decimals(Element element, TransferSyntax syntax) {
    return switch (element.vr()) {
      case IS, DS -> texts(element, syntax, CharacterSet.DEFAULT).stream().mapToDouble(Values::decimal).toArray();
      case AT -> new double[0];
      default -> {
        double[] all = new double[count(element)];
        for (int i = 0; i < all.length; i++)
          all[i] = decimal(element.vr(), bytes(element), i, syntax.bigEndian());
        yield all;
      }
    };
  }

  /** One value of US SS UL SL UV SV, and of AT as a tag. */
  static long integer(Vr vr, byte[] bytes, int index, boolean bigEndian) {
    return switch (vr) {
      case US -> u16(bytes, index * 2, bigEndian);
      case SS -> (short) u16(bytes, index * 2, bigEndian);
      case UL -> i32(bytes, index * 4, bigEndian) & 0xFFFFFFFFL;
      case SL -> i32(bytes, index * 4, bigEndian);
      case AT -> (long) u16(bytes, index * 4, bigEndian) << 16 | u16(bytes, index * 4 + 2, bigEndian);
      default -> i64(bytes, index * 8, bigEndian);
    };
  }

  /** One value of FL or FD, or of the integers. */
  static double decimal(Vr vr, byte[] bytes, int index, boolean bigEndian) {
    return switch (vr) {
      case FL -> Float.intBitsToFloat(i32(bytes, index * 4, bigEndian));
      case FD -> Double.longBitsToDouble(i64(bytes, index * 8, bigEndian));
      case UV -> unsigned(i64(bytes, index * 8, bigEndian));
      default -> integer(vr, bytes, index, bigEndian);
    };
  }

  private static double unsigned(long bits) {
    return bits >= 0 ? bits : (bits >>> 1 | bits & 1) * 2.0;
  }

  private static String number(Vr vr, byte[] bytes, int index, boolean bigEndian) {
    return switch (vr) {
      case FL -> Float.toString((float) decimal(vr, bytes, index, bigEndian));
      case FD -> Double.toString(decimal(vr, bytes, index, bigEndian));
      case UV -> Long.toUnsignedString(integer(vr, bytes, index, bigEndian));
      case AT -> Tag.hex((int) integer(vr, bytes, index, bigEndian));
      default -> Long.toString(integer(vr, bytes, index, bigEndian));
    };
  }

  /** The VR's bytes for these texts: what {@link #texts} reads back. */
  static Element ofTexts(int tag, Vr vr, List<String> texts, TransferSyntax syntax, CharacterSet characters) {
    if (vr.isNumber()) return new Element(tag, vr, new Value.Bytes(numbers(tag, vr, texts, syntax)));
    if (!vr.isText()) throw new IllegalArgumentException(Tag.text(tag) + " is " + vr + ", which has no text form");
    if (!vr.isMany() && texts.size() > 1) throw new IllegalArgumentException(Tag.text(tag) + " has one value");
    String joined = String.join("\\", texts);
    byte[] bytes = vr.isWords() ? characters.encode(joined, vr) : joined.getBytes(StandardCharsets.ISO_8859_1);
    return new Element(tag, vr, new Value.Bytes(padded(bytes, vr)));
  }

  static byte[] padded(byte[] bytes, Vr vr) {
    if (bytes.length % 2 == 0) return bytes;
    byte[] even = Arrays.copyOf(bytes, bytes.length + 1);
    even[bytes.length] = vr.padding();
    return even;
  }

  private static byte[] numbers(int tag, Vr vr, List<String> texts, TransferSyntax syntax) {
    ByteBuffer bytes = ByteBuffer.allocate(texts.size() * (vr == Vr.AT ? 4 : vr.unit));
    bytes.order(syntax.bigEndian() ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
    try {
      for (String text : texts)
        switch (vr) {
        case FL -> bytes.putFloat(Float.parseFloat(text));
        case FD -> bytes.putDouble(Double.parseDouble(text));
        case AT -> put(bytes, Integer.parseUnsignedInt(text, 16));
        case US -> bytes.putShort((short) within(text, 0, 0xFFFF));
        case SS -> bytes.putShort((short) within(text, Short.MIN_VALUE, Short.MAX_VALUE));
        case UL -> bytes.putInt((int) within(text, 0, 0xFFFFFFFFL));
        case SL -> bytes.putInt((int) within(text, Integer.MIN_VALUE, Integer.MAX_VALUE));
        case SV -> bytes.putLong(Long.parseLong(text));
        default -> bytes.putLong(Long.parseUnsignedLong(text));
        }
    } catch (NumberFormatException not) {
      throw new IllegalArgumentException(Tag.text(tag) + " takes values of " + vr);
    }
    return bytes.array();
  }

  private static void put(ByteBuffer bytes, int tag) {
    bytes.putShort((short) (tag >>> 16)).putShort((short) tag);
  }

  private static long within(String text, long least, long most) {
    long value = Long.parseLong(text);
    if (value < least || value > most) throw new NumberFormatException();
    return value;
  }

  private static OptionalLong integer(String text) {
    double value = text == null ? Double.NaN : decimal(text);
    return value == Math.rint(value) && Math.abs(value) < 1L << 53
        ? OptionalLong.of((long) value)
        : OptionalLong.empty();
  }

  private static double decimal(String text) {
    try {
      return Double.parseDouble(text);
    } catch (NumberFormatException not) {
      return Double.NaN;
    }
  }

  private static List<String> split(String text, Vr vr) {
    int next = text.indexOf('\\');
    if (next < 0) return one(strip(text, vr));
    List<String> parts = new ArrayList<>();
    int from = 0;
    for (; next >= 0; from = next + 1, next = text.indexOf('\\', from))
      parts.add(strip(text.substring(from, next), vr));
    parts.add(strip(text.substring(from), vr));
    return parts;
  }

  private static List<String> one(String text) {
    return text.isEmpty() ? List.of() : List.of(text);
  }

  /**
   * Padding of PS3.5 table 6.2-1; NUL where it does not belong is padding too. Leading spaces count in ST LT UT UC UR. A name's empty groups at its end
   * are not there (PS3.5 6.2.1: their delimiters may be left out), so that a name of nothing but delimiters is no value.
   */
  private static String strip(String text, Vr vr) {
    int from = 0;
    int to = text.length();
    while (to > 0 && isPadding(text.charAt(to - 1), vr))
      to--;
    boolean leading = vr.form != Vr.Form.PROSE && vr != Vr.UC && vr != Vr.UR;
    while (leading && from < to && text.charAt(from) == ' ')
      from++;
    return text.substring(from, to);
  }

  private static boolean isPadding(char last, Vr vr) {
    return last == ' ' || last == 0 || vr == Vr.PN && last == '=';
  }

  private static VarHandle view(Class<?> words) {
    return MethodHandles.byteArrayViewVarHandle(words, ByteOrder.LITTLE_ENDIAN);
  }
}

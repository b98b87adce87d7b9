package io.caregrid.dicom.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Bytes → data set (PS3.5 section 7). Takes what the standard allows and what the field sends: defined and undefined lengths, group lengths
 * anywhere, odd lengths, elements out of order (of doubles the last counts), UN of undefined length as a sequence in implicit little endian (PS3.5
 * 6.2.2, CP-246), UN of an element that the dictionary knows, implicit elements among explicit ones, stray delimiters. Never guesses where something
 * ends: what claims more bytes than there are, or lacks its delimiter, is a {@link DicomException}.
 *
 * <p>Memory: at most {@link Limits#total} of values, {@link Limits#elements} elements and items, {@link Limits#fragments} fragments and offsets, one
 * window. More is a {@link DicomException.TooLarge}.
 * A length in the data never decides how much is allocated.
 */
public final class DataSetReader {
  /** Bytes; group 2 has some hundred. */
  private static final int META = 512;
  private static final Value PASSED = new Value.Bytes(new byte[0]);

  private final Window window;
  private final Limits limits;
  private final List<Open> open = new ArrayList<>();
  private long position;
  private long inlineLeft;
  private int elementsLeft;
  private int fragmentsLeft;
  /** Of the outermost level, in ascending order; null: all. */
  private final int[] wanted;
  /** Within an element that is not wanted. */
  private boolean passing;

  /** An element that is US or SS by Pixel Representation, which may come later. */
  private record Open(DataSet set, int tag) {}

  private DataSetReader(Window window, long from, Limits limits, int[] wanted) {
    this.window = window;
    this.wanted = wanted;
    this.position = from;
    this.limits = limits;
    this.elementsLeft = limits.elements();
    this.inlineLeft = limits.total();
    this.fragmentsLeft = limits.fragments();
  }

  /**
   * The bytes {@code from} to {@code to} are one data set, already inflated. Where they write out VRs although {@code syntax} says they do not, they
   * are right: see the set's own {@link DataSet#syntax}.
   */
  public static DataSet read(Source source, long from, long to, TransferSyntax syntax, Limits limits) {
    return read(source, from, to, syntax, limits, null);
  }

  /**
   * Everything is read as strictly as it always is; what is not wanted takes no memory and is not counted, but for fragments: what bounds it is the size of
   * the source.
   *
   * @param wanted tags of the outermost level, in ascending order of int; null: all
   */
  static DataSet read(Source source, long from, long to, TransferSyntax syntax, Limits limits, int[] wanted) {
    DataSetReader reader = new DataSetReader(new Window(source, from, to), from, limits, wanted);
    DataSet set = reader.outermost(to, syntax);
    reader.open.forEach(DataSetReader::settle);
    return set;
  }

  /** Group 2 (PS3.10 7.1). @return where it ends, the elements in {@code meta} */
  static long meta(Source source, long from, DataSet meta, Limits limits) {
    long end = source.size();
    DataSetReader reader = new DataSetReader(new Window(source, from, end, META), from, limits, null);
    while (end - reader.position >= 8 && reader.tag(meta.syntax(), end) >>> 16 == 2)
      reader.element(meta, end, 1);
    meta.settle();
    return reader.position;
  }

  private DataSet outermost(long end, TransferSyntax syntax) {
    DataSet set = new DataSet(found(syntax, end), null);
    while (position < end && !isZeroRest(end)) {
      int tag = tag(set.syntax(), end);
      if (isBeyond(tag)) {
        Head head = head(set, end);
        Value rest = new Value.Bulk(position, head.isUndefined() ? -1 : within(head, end));
        if (isWanted(tag, 1)) set.append(new Element(tag, head.vr(), rest));
        break;
      }
      if (!skipsStray(tag)) element(set, end, 1);
    }
    set.settle();
    return set;
  }

  private boolean isBeyond(int tag) {
    return limits.stopBefore() != 0 && Integer.compareUnsigned(tag, limits.stopBefore()) >= 0 && !isDelimiter(tag);
  }

  /** Some writers fill up to an even length with zeros. */
  private boolean isZeroRest(long end) {
    if (end - position >= 8) return false;
    int at = window.at(position, (int) (end - position));
    for (int i = 0; i < end - position; i++)
      if (window.bytes()[at + i] != 0) return false;
    return true;
  }

  private DataSet item(DataSet parent, TransferSyntax syntax, long end, boolean delimited, int depth) {
    DataSet set = new DataSet(found(syntax, end), parent);
    while (delimited || position < end) {
      int tag = tag(set.syntax(), end);
      if (tag == Tag.ITEM_END && delimited) {
        position += 8;
        break;
      }
      if (!skipsStray(tag)) element(set, end, depth);
    }
    set.settle();
    return set;
  }

  /** Delimiters after items and sequences of defined length: nothing is lost, so nobody is refused. */
  private boolean skipsStray(int tag) {
    if (tag == Tag.ITEM) throw new DicomException("an item outside of a sequence at " + position);
    if (!isDelimiter(tag)) return false;
    count();
    position += 8;
    return true;
  }

  private static boolean isDelimiter(int tag) {
    return tag == Tag.ITEM_END || tag == Tag.SEQUENCE_END;
  }

  private static boolean isPixels(int tag) {
    return tag == Tag.PIXEL_DATA || tag == Tag.FLOAT_PIXEL_DATA || tag == Tag.DOUBLE_FLOAT_PIXEL_DATA;
  }

  private void element(DataSet set, long end, int depth) {
    Head head = head(set, end);
    passing = passing || !isWanted(head.tag(), depth);
    count();
    Element element = head.isUndefined() ? undefined(set, head, end, depth) : defined(set, head, end, depth);
    if (passing) {
      passing = depth > 1;
      return;
    }
    set.append(element);
    if (head.isImplicit() && Dictionary.isSignedByPixels(head.tag())) open.add(new Open(set, head.tag()));
  }

  private boolean isWanted(int tag, int depth) {
    return wanted == null || depth > 1 || Arrays.binarySearch(wanted, tag) >= 0;
  }

  private Element defined(DataSet set, Head head, long end, int depth) {
    long to = position + within(head, end);
    if (head.vr() == Vr.SQ) return sequence(set, head.tag(), nested(set, head), to, false, depth);
    if (head.vr() == Vr.UN && !head.isImplicit()) return known(set, head, to, depth);
    return new Element(head.tag(), head.vr(), value(head, to, depth));
  }

  /** UN of an element that the dictionary knows, relayed by someone whose dictionary did not: implicit little endian inside (PS3.5 6.2.2). */
  private Element known(DataSet set, Head head, long to, int depth) {
    Vr vr = Dictionary.vr(head.tag());
    if (vr == Vr.SQ) {
      long from = position;
      long left = inlineLeft;
      try {
        return sequence(set, head.tag(), TransferSyntax.IMPLICIT_LE, to, false, depth);
      } catch (DicomException.TooLarge tooLarge) {
        throw tooLarge;
      } catch (DicomException other) {
        position = from;
        inlineLeft = left;
        vr = Vr.UN;
      }
    }
    boolean whole = !vr.isNumber() || head.length() % (vr == Vr.AT ? 4 : vr.unit) == 0;
    Value value = value(head, to, depth);
    if (!whole || vr.unit == 1 || !set.syntax().bigEndian()) return new Element(head.tag(), whole ? vr : Vr.UN, value);
    if (!(value instanceof Value.Bytes little)) return new Element(head.tag(), Vr.UN, value);
    DataSetWriter.swapped(little.bytes(), little.bytes().length, vr.unit);
    return new Element(head.tag(), vr, little);
  }

  private Value value(Head head, long to, int depth) {
    long from = position;
    position = to;
    if (passing) return PASSED;
    boolean bulk = head.length() > limits.inlineBytes() || isPixels(head.tag()) && depth == 1;
    long least = head.length() > limits.sparing() ? kept(head.vr()) : 0;
    if (bulk || least > 0 && head.length() > inlineLeft - least) return new Value.Bulk(from, head.length());
    if (head.length() > inlineLeft) throw tooManyValues();
    byte[] bytes = window.copy(from, (int) head.length());
    long cost = bytes.length + Limits.EACH_VALUE * (long) values(head.vr(), bytes);
    if (least > 0 && cost > inlineLeft - least) return new Value.Bulk(from, head.length());
    if (cost > inlineLeft) throw tooManyValues();
    inlineLeft -= cost;
    return new Value.Bytes(bytes);
  }

  /** Bytes of the total that a long value of this VR leaves to others. */
  private long kept(Vr vr) {
    if (vr.isNumbers()) return Math.max(1, limits.total() / 2);
    return vr.isProse() ? Math.max(1, limits.total() / 4) : 0;
  }

  private DicomException tooManyValues() {
    return new DicomException.TooLarge("more than " + limits.total() + " bytes of values");
  }

  /** How many there are, where they become objects of their own as soon as somebody looks at them. */
  private static int values(Vr vr, byte[] bytes) {
    if (vr.isNumber()) return bytes.length / vr.unit;
    if (!vr.isMany()) return 0;
    int separators = 0;
    for (byte one : bytes) if (one == '\\') separators++;
    return separators;
  }

  private Element undefined(DataSet set, Head head, long end, int depth) {
    boolean fragments = isPixels(head.tag()) || head.vr().isBinary() && head.vr() != Vr.UN && !head.isImplicit();
    if (fragments && head.vr() != Vr.SQ) {
      Encapsulated items = new Encapsulated(window, position, end, set.syntax().bigEndian(), fragmentsLeft,
          limits.fragments());
      Value.Fragments value = items.read();
      fragmentsLeft -= items.count();
      position = items.position();
      return new Element(head.tag(), head.isImplicit() ? Vr.OB : head.vr(), value);
    }
    if (head.vr() == Vr.UN && !head.isImplicit())
      return sequence(set, head.tag(), TransferSyntax.IMPLICIT_LE, end, true, depth);
    if (head.vr() == Vr.SQ || head.isImplicit()) return sequence(set, head.tag(), nested(set, head), end, true, depth);
    throw new DicomException(Tag.text(head.tag()) + " at " + position + " is " + head.vr() + " without a length");
  }

  private Element sequence(DataSet parent, int tag, TransferSyntax syntax, long end, boolean delimited, int depth) {
    if (depth >= limits.depth()) throw new DicomException("sequences nested deeper than " + limits.depth());
    List<DataSet> items = new ArrayList<>(2);
    while (delimited || position < end) {
      count();
      int met = tag(syntax, end);
      long length = Head.length(window.bytes(), window.at(position, 8) + 4, syntax.bigEndian());
      if (!isDelimiter(met) && met != Tag.ITEM)
        throw new DicomException(Tag.text(met) + " between the items of " + Tag.text(tag) + " at " + position);
      position += 8;
      if (met == Tag.SEQUENCE_END && delimited) break;
      if (met != Tag.ITEM) continue;
      boolean open = length == Head.UNDEFINED;
      long to = open ? end : position + within(new Head(met, Vr.SQ, length, 8, true), end);
      DataSet item = item(parent, syntax, to, open, depth + 1);
      if (!passing) items.add(item);
    }
    return new Element(tag, Vr.SQ, new Value.Items(items));
  }

  private Head head(DataSet set, long end) {
    Head head = Head.read(window, position, end, set.syntax());
    position += head.size();
    return head;
  }

  private long within(Head head, long end) {
    if (head.length() > end - position)
      throw new DicomException(Tag.text(head.tag()) + " at " + position + " claims " + head.length() + " bytes, "
          + (end - position) + " are left");
    return head.length();
  }

  private void count() {
    if (!passing && elementsLeft-- <= 0)
      throw new DicomException.TooLarge("more than " + limits.elements() + " elements");
  }

  private int tag(TransferSyntax syntax, long end) {
    if (end - position < 8)
      throw new DicomException("the data ends within an element or lacks a delimiter at " + position);
    int at = window.at(position, 8);
    return Head.tag(window.bytes(), at, syntax.bigEndian());
  }

  /** An implicit sequence among explicit elements is implicit all through. */
  private static TransferSyntax nested(DataSet set, Head head) {
    return head.isImplicit() && !set.syntax().bigEndian() ? TransferSyntax.IMPLICIT_LE : set.syntax();
  }

  /**
   * Explicit after all? When the first element spells the very VR that the dictionary has for it, or any VR where a length of that many bytes could not
   * be. A length that reads as a VR is beyond 16 KiB.
   */
  private TransferSyntax found(TransferSyntax syntax, long end) {
    if (syntax.explicit() || end - position < 8) return syntax;
    int at = window.at(position, 8);
    Vr written = Vr.of(window.bytes()[at + 4], window.bytes()[at + 5]);
    if (written == null) return syntax;
    int tag = Head.tag(window.bytes(), at, false);
    boolean spelt = Dictionary.vr(tag) != Vr.UN && Dictionary.allows(tag, written);
    boolean fits = Head.length(window.bytes(), at + 4, false) <= end - position - 8;
    return spelt || !fits ? TransferSyntax.EXPLICIT_LE : syntax;
  }

  private static void settle(Open each) {
    Element element = each.set.get(each.tag);
    if (element.vr() != Vr.US) return;
    for (DataSet set = each.set; set != null; set = set.parent())
      if (set.has(Tag.PIXEL_REPRESENTATION)) {
        if (set.number(Tag.PIXEL_REPRESENTATION).orElse(0) == 1)
          each.set.put(new Element(each.tag, Vr.SS, element.value()));
        return;
      }
  }
}

package io.caregrid.dicom.data;

import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.OptionalLong;

/**
 * Elements in the order of their tags, one of each. Not for several threads while it changes.
 *
 * <p>An element put here is understood in this set's byte order and character set; items of a sequence keep their own, and take the character set
 * from the set they were put into last when they name none (PS3.3 C.12.1.1.2).
 */
public final class DataSet implements Iterable<Element> {
  private final TransferSyntax syntax;
  private Element[] elements = new Element[8];
  private int size;
  private DataSet parent;
  private CharacterSet characters;

  public DataSet(TransferSyntax syntax) {
    this.syntax = syntax;
  }

  DataSet(TransferSyntax syntax, DataSet parent) {
    this.syntax = syntax;
    this.parent = parent;
  }

  /** How the bytes of its values are encoded. */
  public TransferSyntax syntax() {
    return syntax;
  }

  /** Null when absent. */
  public Element get(int tag) {
    int at = find(tag);
    return at >= 0 ? elements[at] : null;
  }

  public boolean has(int tag) {
    return find(tag) >= 0;
  }

  public int size() {
    return size;
  }

  /** The set whose sequence this is an item of, or null. */
  DataSet parent() {
    return parent;
  }

  /** Its own, or its parent's, or the default repertoire. */
  CharacterSet characters() {
    if (characters == null) {
      Element named = get(Tag.SPECIFIC_CHARACTER_SET);
      if (named != null) characters = CharacterSet.of(Values.texts(named, syntax, CharacterSet.DEFAULT));
      else return parent == null ? CharacterSet.DEFAULT : parent.characters();
    }
    return characters;
  }

  /** First value, decoded, padding stripped; null when absent, empty, or of a VR without text form (SQ, O*, UN). */
  public String text(int tag) {
    Element element = get(tag);
    return element == null ? null : Values.text(element, syntax, characters());
  }

  /** All values, an empty one as an empty string. */
  public List<String> texts(int tag) {
    Element element = get(tag);
    return element == null ? List.of() : Values.texts(element, syntax, characters());
  }

  /** First value of IS US SS UL SL UV SV; empty when absent or not a number. UV as its 64 bits. */
  public OptionalLong number(int tag) {
    Element element = get(tag);
    return element == null ? OptionalLong.empty() : Values.number(element, syntax);
  }

  /** All values of DS FL FD IS US SS UL SL SV UV, NaN for one that is not a number; none for other VRs. */
  public double[] decimals(int tag) {
    Element element = get(tag);
    return element == null ? new double[0] : Values.decimals(element, syntax);
  }

  /** The items of a sequence; none when absent. */
  public List<DataSet> items(int tag) {
    Element element = get(tag);
    return element != null && element.value() instanceof Value.Items items ? items.items() : List.of();
  }

  public DataSet put(Element element) {
    adopt(element);
    if (size == 0 || Integer.compareUnsigned(elements[size - 1].tag(), element.tag()) < 0) {
      append(element);
      return this;
    }
    int at = find(element.tag());
    if (at < 0) {
      at = -at - 1;
      append(element);
      System.arraycopy(elements, at, elements, at + 1, size - 1 - at);
    }
    elements[at] = element;
    return this;
  }

  /** With the dictionary's VR, in this set's character set, padded. Not for VRs without text form. */
  public DataSet putText(int tag, String... values) {
    return put(Values.ofTexts(tag, Dictionary.vr(tag), List.of(values), syntax, characters()));
  }

  /** With the dictionary's VR: a binary number or IS or DS. */
  public DataSet putNumbers(int tag, long... values) {
    List<String> texts = Arrays.stream(values).mapToObj(Long::toString).toList();
    return put(Values.ofTexts(tag, Dictionary.vr(tag), texts, syntax, CharacterSet.DEFAULT));
  }

  public DataSet putItems(int tag, DataSet... items) {
    return put(new Element(tag, Vr.SQ, new Value.Items(List.of(items))));
  }

  public DataSet remove(int tag) {
    int at = find(tag);
    if (at < 0) return this;
    System.arraycopy(elements, at + 1, elements, at, --size - at);
    elements[size] = null;
    if (tag == Tag.SPECIFIC_CHARACTER_SET) characters = null;
    return this;
  }

  @Override
  public Iterator<Element> iterator() {
    return Arrays.asList(elements).subList(0, size).iterator();
  }

  /** For the reader: in any order and with doubles, until {@link #settle}. */
  void append(Element element) {
    if (size == elements.length) elements = Arrays.copyOf(elements, size * 2);
    elements[size++] = element;
  }

  /** Sorts what was appended; of doubles the last stays, as with {@link #put}. */
  void settle() {
    for (int i = 1; i < size; i++)
      if (Integer.compareUnsigned(elements[i - 1].tag(), elements[i].tag()) >= 0) {
        sort();
        return;
      }
  }

  private void sort() {
    Arrays.sort(elements, 0, size, (one, other) -> Integer.compareUnsigned(one.tag(), other.tag()));
    int kept = 0;
    for (int i = 1; i < size; i++) {
      if (elements[i].tag() != elements[kept].tag()) kept++;
      elements[kept] = elements[i];
    }
    Arrays.fill(elements, kept + 1, size, null);
    size = kept + 1;
  }

  private void adopt(Element element) {
    if (element.tag() == Tag.SPECIFIC_CHARACTER_SET) characters = null;
    if (element.value() instanceof Value.Items items)
      for (DataSet item : items.items())
        item.parent = this;
  }

  private int find(int tag) {
    int low = 0;
    int high = size - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      int order = Integer.compareUnsigned(elements[middle].tag(), tag);
      if (order == 0) return middle;
      if (order < 0) low = middle + 1;
      else high = middle - 1;
    }
    return -low - 1;
  }
}

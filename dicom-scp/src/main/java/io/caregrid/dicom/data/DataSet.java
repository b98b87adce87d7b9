package io.caregrid.dicom.data;

import java.util.Iterator;
import java.util.TreeMap;

/** Elements in the order of their tags. Not for several threads while it changes. */
public final class DataSet implements Iterable<Element> {
  private final TransferSyntax syntax;
  private final TreeMap<Integer, Element> elements = new TreeMap<>(Integer::compareUnsigned);

  public DataSet(TransferSyntax syntax) {
    this.syntax = syntax;
  }

  /** How the bytes of its values are encoded. */
  public TransferSyntax syntax() {
    return syntax;
  }

  public Element get(int tag) {
    return elements.get(tag);
  }

  public DataSet put(Element element) {
    elements.put(element.tag(), element);
    return this;
  }

  @Override
  public Iterator<Element> iterator() {
    return elements.values().iterator();
  }
}

package io.caregrid.dicom.web;

import java.lang.ref.SoftReference;
import java.util.function.Supplier;

/** What was read from a file, and is read again when memory was needed for something else meanwhile: a client may take its time. One thread at a time. */
final class Again<T> {
  private final Supplier<T> reader;
  private volatile SoftReference<T> kept;

  /** @param first what {@code reader} gave */
  Again(T first, Supplier<T> reader) {
    this.reader = reader;
    kept = new SoftReference<>(first);
  }

  T get() {
    T read = kept.get();
    if (read != null) return read;
    read = reader.get();
    kept = new SoftReference<>(read);
    return read;
  }
}

package io.caregrid.analytics.lake;

import io.caregrid.analytics.lake.store.ObjectStore;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.List;

/** A store on a disk that has room for some more objects and then refuses. */
final class FullStore implements ObjectStore {
  private final ObjectStore store;
  volatile int room = Integer.MAX_VALUE;

  FullStore(ObjectStore store) {
    this.store = store;
  }

  private void take(String name) throws IOException {
    if (--room < 0) throw new FileSystemException(name, null, "No space left on device");
  }

  @Override
  public void put(String name, Path file) throws IOException {
    take(name);
    store.put(name, file);
  }

  @Override
  public void put(String name, byte[] content) throws IOException {
    take(name);
    store.put(name, content);
  }

  @Override
  public boolean putIfAbsent(String name, byte[] content) throws IOException {
    take(name);
    return store.putIfAbsent(name, content);
  }

  @Override
  public byte[] get(String name) throws IOException {
    return store.get(name);
  }

  @Override
  public byte[] get(String name, long offset, int length) throws IOException {
    return store.get(name, offset, length);
  }

  @Override
  public List<Entry> list(String prefix, String after, int max) throws IOException {
    return store.list(prefix, after, max);
  }

  @Override
  public Entry head(String name) throws IOException {
    return store.head(name);
  }

  @Override
  public void delete(String name) throws IOException {
    store.delete(name);
  }

  @Override
  public Local local(String name) throws IOException {
    return store.local(name);
  }

  @Override
  public List<Path> folders() {
    return store.folders();
  }

  @Override
  public void close() {}
}

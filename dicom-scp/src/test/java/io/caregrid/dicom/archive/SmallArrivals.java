package io.caregrid.dicom.archive;

import io.caregrid.store.ImageTags.Listed;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.util.concurrent.Executor;

/** An archive as an instance on its way sees it, for tests in which nothing is large and the disk has room. */
abstract class SmallArrivals implements Arrivals {
  final Memory memory;
  private final Collecting collecting;

  SmallArrivals(Vertx vertx, int memoryBytes) {
    memory = new Memory(memoryBytes);
    collecting = new Collecting(vertx, memory);
  }

  @Override
  public Memory memory() {
    return memory;
  }

  @Override
  public Collecting collecting() {
    return collecting;
  }

  @Override
  public long smallBytes() {
    return 1 << 20;
  }

  @Override
  public long unflushedBytes() {
    return 1 << 20;
  }

  @Override
  public long mostBytes() {
    return 1 << 30;
  }

  @Override
  public boolean isShort() {
    return false;
  }

  @Override
  public Listed tags() {
    return Listed.UNREAD;
  }

  @Override
  public long now() {
    return 1;
  }

  @Override
  public Spill spill() {
    throw new AssertionError("nothing is large here");
  }

  @Override
  public Executor inflating() {
    return Runnable::run;
  }

  @Override
  public Refused refused(IOException failed) {
    throw new AssertionError(failed);
  }
}

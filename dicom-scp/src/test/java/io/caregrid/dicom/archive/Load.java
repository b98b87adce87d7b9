package io.caregrid.dicom.archive;

import java.io.BufferedWriter;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** Several modalities that send one study's instances until their node is gone or refuses; every seventh is deleted again. It remembers what it was answered. */
final class Load {
  private final int study;
  private final int port;
  private final BufferedWriter deletions;
  private final AtomicInteger next = new AtomicInteger();
  private final Set<Integer> stored = new ConcurrentSkipListSet<>();
  private final Set<Integer> deleting = new ConcurrentSkipListSet<>();
  private final Set<Integer> deleted = new ConcurrentSkipListSet<>();
  private final List<String> failures = new CopyOnWriteArrayList<>();
  private final List<Thread> senders = new ArrayList<>();
  private volatile boolean stopped;

  /** @param deletionsOrNull takes {@code study n} to have it deleted, see {@link StoringNode#main} */
  Load(int study, int port, BufferedWriter deletionsOrNull) {
    this.study = study;
    this.port = port;
    this.deletions = deletionsOrNull;
  }

  /** Image {@code n} of a study; some go to a file of their own. */
  static byte[] image(int study, int n) {
    return Phantom.image(study, n, n % 13 == 0 ? 1_200_000 : 5_000 + 977 * (n % 40));
  }

  void start(int count) {
    stopped = false;
    for (int i = 0; i < count; i++) senders.add(new Thread(this::send, "modality-" + i));
    senders.forEach(Thread::start);
  }

  private void send() {
    try (Modality modality = new Modality(port)) {
      while (!stopped) {
        int n = next.getAndIncrement();
        int status = modality.store(Phantom.instance(study, n), image(study, n));
        if (status == 0) stored(n);
        else {
          failures.add("%d was answered %04XH".formatted(n, status));
          return;
        }
      }
    } catch (IOException gone) {
      // no answer
    }
  }

  private void stored(int n) throws IOException {
    stored.add(n);
    if (deletions == null || n % 7 != 0) return;
    deleting.add(n);
    synchronized (deletions) {
      deletions.write(study + " " + n + "\n");
      deletions.flush();
    }
  }

  /** What the node says about deletions. */
  void heard(String line) {
    if (line.startsWith("deleted ")) deleted.add(Integer.parseInt(line.substring("deleted ".length())));
    if (line.startsWith("failed ")) failures.add(line);
  }

  /** Each sender ends with its next answer. */
  void stop() {
    stopped = true;
  }

  void join() throws InterruptedException {
    for (Thread sender : senders) sender.join();
    senders.clear();
  }

  int stored() {
    return stored.size();
  }

  /** What was answered otherwise than with success. */
  List<String> failures() {
    return failures;
  }

  /** Answered 0000H, and nobody asked to delete them. */
  Set<Integer> mustBeHere() {
    Set<Integer> here = new TreeSet<>(stored);
    here.removeAll(deleting);
    return here;
  }

  /** Deleted, and that was confirmed. */
  Set<Integer> mustBeGone() {
    return deleted;
  }
}

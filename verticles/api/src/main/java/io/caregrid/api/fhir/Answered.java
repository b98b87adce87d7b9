package io.caregrid.api.fhir;

import io.caregrid.contract.Failure;

/** How much the entries of one bundle answer together: all of it is in memory before any of it goes out, beside what others are answered. Any thread. */
final class Answered {
  private final BundleRoom room;
  private final BundleRoom.Place place;
  private final long most;
  private final int[] bytes;
  private long all;

  /** @param most bytes */
  Answered(BundleRoom room, long most, int entries) {
    this.room = room;
    this.place = room.place();
    this.most = most;
    this.bytes = new int[entries];
  }

  /** False when it is too much beside the others'. An entry that is asked again, because its transaction is tried again, counts once. */
  synchronized boolean fits(int entry, Reply reply) {
    int now = reply.body() == null ? 0 : reply.body().length();
    all += now - bytes[entry];
    place.add(now - bytes[entry]);
    bytes[entry] = now;
    return all <= most;
  }

  /** Before something more is asked. TooLarge 413, Busy 503 when others take all the room there is. */
  synchronized void requireRoom() {
    if (all > most) throw tooLarge();
    room.requireSome();
  }

  /** It is answered, or nobody waits for it. */
  void leave() {
    place.leave();
  }

  Failure tooLarge() {
    return new Failure.TooLarge("the entries of this bundle answer more than " + (most >> 20)
        + " MB together: ask for less at once");
  }
}

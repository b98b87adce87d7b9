package io.caregrid.cluster;

/** The event bus addresses of the house: the only strings. */
public final class Addresses {
  /** Broadcast of {@code Live.Watch}. */
  public static final String LIVE_WATCH = "live.watch";
  /** Broadcast: the change feed has something new; carries nothing. */
  public static final String CHANGES = "store.changes";

  /** Broadcast: a mapping in the store has changed; carries nothing. */
  public static final String MAPPINGS = "store.mappings";
  /** Broadcast: extended query tags of pictures have changed; carries nothing. */
  public static final String IMAGE_TAGS = "dicom.tags";
  /** Broadcast of a target's name: an operator says that it may be told again. */
  public static final String TELL_NOW = "tell.now";

  private Addresses() {}

  /** Where the node with this id ({@code Member}) answers {@code NodeReport.Question}. */
  public static String node(String member) {
    return "node." + member;
  }

  /** Where shard n answers questions such as {@code Live.Latest}. No handler means "moving: retry, then read the store". */
  public static String shard(int n) {
    return "shard." + n;
  }
}

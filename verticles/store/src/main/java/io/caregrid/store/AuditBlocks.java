package io.caregrid.store;

import io.caregrid.contract.Failure;
import io.caregrid.store.AuditEvents.Recorded;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Predicate;

/**
 * Looks through blocks, newest first, a few at a time, until there is enough. A line that is in two blocks, since its journal was shipped again, counts once.
 *
 * <p>No block is longer than {@link AuditEvents#SPAN}: so what it may hold is known from its last id, by which it is found.
 */
final class AuditBlocks {
  private static final int AT_ONCE = 16;
  private static final int MOST_COUNTED = 1_000_000;
  private static final int COUNTS_WAITING = 8;
  private static final String COUNTS_BUSY = "Another search of the trail is being counted; try again shortly, or without _total";
  private static final Duration LONGEST = Duration.ofSeconds(25);
  private static final String WHERE = """
       from audit_block where month >= $1 and month <= $2
        and last >= $3 and last < $4 and first < $5 and ($6::uuid is null or (last, first) < ($6::uuid, $7::uuid))
        and ($8::bigint[] is null or keys && $8) and ($9::bigint[] is null or keys && $9)
        and ($10::bigint[] is null or keys && $10) and ($11::bigint[] is null or keys && $11)
        and ($12::bigint[] is null or keys && $12) and ($13::bigint[] is null or keys && $13)
        and ($14::bigint[] is null or keys && $14)""";
  private static final String SELECT = "select first, last, lines ";
  private static final String NEWEST = " order by last desc, first desc limit " + AT_ONCE;
  /** Of many blocks: the newest are looked at first, most of them have what is wanted. */
  private static final String ALONG_TIME = Database.PLANNED + SELECT + WHERE + NEWEST;
  /** Of few blocks: all that have it are found by their keys, whatever the planner thinks of the order. */
  private static final String BY_KEYS = Database.PLANNED + "with hit as materialized (" + SELECT + WHERE
      + ") select * from hit" + NEWEST;

  private static final String READ = Database.PLANNED + SELECT
      + "from audit_block where month >= $1 and month <= $2 and last >= $3 and last < $4 and first <= $3";

  private final Database database;
  /** A count keeps the ids of what it found. */
  private final Turnstile counts;

  AuditBlocks(Database database) {
    this.database = database;
    this.counts = new Turnstile(database.vertx(), 1, COUNTS_WAITING, Database.SEARCH_TURN, COUNTS_BUSY);
  }

  /** At least so many as wanted and one more, newest first, when there are. */
  Future<NavigableMap<UUID, Recorded>> search(AuditQuery query) {
    Looking looking = new Looking(query, query.after(), query.count() + 1);
    return look(looking, null).map(done -> looking.found);
  }

  /** One at a time. TooLarge 422: too many, or it took too long. Busy 503: others are being counted. */
  Future<Long> count(AuditQuery query) {
    return counts.pass(() -> {
      Looking looking = new Looking(query, null, Integer.MAX_VALUE);
      return look(looking, null).map(done -> (long) looking.counted.size());
    });
  }

  private record Cursor(UUID last, UUID first) {}

  private record Rows(List<byte[]> packed, Cursor end) {}

  private Future<Void> look(Looking looking, Cursor below) {
    if (looking.isLate())
      return Future.failedFuture(new Failure.TooLarge(
          "The search looks at too much of the trail: name a patient or an agent, or a narrower date"));
    String sql = looking.query.isSelective() ? BY_KEYS : ALONG_TIME;
    return database.search(sql, looking.query.blocks(looking.below, below == null ? null : below.last,
        below == null ? null : below.first)).map(AuditBlocks::rows).compose(rows -> {
          if (rows.packed.isEmpty()) return Future.succeededFuture();
          return database.offLoop(() -> looking.take(rows))
              .compose(enough -> enough || rows.packed.size() < AT_ONCE
                  ? Future.succeededFuture()
                  : look(looking, rows.end));
        });
  }

  private static Rows rows(RowSet<Row> found) {
    List<byte[]> packed = new ArrayList<>();
    Cursor end = null;
    for (Row row : found) {
      packed.add(row.getBuffer("lines").getBytes());
      end = new Cursor(row.getUUID("last"), row.getUUID("first"));
    }
    return new Rows(packed, end);
  }

  /** One search on its way. */
  private static final class Looking {
    private final AuditQuery query;
    private final UUID below;
    private final int enough;
    private final Predicate<Recorded> fits;
    private final Predicate<String> mayFit;
    private final long began = System.nanoTime();
    private final NavigableMap<UUID, Recorded> found = new TreeMap<>(AuditBlock.ORDER.reversed());
    private final Set<UUID> counted = new HashSet<>();

    Looking(AuditQuery query, UUID below, int enough) {
      this.query = query;
      this.below = below;
      this.enough = enough;
      this.fits = query.fits(below);
      this.mayFit = query.mayFit();
    }

    boolean isLate() {
      return System.nanoTime() - began > LONGEST.toNanos();
    }

    /** What is in no block before the end of these is newer than what is in one behind it. */
    boolean take(Rows rows) {
      for (byte[] packed : rows.packed) AuditBlock.lines(packed).forEach(this::line);
      if (counted.size() > MOST_COUNTED)
        throw new Failure.TooLarge("There are more than " + MOST_COUNTED + ": ask for a narrower date");
      return enough != Integer.MAX_VALUE && found.headMap(rows.end.last, false).size() >= enough;
    }

    private void line(byte[] line) {
      if (!mayFit.test(new String(line, StandardCharsets.UTF_8))) return;
      Recorded recorded = Recorded.of(line);
      if (!fits.test(recorded)) return;
      if (enough == Integer.MAX_VALUE) counted.add(recorded.id());
      else found.put(recorded.id(), recorded);
      if (found.size() > 2 * enough + AuditQuery.MOST) found.pollLastEntry();
    }
  }

  /** Null when there is none. */
  Future<Recorded> read(UUID id) {
    return database.search(READ, AuditQuery.around(id)).map(AuditBlocks::rows).compose(rows -> database.offLoop(() -> {
      String wanted = "{\"id\":\"" + id + "\"";
      for (byte[] packed : rows.packed) {
        for (byte[] line : AuditBlock.lines(packed)) {
          if (new String(line, StandardCharsets.UTF_8).startsWith(wanted)) return Recorded.of(line);
        }
      }
      return null;
    }));
  }
}

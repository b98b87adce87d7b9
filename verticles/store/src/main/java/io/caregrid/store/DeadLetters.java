package io.caregrid.store;

import io.caregrid.cluster.Source;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.IntFunction;

/** What could not be used, kept with why. */
public final class DeadLetters {
  private static final String KEEP = """
      insert into dead_letter (source, reason, detail, device, payload, at, headers)
      select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::timestamptz[], $7::text[])
      on conflict (source) do nothing""";
  private static final String NEWEST = "select * from dead_letter order by at desc, source desc limit $1";
  private static final String OLDER = """
      select * from dead_letter where (at, source) < (select at, source from dead_letter where source = $2)
      order by at desc, source desc limit $1""";
  /** Planned for the values it has: which of them are null makes all the difference. */
  private static final String WHERE = """
      where ($2::text is null or reason = $2) and ($3::text is null or device = $3)
        and ($4::timestamptz is null or at >= $4) and ($5::timestamptz is null or at < $5)
        and ($6::bool is null or (replayed is not null) = $6) and ($9::timestamptz is null or kept_at < $9)
        and ($10::text is null or reason <> $10)""";
  /** At least one row, and beyond that no more than so many bytes. */
  private static final String PAGE = Database.PLANNED + """
      select * from (
        select *, sum(octet_length(payload)) over places as bytes, row_number() over places as place, count(*) over () as found
        from (select * from dead_letter %s
          and ($7::text is null or (at, source) %s (select at, source from dead_letter where source = $7))
          order by at %s, source %s limit $1) as some_of_them
        window places as (order by at %s, source %s rows unbounded preceding)) as page
      where place = 1 or bytes <= $8 order by place""";
  private static final String NEWEST_FIRST = PAGE.formatted(WHERE, "<", "desc", "desc", "desc", "desc");
  private static final String OLDEST_FIRST = PAGE.formatted(WHERE, ">", "asc", "asc", "asc", "asc");
  private static final String ONE = "select * from dead_letter where source = $1";
  private static final String REPLAYED = "update dead_letter set replayed = now(), replayed_by = $2 where source = any($1)";
  private static final String BY_REASON = """
      select reason, count(*) filter (where replayed is null) as open, count(replayed) as replayed, max(at) as newest
      from dead_letter group by reason order by reason""";
  private static final String NOW = "select now() as now";
  private static final String COUNT = "select count(*) as letters from dead_letter";

  private final Database database;

  public DeadLetters(Database database) {
    this.database = database;
  }

  /** Keeps these; one that is there already stays as it is. */
  public Future<Void> keep(Caller caller, List<DeadLetter> letters) {
    return keep(database.pool(), letters).timeout(Database.PATIENCE_SECONDS, TimeUnit.SECONDS)
        .recover(Failures::recover);
  }

  /** In order of their sources, so that two who keep the same letters at once do not wait for each other in a circle. */
  static Future<Void> keep(SqlClient client, List<DeadLetter> letters) {
    if (letters.isEmpty()) return Future.succeededFuture();
    List<DeadLetter> inOrder = new ArrayList<>(letters);
    inOrder.sort(java.util.Comparator.comparing(letter -> letter.source().toString()));
    Tuple values = Tuple.tuple()
        .addValue(all(inOrder, letter -> letter.source().toString(), String[]::new))
        .addValue(all(inOrder, letter -> text(letter.reason()), String[]::new))
        .addValue(all(inOrder, letter -> text(letter.detail()), String[]::new))
        .addValue(all(inOrder, letter -> text(letter.device()), String[]::new))
        .addValue(all(inOrder, DeadLetter::payload, Buffer[]::new))
        .addValue(all(inOrder, letter -> Version.utc(letter.at()), OffsetDateTime[]::new))
        .addValue(all(inOrder, DeadLetters::headers, String[]::new));
    return client.preparedQuery(KEEP).execute(values).mapEmpty();
  }

  private static <T> T[] all(List<DeadLetter> letters, Function<DeadLetter, T> column, IntFunction<T[]> array) {
    return letters.stream().map(column).toArray(array);
  }

  /** A letter is about bad input, so its own words may be bad too: PostgreSQL's text takes no NUL. The payload stays as it came. */
  private static String text(String text) {
    return text == null ? null : text.replace('\0', '\uFFFD');
  }

  private static String headers(DeadLetter letter) {
    return letter.headers().isEmpty() ? null : text(new JsonObject(new TreeMap<>(letter.headers())).encode());
  }

  /** @param more there are others behind the last of these */
  public record Letters(List<DeadLetter> letters, boolean more) {}

  /** Newest first; a page ends sooner than asked for when its payloads are more than {@code bytes}. {@link Failure.TooLarge}: too many have to be looked at. */
  public Future<Letters> newest(Caller caller, LetterQuery query, LetterQuery.Page page, long bytes) {
    return page(NEWEST_FIRST, query, page, bytes);
  }

  /** Oldest first, likewise. */
  public Future<Letters> oldest(Caller caller, LetterQuery query, LetterQuery.Page page, long bytes) {
    return page(OLDEST_FIRST, query, page, bytes);
  }

  private Future<Letters> page(String sql, LetterQuery query, LetterQuery.Page page, long bytes) {
    Tuple values = Tuple.tuple()
        .addValue(page.most())
        .addValue(query.reason())
        .addValue(query.device())
        .addValue(query.from() == null ? null : Version.utc(query.from()))
        .addValue(query.until() == null ? null : Version.utc(query.until()))
        .addValue(query.replayed())
        .addValue(page.after() == null ? null : page.after().toString())
        .addValue(bytes)
        .addValue(query.keptBefore() == null ? null : Version.utc(query.keptBefore()))
        .addValue(query.without());
    return database.search(sql, values).map(rows -> {
      List<DeadLetter> letters = new ArrayList<>();
      long found = 0;
      for (Row row : rows) {
        letters.add(letter(row));
        found = row.getLong("found");
      }
      return new Letters(letters, found == page.most() || letters.size() < found);
    }).recover(Failures::recover);
  }

  /** {@link Failure.NotFound} when it is not kept. */
  public Future<DeadLetter> one(Caller caller, String source) {
    return read(ONE, Tuple.of(source)).map(found -> {
      if (found.isEmpty()) throw new Failure.NotFound("there is no dead letter of this source");
      return found.get(0);
    });
  }

  /** They are in the log again. */
  public Future<Void> replayed(Caller caller, List<DeadLetter> letters) {
    String[] sources = letters.stream().map(letter -> letter.source().toString()).toArray(String[]::new);
    return database.ask(REPLAYED, Tuple.of(sources, caller.subject())).<Void>mapEmpty().recover(Failures::recover);
  }

  /**
   * @param open     never sent again
   * @param replayed sent again
   * @param newest   of both
   */
  public record Tally(String reason, long open, long replayed, Instant newest) {}

  /** In the order of the reasons. */
  public Future<List<Tally>> byReason(Caller caller) {
    return database.search(BY_REASON, Tuple.tuple()).map(rows -> {
      List<Tally> tallies = new ArrayList<>();
      for (Row row : rows)
        tallies.add(new Tally(row.getString("reason"), row.getLong("open"), row.getLong("replayed"),
            row.getOffsetDateTime("newest").toInstant()));
      return tallies;
    }).recover(Failures::recover);
  }

  /** By the database's clock. */
  public Future<Instant> now() {
    return database.ask(NOW, Tuple.tuple())
        .map(rows -> rows.iterator().next().getOffsetDateTime("now").toInstant())
        .recover(Failures::recover);
  }

  /** Newest first. */
  public Future<List<DeadLetter>> newest(Caller caller, int count) {
    return read(NEWEST, Tuple.of(count));
  }

  /** Newest first, those that come after {@code last} in that order: the next page. Empty when {@code last} is not kept. */
  public Future<List<DeadLetter>> older(Caller caller, int count, Source last) {
    return read(OLDER, Tuple.of(count, last.toString()));
  }

  /** How many are kept. */
  public Future<Long> count(Caller caller) {
    return database.ask(COUNT, Tuple.tuple())
        .map(rows -> rows.iterator().next().getLong("letters"))
        .recover(Failures::recover);
  }

  private Future<List<DeadLetter>> read(String sql, Tuple values) {
    return database.ask(sql, values).map(rows -> {
      List<DeadLetter> letters = new ArrayList<>();
      for (Row row : rows) letters.add(letter(row));
      return letters;
    }).recover(Failures::recover);
  }

  private static DeadLetter letter(Row row) {
    OffsetDateTime replayed = row.getOffsetDateTime("replayed");
    return new DeadLetter(source(row.getString("source")), row.getString("reason"), row.getString("detail"),
        row.getString("device"), row.getBuffer("payload"), row.getOffsetDateTime("at").toInstant(),
        headers(row.getString("headers")), replayed == null ? null : replayed.toInstant());
  }

  private static Map<String, String> headers(String json) {
    Map<String, String> headers = new HashMap<>();
    if (json != null) new JsonObject(json).forEach(one -> headers.put(one.getKey(), String.valueOf(one.getValue())));
    return headers;
  }

  /** From {@link Source#toString}: topic id, partition, offset, index. */
  public static Source source(String text) {
    String[] parts = text.split(":");
    if (parts.length != 4) throw new Failure.Invalid("A source is written topic:partition:offset:index");
    try {
      return new Source(UUID.fromString(parts[0]), Integer.parseInt(parts[1]), Long.parseLong(parts[2]),
          Integer.parseInt(parts[3]));
    } catch (IllegalArgumentException wrong) {
      throw new Failure.Invalid("A source is written topic:partition:offset:index");
    }
  }
}

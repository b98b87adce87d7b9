package io.caregrid.store;

import io.caregrid.cluster.Source;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.IntFunction;

/** What could not be used, kept with why. */
public final class DeadLetters {
  private static final String KEEP = """
      insert into dead_letter (source, reason, detail, device, payload, at)
      select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::timestamptz[]) on conflict (source) do nothing""";
  private static final String NEWEST = "select * from dead_letter order by at desc, source desc limit $1";
  private static final String OLDER = """
      select * from dead_letter where (at, source) < (select at, source from dead_letter where source = $2)
      order by at desc, source desc limit $1""";
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
        .addValue(all(inOrder, letter -> Version.utc(letter.at()), OffsetDateTime[]::new));
    return client.preparedQuery(KEEP).execute(values).mapEmpty();
  }

  private static <T> T[] all(List<DeadLetter> letters, Function<DeadLetter, T> column, IntFunction<T[]> array) {
    return letters.stream().map(column).toArray(array);
  }

  /** A letter is about bad input, so its own words may be bad too: PostgreSQL's text takes no NUL. The payload stays as it came. */
  private static String text(String text) {
    return text == null ? null : text.replace('\0', '\uFFFD');
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
    return new DeadLetter(source(row.getString("source")), row.getString("reason"), row.getString("detail"),
        row.getString("device"),
        row.getBuffer("payload"), row.getOffsetDateTime("at").toInstant());
  }

  /** From {@link Source#toString}: topic id, partition, offset, index. */
  private static Source source(String text) {
    String[] parts = text.split(":");
    if (parts.length != 4) throw new Failure.Invalid("A source is written topic:partition:offset:index");
    return new Source(UUID.fromString(parts[0]), Integer.parseInt(parts[1]), Long.parseLong(parts[2]),
        Integer.parseInt(parts[3]));
  }
}

package io.caregrid.analytics.lake.table;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DuckTest {
  @TempDir
  Path folder;

  @Test
  @Tag("full")
  void rowsWiderThanMemoryAreCopiedAndNoneIsLost() throws IOException {
    copied(20, 50, 9_400);
  }

  @Test
  @Tag("full")
  void someRowsOfTwentyMegabytesAreCopiedAndNoneIsLost() throws IOException {
    copied(14, 1, 640_000);
  }

  @Test
  void whatFitsIntoMemoryComesInTheOrderThatIsAskedFor() throws IOException {
    try (Duck duck = new Duck(folder)) {
      List<Path> files = List.of(file(duck, 0, 3, 10), file(duck, 3, 2, 10));
      Path out = folder.resolve("out.parquet");
      duck.copy("select * from " + Duck.parquet(files), files, "lake_sid desc", out);

      assertEquals(List.of(4L, 3L, 2L, 1L, 0L),
          duck.list("select lake_sid from " + Duck.parquet(List.of(out)), row -> row.getLong(1)));
    }
  }

  /** @param words of 32 random letters in each row */
  private void copied(int files, int rows, int words) throws IOException {
    try (Duck duck = new Duck(folder)) {
      List<Path> inputs = new ArrayList<>();
      for (int i = 0; i < files; i++) inputs.add(file(duck, i * rows, rows, words));
      Path out = folder.resolve("out.parquet");
      duck.copy("select * from " + Duck.parquet(inputs), inputs, "lake_sid", out);

      String sums = "select count(*) || ' ' || sum(lake_sid) || ' ' || sum(length(wide)) || ' ' || bit_xor(hash(wide)) from ";
      assertEquals(duck.list(sums + Duck.parquet(inputs), row -> row.getString(1)),
          duck.list(sums + Duck.parquet(List.of(out)), row -> row.getString(1)));
    }
  }

  private Path file(Duck duck, int first, int rows, int words) throws IOException {
    Path file = folder.resolve(first + ".parquet");
    duck.run("set preserve_insertion_order = false");
    duck.run("copy (select r::bigint as lake_sid, (select string_agg(md5((r * 1000000 + w)::varchar), '') from range("
        + words + ") t(w)) as wide from range(" + first + ", " + (first + rows) + ") s(r)) to " + Duck.text(file)
        + " (format parquet, compression zstd)");
    duck.run("set preserve_insertion_order = true");
    return file;
  }
}

package io.caregrid.dicom.archive;

import static io.caregrid.dicom.Await.get;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.cluster.DicomConfig;
import io.caregrid.dicom.archive.Incoming.Outcome;
import io.caregrid.dicom.archive.RecordHeader.State;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.store.ImageIndex.Located;
import io.caregrid.store.ImageQuery.Level;
import io.caregrid.store.ImageTags.Wanted;
import io.caregrid.store.Schema;
import io.vertx.core.Future;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What a start finds that it cannot settle costs neither the start nor the rest, and is there for the next one. */
@ExtendWith(Engines.class)
@Tag("full")
class RecoveryIT {
  private DatabaseConfig database;
  private Vault vault;

  @BeforeEach
  void open(LocalPostgres postgres, @TempDir Path folder) {
    database = Vault.database(postgres,
        postgres.createDatabase(Schema.on(postgres.host(), postgres.port(), postgres.user(), postgres.password())));
    vault = new Vault(database, folder.resolve("dicom"), DicomConfig.DEFAULT, 4 << 20);
  }

  @AfterEach
  void close() {
    vault.close();
  }

  @Test
  void aFileThatCannotBeReadStopsNoStartAndIsLookedAtByALaterOne() throws IOException {
    for (int n = 0; n < 4; n++) vault.store(Phantom.image(1, n, n % 2 == 0 ? 20_000 : 1_500_000));
    Path lost = vault.folder.resolve(vault.instances(1).get(1).file());
    vault.archive.close();
    forgetAll();
    Files.move(lost, lost.resolveSibling("aside"));
    Files.createDirectory(lost);

    vault.open();

    assertEquals(instances(0, 2, 3), here());
    assertEquals(Outcome.STORED, vault.store(Phantom.image(1, 4, 20_000)).outcome());
    assertEquals(List.of(name(lost) + " at 0: cannot be read"), verify().first());
    vault.reopen();
    vault.archive.close();
    Files.delete(lost);
    Files.move(lost.resolveSibling("aside"), lost);
    vault.open();
    assertEquals(instances(0, 1, 2, 3, 4), here());
    assertEquals(List.of(), verify().first());
  }

  @Test
  void aRecordThatTheDatabaseRefusesStaysAndStopsNoStart() throws IOException {
    for (int n = 0; n < 3; n++) vault.store(Phantom.image(1, n, 20_000));
    Located refused = vault.instances(1).get(1);
    vault.archive.close();
    forgetAll();
    vault.sql("alter table image_instance add constraint bad check (instance <> '" + refused.instance() + "')");

    vault.open();

    assertEquals(instances(0, 2), here());
    assertEquals(List.of(refused.file() + " at " + refused.offset() + ": the file has an instance, the index has not"),
        verify().first());
    vault.sql("alter table image_instance drop constraint bad");
    vault.reopen();
    assertEquals(instances(0, 1, 2), here());
    Located now = get(vault.index.files().at(refused.instance()));
    assertArrayEquals(Phantom.image(1, 1, 20_000), vault.read(now));
    assertEquals(List.of(), verify().first());
  }

  @Test
  void aHeaderThatClaimsWhatOthersOwnCostsThemNothing() throws IOException {
    for (int n = 0; n < 3; n++) vault.store(Phantom.image(1, n, 20_000));
    List<Located> found = vault.instances(1);
    vault.archive.close();
    vault.sql("delete from image_instance where instance = '" + found.get(0).instance() + "'");
    startOver();
    Path file = vault.folder.resolve(found.get(0).file());
    try (Segment segment = Segment.write(file)) {
      long all = segment.end() - found.get(0).offset();
      segment.writeHeader(new RecordHeader(State.LIVE, all, 1, 1), found.get(0).offset() - RecordHeader.BYTES);
    }
    long size = Files.size(file);

    vault.open();

    assertEquals(size, Files.size(file));
    for (int n : new int[] {1, 2}) assertArrayEquals(Phantom.image(1, n, 20_000), vault.read(found.get(n)));
    assertTrue(verify().problems() > 0);
  }

  @Test
  void wholeRecordsBehindATornPlaceAreNotCutOff() throws IOException {
    for (int n = 0; n < 3; n++) vault.store(Phantom.image(1, n, 20_000));
    List<Located> found = vault.instances(1);
    vault.archive.close();
    vault.sql("delete from image_instance where instance <> '" + found.get(0).instance() + "'");
    startOver();
    Path file = vault.folder.resolve(found.get(0).file());
    try (Segment segment = Segment.write(file)) {
      segment.zero(found.get(1).offset() - RecordHeader.BYTES, 4);
    }
    long size = Files.size(file);

    vault.open();

    assertEquals(size, Files.size(file));
    assertArrayEquals(Phantom.image(1, 0, 20_000), vault.read(found.get(0)));
  }

  @Test
  void whatWasDeletedButCouldNotBeErasedIsNotTakenForNew() throws IOException {
    for (int n = 0; n < 2; n++) vault.store(Phantom.image(1, n, 20_000));
    Located deleted = vault.instances(1).get(0);
    vault.archive.close();
    vault.sql("delete from image_instance where instance = '" + deleted.instance() + "'");
    // of another length: nobody can say whose bytes these are, and they stay
    vault.sql("insert into image_garbage (node, file, pos, length) values ('" + deleted.node() + "', '"
        + deleted.file() + "', " + deleted.offset() + ", " + (deleted.length() - 2) + ")");
    startOver();

    vault.open();

    assertEquals(instances(1), here());
  }

  @Test
  void anErasureThatFailsInOneFileStopsNeitherTheOthersNorTheStart() throws IOException {
    byte[] small = Phantom.image(1, 2, 20_000);
    vault.store(Phantom.image(1, 1, 1_500_000));
    vault.store(small);
    vault.store(Phantom.image(1, 3, 20_000));
    List<Located> found = vault.instances(1);
    Path lost = vault.folder.resolve(found.get(0).file());
    Files.delete(lost);
    Files.createDirectory(lost);

    for (int n : new int[] {1, 2})
      get(vault.archive.delete(Vault.CALLER, Phantom.study(1), null, Phantom.instance(1, n)));
    get(vault.archive.keepNow());

    try (Segment segment = Segment.read(vault.folder.resolve(found.get(1).file()))) {
      assertEquals(State.DEAD, segment.header(found.get(1).offset() - RecordHeader.BYTES).state());
    }
    vault.reopen();
    assertEquals(instances(3), here());
  }

  @Test
  void aRebuildGoesOnBehindWhatItCannotReadAndWhatTheDatabaseRefuses(LocalPostgres postgres) throws IOException {
    for (int n = 0; n < 5; n++) vault.store(Phantom.image(1, n, n < 3 ? 20_000 : 1_500_000));
    List<Located> found = vault.instances(1);
    vault.archive.close();
    Path lost = vault.folder.resolve(found.get(3).file());
    Files.delete(lost);
    Files.createDirectory(lost);

    try (
        Vault other = new Vault(
            Vault.database(postgres,
                postgres
                    .createDatabase(Schema.on(postgres.host(), postgres.port(), postgres.user(), postgres.password()))),
            vault.folder.resolveSibling("other"), DicomConfig.DEFAULT, 4 << 20)) {
      other.sql("alter table image_instance add constraint bad check (instance <> '" + Phantom.instance(1, 1) + "')");
      Report report = Rebuild.run(vault.folder, other.index, (bytes, all) -> {});

      assertEquals(List.of(found.get(1).file() + " at " + found.get(1).offset() + ": the index refuses it",
          name(lost) + " at 0: cannot be read"), report.first());
      assertEquals(instances(0, 2, 4), other.instances(1).stream().map(Located::instance).sorted().toList());
    }
    vault.open();
  }

  @Test
  void aRebuildReadsTheExtendedQueryTagsWithTheFiles() throws IOException {
    get(vault.index.tags().add(List.of(new Wanted("00180050", "DS", Level.INSTANCE, null))));
    for (int n = 0; n < 2; n++) vault.store(Phantom.file(Phantom.attributes(1, n).putText(0x00180050, "2.5")));
    vault.archive.close();

    Rebuild.run(vault.folder, vault.index, (bytes, all) -> {});

    assertEquals(2, vault.sql("select from image_tag_value where number = 2.5").size());
    assertEquals(0, vault.sql("select from image_tag_due").size());
    vault.open();
  }

  @Test
  void noFileIsRemovedBecauseTheIndexWasLostOrIsOlderThanTheFiles() throws IOException {
    for (int n = 0; n < 30; n++) vault.store(Phantom.image(1, n, 20_000));
    vault.store(Phantom.image(1, 30, 1_500_000));
    List<String> files = Shelf.files(vault.folder);
    vault.archive.close();
    vault.sql("delete from image_instance where instance <> '" + Phantom.instance(1, 3) + "'");

    vault.open();
    for (int again = 0; again < 3; again++) get(vault.archive.keepNow());
    assertTrue(Shelf.files(vault.folder).containsAll(files));
    vault.archive.close();
    Rebuild.run(vault.folder, vault.index, (bytes, all) -> {});
    vault.open();

    assertEquals(31, vault.instances(1).size());
    for (Located each : vault.instances(1)) assertTrue(vault.read(each).length > 0);
    assertEquals(List.of(), verify().first());
  }

  @Test
  void aStartThatFailsLeavesEverythingToTheNext() throws IOException {
    for (int n = 0; n < 3; n++) vault.store(Phantom.image(1, n, n < 2 ? 20_000 : 1_500_000));
    vault.archive.close();
    forgetAll();
    vault.sql("alter table image_instance rename to away");

    assertThrows(RuntimeException.class, vault::open);
    vault.sql("alter table away rename to image_instance");
    vault.open();

    assertEquals(instances(0, 1, 2), here());
  }

  @Test
  void aCompactionThatFailsCostsNoLaterStartMoreThanItsOwnFile() throws IOException {
    for (int n = 0; n < 30; n++) vault.store(Phantom.image(2, n, 200_000));
    for (int n = 0; n < 30; n++)
      if (n % 3 != 0) get(vault.index.remove(Phantom.study(2), null, Phantom.instance(2, n)));
    int before = Shelf.files(vault.folder).size();
    vault.sql("alter table image_instance add constraint stays check (file <= '"
        + Shelf.files(vault.folder).get(before - 1) + "')");
    get(vault.archive.keepNow());
    String target = Shelf.files(vault.folder).get(Shelf.files(vault.folder).size() - 1);
    assertEquals(before + 1, Shelf.files(vault.folder).size());
    try (Segment segment = Segment.read(vault.folder.resolve(target))) {
      List<Segment.Kept> copies = segment.scan().records();
      assertTrue(copies.size() > 1);
      for (Segment.Kept each : copies.subList(1, copies.size())) assertEquals(State.DEAD, each.header().state());
    }
    vault.sql("alter table image_instance drop constraint stays");
    vault.archive.close();

    String[] numbers = Files.readString(vault.folder.resolve("w0/numbers")).strip().split(" ");
    assertTrue(Long.parseLong(numbers[0]) > Shelf.number(target), String.join(" ", numbers));
    assertEquals(List.of(String.valueOf(Shelf.number(target))), List.of(numbers).subList(2, numbers.length));
    vault.open();
    for (int again = 0; again < 3; again++) get(vault.archive.keepNow());
    assertEquals(10, vault.instances(2).size());
    assertEquals(List.of(), verify().first());
  }

  @Test
  void whatWasDeletedBeforeAStartIsErasedAfterIt() throws IOException {
    for (int n = 0; n < 3; n++) vault.store(Phantom.image(1, n, 20_000));
    Located deleted = vault.instances(1).get(0);
    vault.archive.close();
    get(vault.index.remove(Phantom.study(1), null, deleted.instance()));
    startOver();

    vault.open();
    get(vault.archive.keepNow());

    assertEquals(instances(1, 2), here());
    try (Segment segment = Segment.read(vault.folder.resolve(deleted.file()))) {
      assertEquals(State.DEAD, segment.header(deleted.offset() - RecordHeader.BYTES).state());
    }
    String[] numbers = Files.readString(vault.folder.resolve("w0/numbers")).strip().split(" ");
    assertEquals(2, numbers.length, "no file is in doubt for what is yet to be erased");
  }

  @Test
  void whatIsDamagedIsNotSaidToBeDeleted() throws IOException {
    for (int n = 0; n < 2; n++) vault.store(Phantom.image(1, n, n == 0 ? 20_000 : 1_500_000));
    List<Located> found = vault.instances(1);
    try (Segment segment = Segment.write(vault.folder.resolve(found.get(0).file()))) {
      segment.zero(found.get(0).offset() - RecordHeader.BYTES, 4);
    }
    Files.delete(vault.folder.resolve(found.get(1).file()));

    for (Located each : found)
      assertTrue(get(vault.archive.open(each)
          .<Throwable>transform(done -> Future.succeededFuture(done.cause()))) instanceof IOException);
  }

  /** As if nothing of it had been settled, and no row had come. */
  private void forgetAll() throws IOException {
    vault.sql("truncate image_instance, image_series, image_study");
    startOver();
  }

  private void startOver() throws IOException {
    Path numbers = vault.folder.resolve("w0/numbers");
    Files.writeString(numbers, "0 " + Files.readString(numbers).strip().split(" ")[1]);
  }

  private List<String> here() {
    return vault.instances(1).stream().map(Located::instance).sorted().toList();
  }

  private static List<String> instances(int... numbers) {
    return java.util.Arrays.stream(numbers).mapToObj(n -> Phantom.instance(1, n)).toList();
  }

  private String name(Path file) {
    return vault.folder.relativize(file).toString();
  }

  private Report verify() throws IOException {
    return Verification.run(vault.folder, vault.index, (bytes, all) -> {});
  }
}

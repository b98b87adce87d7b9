package io.caregrid.platform.demo;

import io.caregrid.platform.FileTrouble;
import io.caregrid.platform.StartException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/** Where the demo keeps what it has seen. A folder is only ever emptied when the demo itself made it. */
final class DataFolder {
  private static final String MARK = "caregrid-demo.txt";
  private static final String HISTORY = "history-loaded.txt";
  private static final String STUDY = "study-taken.txt";
  private static final String SENT = "study-sent.txt";
  private static final String HASH_KEY = "deidentify-key.txt";
  private static final Duration EARLIER = Duration.ofMinutes(50);
  private final Path path;

  DataFolder(Path path) {
    this.path = path.toAbsolutePath().normalize();
  }

  Path path() {
    return path;
  }

  /** Makes the folder, or checks that it is ours. */
  void prepare() {
    try {
      if (Files.exists(path) && !Files.isDirectory(path))
        throw new StartException("--data " + path + " is not a folder: name another");
      if (!isOurs() && !isEmpty())
        throw new StartException("folder " + path + " holds something else than a demo: name another with --data");
      Files.createDirectories(path);
      Files.writeString(path.resolve(MARK),
          "Data of 'caregrid demo': nobody real is in it. 'caregrid demo --fresh' empties it.\n");
    } catch (IOException failed) {
      throw new StartException(
          "folder " + path + " cannot be written: " + FileTrouble.why(failed) + ". Name another with --data",
          failed);
    }
  }

  /** Forgets everything. The caller has made sure that nobody uses the folder. */
  void empty() {
    if (!isOurs()) return;
    try (Stream<Path> all = Files.walk(path)) {
      List<Path> deepestFirst = all.sorted(Comparator.reverseOrder()).toList();
      for (Path one : deepestFirst) Files.delete(one);
    } catch (IOException failed) {
      throw new StartException("folder " + path + " cannot be emptied: " + failed, failed);
    }
  }

  boolean hasHistory() {
    return Files.exists(path.resolve(HISTORY));
  }

  void noteHistory() {
    note(HISTORY, "Hours of earlier vitals are in the log of this folder.\n");
  }

  /** Where the study lies as files, before it is sent and afterwards. */
  Path pictures() {
    return path.resolve("phantom");
  }

  /** Files of resources that are put here are loaded. */
  Path drop() {
    return path.resolve("drop");
  }

  /** By which ids of this demo's patients are hashed when they are de-identified: made once, so that what comes out goes together with what came out before. */
  String hashKey() {
    Path file = path.resolve(HASH_KEY);
    try {
      if (!Files.exists(file))
        Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      if (Files.size(file) == 0) {
        byte[] key = new byte[32];
        new SecureRandom().nextBytes(key);
        note(HASH_KEY, HexFormat.of().formatHex(key) + "\n");
      }
      return Files.readString(file).strip();
    } catch (IOException failed) {
      throw new StartException("file " + file + " cannot be read: " + FileTrouble.why(failed), failed);
    }
  }

  /** When the study was taken: a while before the first time this is asked, and ever after the same. */
  OffsetDateTime studyTime() throws IOException {
    Path taken = path.resolve(STUDY);
    if (!Files.exists(taken)) note(STUDY, OffsetDateTime.now().minus(EARLIER).truncatedTo(ChronoUnit.SECONDS) + "\n");
    return OffsetDateTime.parse(Files.readString(taken).strip());
  }

  boolean hasSentStudy() {
    return Files.exists(path.resolve(SENT));
  }

  void noteStudySent() {
    note(SENT, "The archive of this folder has the study in folder phantom.\n");
  }

  private void note(String name, String text) {
    try {
      Files.writeString(path.resolve(name), text);
    } catch (IOException failed) {
      throw new StartException("folder " + path + " cannot be written: " + FileTrouble.why(failed), failed);
    }
  }

  private boolean isOurs() {
    return Files.exists(path.resolve(MARK));
  }

  private boolean isEmpty() throws IOException {
    if (!Files.exists(path)) return true;
    try (Stream<Path> entries = Files.list(path)) {
      return entries.findAny().isEmpty();
    }
  }
}

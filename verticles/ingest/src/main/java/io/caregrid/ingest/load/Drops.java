package io.caregrid.ingest.load;

import io.caregrid.cluster.LoadConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What lies in a drop folder: which of it is whole, and what becomes of it. Blocks; one thread at a time.
 *
 * <p>No file keeps the others waiting for good: one that cannot be read, moved or sent is left where it is, and tried again after pauses that double. No link is
 * followed: whoever may write into the folder is not whoever this process is. Logs name files by a hash, since names of files are often those of patients.
 */
final class Drops {
  private static final Logger log = LoggerFactory.getLogger(Drops.class);
  static final String DONE = "done";
  static final String FAILED = "failed";
  private static final String REASON = ".reason";
  private static final String NAME = ".caregrid-folder";
  private static final int NAME_BYTES = 36;
  private static final Duration NAMED = Duration.ofSeconds(5);
  private static final int LOOKS = 3;
  private static final Duration LONGEST_PAUSE = Duration.ofMinutes(10);
  /** That nothing is asked for when the target takes nothing: by itself, and when it is asked to wait. */
  private static final Duration LONGEST_REST = Duration.ofMinutes(5);
  private static final int HASH_CHARS = 12;

  private final Path folder;
  private final LoadConfig config;
  private final Target target;
  private final Duration every;
  private final FileLoad.Watch watch;
  private final Map<Path, Seen> seen = new HashMap<>();
  private final Map<Path, Later> later = new HashMap<>();
  /** Null: the target takes files. */
  private Rest rest;

  /**
   * @param what  size, time and identity of a file
   * @param since nanoTime of the first look that saw it so
   * @param looks that saw it so
   */
  private record Seen(String what, long since, int looks) {}

  /** @param until nanoTime */
  private record Later(int times, long until) {}

  /** @param until nanoTime */
  private record Rest(int times, long until, String why) {}

  /** @param every how long from one look to the next */
  Drops(LoadConfig config, Target target, Duration every, FileLoad.Watch watch) {
    this.folder = config.folder().toAbsolutePath();
    this.config = config;
    this.target = target;
    this.every = every;
    this.watch = watch;
  }

  /** Makes what is missing. The folder's own name, the same for all nodes that see it. */
  String made() throws IOException, InterruptedException {
    for (String each : List.of(DONE, FAILED)) Files.createDirectories(folder.resolve(each));
    Path name = folder.resolve(NAME);
    try {
      Files.writeString(name, UUID.randomUUID().toString(), StandardOpenOption.CREATE_NEW);
    } catch (FileAlreadyExistsException known) {
      // somebody gave it one, or is about to
    }
    long deadline = System.nanoTime() + NAMED.toNanos();
    while (true) {
      String read = name(name);
      if (read.matches("[0-9a-f-]{" + NAME_BYTES + "}")) return read;
      if (System.nanoTime() - deadline > 0)
        throw new IOException(name + " holds no UUID: stop the nodes that watch the folder, and remove that file");
      Thread.sleep(50);
    }
  }

  private static String name(Path file) throws IOException {
    try (var in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
      return new String(in.readNBytes(NAME_BYTES), StandardCharsets.ISO_8859_1);
    }
  }

  /**
   * Loads what is whole, by name. Ends early when the watch wants no more, or when the target takes nothing now: then the rounds after it load nothing for a pause
   * that doubles.
   */
  void round() throws IOException, InterruptedException {
    List<Path> ready = ready();
    if (seen.isEmpty()) rest = null; // who waited is gone
    if (rest != null && System.nanoTime() - rest.until < 0) return;
    for (Path file : ready) {
      if (!watch.isOurs() || !isLoaded(file)) break;
    }
  }

  /** Those that have been as they are for some looks and some time: longer than NFS tells the same of a file without asking (3 s). */
  private List<Path> ready() throws IOException {
    long now = System.nanoTime();
    Map<Path, Seen> found = new HashMap<>();
    List<Path> ready = new ArrayList<>();
    for (Path file : files()) {
      String what = what(file);
      if (what == null) continue;
      Seen before = seen.get(file);
      Seen is = before != null && before.what.equals(what)
          ? new Seen(what, before.since, before.looks + 1)
          : new Seen(what, now, 1);
      found.put(file, is);
      if (before != null && !before.what.equals(what)) later.remove(file);
      Later waits = later.get(file);
      boolean isQuiet = is.looks >= LOOKS && now - is.since >= every.toNanos() * 5 / 2;
      if (isQuiet && (waits == null || now - waits.until >= 0)) ready.add(file);
    }
    seen.clear();
    seen.putAll(found);
    later.keySet().retainAll(found.keySet());
    return ready;
  }

  private List<Path> files() throws IOException {
    List<Path> files = new ArrayList<>(in(folder));
    for (Path each : folders()) {
      try {
        files.addAll(in(each));
      } catch (IOException | java.io.UncheckedIOException closed) {
        log.debug("a folder in the drop folder cannot be read folder={} cause={}", named(each),
            closed.getClass().getName());
      }
    }
    return files;
  }

  private List<Path> folders() throws IOException {
    try (Stream<Path> inside = Files.list(folder)) {
      return inside.filter(each -> Files.isDirectory(each, LinkOption.NOFOLLOW_LINKS))
          .filter(each -> !Set.of(DONE, FAILED).contains(each.getFileName().toString()))
          .sorted()
          .toList();
    }
  }

  private static List<Path> in(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(each -> Files.isRegularFile(each, LinkOption.NOFOLLOW_LINKS))
          .filter(FileLoad::isOne)
          .sorted()
          .toList();
    }
  }

  /** Null: it is gone, or cannot be looked at. */
  private static String what(Path file) {
    try {
      BasicFileAttributes is = Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
      return is.size() + " " + is.lastModifiedTime() + " " + is.fileKey();
    } catch (IOException gone) {
      return null;
    }
  }

  /** False: nothing more in this round. */
  private boolean isLoaded(Path file) throws InterruptedException {
    try {
      load(file);
      later.remove(file);
      goOn();
      return true;
    } catch (FileLoad.Changed written) {
      seen.remove(file);
      log.info("file was changed while it was loaded, so it is loaded again when it is whole file={}", named(file));
      return true;
    } catch (Away away) {
      if (away.tokenless || !target.isThere()) {
        rest(file, away);
        return false;
      }
      log.warn("the target takes others but not this file, which is tried again later file={} why={}", named(file),
          away.getMessage());
      later(file, away.pause);
      goOn();
      return true;
    } catch (FileLoad.Stopped stopped) {
      return false;
    } catch (IOException | RuntimeException unusable) {
      log.warn("file cannot be loaded, it is tried again later file={} cause={}", named(file),
          unusable.getClass().getName());
      later(file, 0);
      return true;
    }
  }

  private void load(Path file)
      throws IOException, InterruptedException, Away, FileLoad.Stopped, FileLoad.Changed {
    try {
      FileLoad.Report report = new FileLoad(file, target, config.batch(), config.perSecond(), watch).run();
      log.info("file loaded file={} loaded={} rejected={}", named(file), report.loaded(), report.rejected());
      moved(file, DONE);
    } catch (Refused refused) {
      log.warn("file refused file={} why={}", named(file), refused.getMessage());
      Path there = moved(file, FAILED);
      Files.writeString(beside(there, REASON), refused.getMessage() + "\n", StandardOpenOption.CREATE_NEW);
    }
  }

  /** Told once for each cause: whoever is away for a night fills no log. */
  private void rest(Path file, Away away) {
    int times = rest == null ? 1 : rest.times + 1;
    long pause = Math.max(doubled(times, LONGEST_REST), TimeUnit.MILLISECONDS.toNanos(away.pause));
    if (rest == null || !rest.why.equals(away.getMessage()))
      log.warn("nothing is loaded from the drop folder just now, it is tried again after pauses that double file={}"
          + " why={}", named(file), away.getMessage());
    rest = new Rest(times, System.nanoTime() + pause, away.getMessage());
  }

  private void goOn() {
    if (rest != null) log.info("the drop folder is loaded again tries={}", rest.times);
    rest = null;
  }

  private long doubled(int times, Duration longest) {
    return Math.min(longest.toNanos(), every.toNanos() << Math.min(times, 20));
  }

  /** @param asked milliseconds that the target wants to be left alone with it; 0: it says nothing */
  private void later(Path file, long asked) {
    int times = later.containsKey(file) ? later.get(file).times + 1 : 1;
    long pause = Math.max(doubled(times, LONGEST_PAUSE), TimeUnit.MILLISECONDS.toNanos(asked));
    later.put(file, new Later(times, System.nanoTime() + pause));
  }

  /** With what stands beside it, under a name that nothing there has yet, nor anything that stands beside another. */
  private Path moved(Path file, String into) throws IOException {
    Path folder = this.folder.resolve(into);
    if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS))
      throw new IOException("the folder " + into + " is none, or a link");
    String name = file.getFileName().toString();
    Path there = folder.resolve(name);
    for (int n = 2; !isFree(there); n++) there = folder.resolve(n + "-" + name);
    for (String beside : List.of(Rejects.REASONS, Rejects.LINES))
      if (Files.exists(beside(file, beside), LinkOption.NOFOLLOW_LINKS))
        Files.move(beside(file, beside), beside(there, beside));
    Files.move(file, there);
    FileLoad.forget(file);
    return there;
  }

  private static boolean isFree(Path there) {
    return Stream.of("", Rejects.REASONS, Rejects.LINES, REASON)
        .noneMatch(each -> Files.exists(beside(there, each), LinkOption.NOFOLLOW_LINKS));
  }

  private static Path beside(Path file, String suffix) {
    return file.resolveSibling(file.getFileName() + suffix);
  }

  /** The first digits of the SHA-256 of its name, as {@code printf %s NAME | sha256sum} gives them. */
  static String named(Path file) {
    try {
      byte[] name = file.getFileName().toString().getBytes(StandardCharsets.UTF_8);
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(name)).substring(0, HASH_CHARS);
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}

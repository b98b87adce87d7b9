package io.caregrid.ingest.load;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/**
 * What is in a file, unpacked as it is read: nothing is ever written to the disk, so an entry's name leads nowhere. A file that unpacks to more than
 * {@value #TIMES} times its size, and more than {@value #FREE} bytes, is refused in the middle; a zip whose names point out of it, at once.
 */
final class Unpacked implements AutoCloseable {
  /** Resources as JSON become some 10 to 50 times smaller. */
  static final int TIMES = 250;
  static final long FREE = 100_000_000;
  private static final int MOST_ENTRIES = 100_000;
  private final Path file;
  private final ZipFile zip;
  private final List<Piece> pieces;
  private final long most;
  private long unpacked;

  /**
   * @param name  of the zip's entry, or null
   * @param lines NDJSON; else one JSON document
   */
  record Piece(String name, boolean lines, ZipEntry entry) {}

  Unpacked(Path file) throws IOException, Refused {
    this.file = file;
    Object found = key(file);
    this.most = Math.max(FREE, TIMES * Files.size(file));
    if (!name(file).endsWith(".zip")) {
      zip = null;
      pieces = List.of(new Piece(null, isLines(plain(name(file))), null));
      return;
    }
    try {
      zip = new ZipFile(file.toFile());
    } catch (ZipException damaged) {
      throw new Refused("it is no zip file, or a damaged one");
    }
    try {
      if (!Objects.equals(found, key(file))) throw new Refused("another file took its place as it was opened");
      pieces = entries();
    } catch (Refused refused) {
      zip.close();
      throw refused;
    }
  }

  /** What tells it from another file. */
  private static Object key(Path file) throws IOException, Refused {
    BasicFileAttributes is = Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    if (!is.isRegularFile()) throw new Refused("it is no file, but a link or something else");
    return is.fileKey();
  }

  /** Whether its name says that it can be loaded. */
  static boolean isOne(Path file) {
    String name = name(file);
    return name.endsWith(".zip") || plain(name).matches(".+\\.(ndjson|jsonl|json)");
  }

  private static String name(Path file) {
    return file.getFileName().toString().toLowerCase(Locale.ROOT);
  }

  private static String plain(String name) {
    return name.endsWith(".gz") ? name.substring(0, name.length() - 3) : name;
  }

  private static boolean isLines(String name) throws Refused {
    if (name.endsWith(".ndjson") || name.endsWith(".jsonl")) return true;
    if (name.endsWith(".json")) return false;
    throw new Refused("its name does not say what it is: .json, .ndjson, .jsonl, each also with .gz, or .zip");
  }

  private List<Piece> entries() throws Refused {
    if (zip.size() > MOST_ENTRIES) throw new Refused("the zip has more than " + MOST_ENTRIES + " entries");
    List<Piece> found = new ArrayList<>();
    for (ZipEntry entry : Collections.list(zip.entries())) {
      String name = entry.getName();
      if (leadsOut(name))
        throw new Refused("the zip has an entry whose name leads out of it, so whoever made it meant no good");
      if (entry.isDirectory()) continue;
      String lower = name.toLowerCase(Locale.ROOT);
      if (lower.matches(".*\\.(ndjson|jsonl|json)")) found.add(new Piece(name, isLines(lower), entry));
      else
        if (lower.matches(".*\\.(zip|gz)"))
          throw new Refused("the zip holds packed files: unpack them first");
    }
    return found;
  }

  private static boolean leadsOut(String name) {
    return name.startsWith("/") || name.contains("\\") || name.matches("[A-Za-z]:.*") || name.indexOf('\0') >= 0
        || List.of(name.split("/")).contains("..");
  }

  List<Piece> pieces() {
    return pieces;
  }

  /** The piece from its beginning, unzipped. */
  InputStream open(Piece piece) throws IOException {
    if (piece.entry() != null) return new Bounded(zip.getInputStream(piece.entry()));
    InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS);
    byte[] magic = in.readNBytes(2);
    boolean zipped = magic.length == 2 && (magic[0] & 0xff) == 0x1f && (magic[1] & 0xff) == 0x8b;
    in.close();
    InputStream again = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS);
    return zipped ? new Bounded(new GZIPInputStream(again, 1 << 16)) : again;
  }

  /** It unpacks to too much. */
  static final class Bomb extends IOException {
    private static final long serialVersionUID = 1;

    Bomb(long most) {
      super("it unpacks to more than " + most + " bytes, " + TIMES + " times its size");
    }
  }

  private final class Bounded extends FilterInputStream {
    Bounded(InputStream in) {
      super(in);
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] into, int from, int count) throws IOException {
      int read = in.read(into, from, count);
      if (read > 0 && (unpacked += read) > most) throw new Bomb(most);
      return read;
    }

    @Override
    public long skip(long count) throws IOException {
      return Math.max(0, read(new byte[(int) Math.min(count, 1 << 16)]));
    }
  }

  @Override
  public void close() throws IOException {
    if (zip != null) zip.close();
  }
}

package io.caregrid.ingest.load;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DatabindException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * How far a file is loaded, kept beside it in {@code NAME.progress}.
 *
 * @param size     of the file, bytes, and
 * @param modified when it was changed, milliseconds since 1970: another file under its name begins anew
 * @param target   where it went
 * @param piece    of a zip, counted from 0; 0 of anything else
 * @param offset   byte of the unpacked piece behind the last line that was answered for
 * @param line     its number, from 1; 0 before the first
 * @param loaded   resources that the target took
 * @param rejected lines or documents it did not
 * @param reasons  bytes of {@code NAME.rejected}
 * @param lines    bytes of {@code NAME.rejected.ndjson}
 * @param doubtful a bundle is under way that may not be sent twice
 */
record Place(long size, long modified, String target, int piece, long offset, long line, long loaded, long rejected,
    long reasons, long lines, boolean doubtful) {

  static final String SUFFIX = ".progress";
  private static final int LONGEST = 1 << 16;
  private static final ObjectMapper JSON = new ObjectMapper();

  Place {
    if (piece < 0 || offset < 0 || line < 0 || reasons < 0 || lines < 0)
      throw new IllegalArgumentException("a place before the beginning");
  }

  static Place start(Path file, String target) throws IOException {
    return new Place(Files.size(file), Files.getLastModifiedTime(file).toMillis(), target, 0, 0, 0, 0, 0, 0, 0, false);
  }

  /** Of another file, or to another target, is no place of this one. */
  static Place of(Path file, String target) throws IOException {
    Place start = start(file, target);
    if (!Files.isRegularFile(beside(file), LinkOption.NOFOLLOW_LINKS)) return start;
    try (InputStream in = Files.newInputStream(beside(file), LinkOption.NOFOLLOW_LINKS)) {
      Place kept = JSON.readValue(in.readNBytes(LONGEST), Place.class);
      return kept != null && target.equals(kept.target) && kept.isOf(file) ? kept : start;
    } catch (NoSuchFileException first) {
      return start;
    } catch (DatabindException damaged) {
      return start;
    } catch (JsonProcessingException damaged) {
      return start;
    }
  }

  /** Whether the file is still the one whose place this is. */
  boolean isOf(Path file) throws IOException {
    return size == Files.size(file) && modified == Files.getLastModifiedTime(file).toMillis();
  }

  /** On the disk when it returns: the old one or the new one, never half of it. A link that lies under its name is followed nowhere. */
  void keep(Path file) throws IOException {
    Path written = file.resolveSibling(file.getFileName() + SUFFIX + ".new");
    Files.deleteIfExists(written);
    try (FileChannel out = FileChannel.open(written, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      out.write(ByteBuffer.wrap(JSON.writeValueAsBytes(this)));
      out.force(true);
    }
    Files.move(written, beside(file), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    try (FileChannel folder = FileChannel.open(written.toAbsolutePath().getParent(), StandardOpenOption.READ)) {
      folder.force(true);
    }
  }

  static void forget(Path file) throws IOException {
    Files.deleteIfExists(beside(file));
  }

  private static Path beside(Path file) {
    return file.resolveSibling(file.getFileName() + SUFFIX);
  }

  Place after(long end, long number, int taken, int refused, Rejects rejects) throws IOException {
    return new Place(size, modified, target, piece, end, number, loaded + taken, rejected + refused,
        rejects.reasonsBytes(),
        rejects.linesBytes(), false);
  }

  Place doubted() {
    return new Place(size, modified, target, piece, offset, line, loaded, rejected, reasons, lines, true);
  }

  Place nextPiece() {
    return new Place(size, modified, target, piece + 1, 0, 0, loaded, rejected, reasons, lines, false);
  }
}

package io.caregrid.ingest.load;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * What was not loaded of a file, beside it: the lines as they were in {@code NAME.rejected.ndjson}, to be mended and loaded again, and in {@code NAME.rejected} a
 * line of JSON for each of them that says why: {@code {"piece","line","status","why","kept"}}. Both are made with the first line that goes there. They hold
 * patients' data, as the file does.
 */
final class Rejects implements AutoCloseable {
  static final String REASONS = ".rejected";
  static final String LINES = ".rejected.ndjson";
  private static final ObjectMapper JSON = new ObjectMapper();
  private final Path reasonsFile;
  private final Path linesFile;
  private FileChannel reasons;
  private FileChannel lines;

  /** Cuts off what was written behind that place. */
  Rejects(Path file, Place from) throws IOException {
    reasonsFile = file.resolveSibling(file.getFileName() + REASONS);
    linesFile = file.resolveSibling(file.getFileName() + LINES);
    if (from.reasons() == 0) Files.deleteIfExists(reasonsFile);
    if (from.lines() == 0) Files.deleteIfExists(linesFile);
    if (from.reasons() > 0 && Files.exists(reasonsFile, LinkOption.NOFOLLOW_LINKS))
      reasons = again(reasonsFile, from.reasons());
    if (from.lines() > 0 && Files.exists(linesFile, LinkOption.NOFOLLOW_LINKS)) lines = again(linesFile, from.lines());
  }

  private static FileChannel anew(Path file) throws IOException {
    return FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
  }

  /** @throws IOException also when it is a link: it may lead to whatever this process may write */
  private static FileChannel again(Path file, long length) throws IOException {
    FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
    channel.truncate(length);
    channel.position(channel.size());
    return channel;
  }

  /**
   * @param piece  entry of a zip, or null
   * @param status what the target said, 0 when it was not asked
   * @param raw    null when it is too large to be written once more
   */
  void add(String piece, long line, int status, String why, byte[] raw) throws IOException {
    ObjectNode reason = JSON.createObjectNode();
    if (piece != null) reason.put("piece", piece);
    reason.put("line", line).put("status", status).put("why", why).put("kept", raw != null);
    if (reasons == null) reasons = anew(reasonsFile);
    write(reasons, JSON.writeValueAsBytes(reason));
    if (raw == null) return;
    if (lines == null) lines = anew(linesFile);
    write(lines, oneLine(raw));
  }

  private static byte[] oneLine(byte[] raw) {
    byte[] line = raw.clone();
    for (int i = 0; i < line.length; i++) if (line[i] == '\n' || line[i] == '\r') line[i] = ' ';
    return line;
  }

  private static void write(FileChannel to, byte[] line) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(line.length + 1).put(line).put((byte) '\n').flip();
    while (bytes.hasRemaining()) to.write(bytes);
  }

  long reasonsBytes() throws IOException {
    return reasons == null ? 0 : reasons.size();
  }

  long linesBytes() throws IOException {
    return lines == null ? 0 : lines.size();
  }

  /** On the disk when it returns. */
  void force() throws IOException {
    if (reasons != null) reasons.force(true);
    if (lines != null) lines.force(true);
  }

  @Override
  public void close() throws IOException {
    if (reasons != null) reasons.close();
    if (lines != null) lines.close();
  }
}

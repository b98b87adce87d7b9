package io.caregrid.templates.liquid;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipInputStream;

/**
 * Reads a set's files from a folder or a zip: {@code .liquid} and {@code .json}, at most {@link #MOST_FILES} files and {@link #MOST_BYTES} bytes, counted as
 * they unfold. Names that lead out of the set are refused, symbolic links are not followed.
 */
public final class TemplateFiles {
  public static final int MOST_FILES = 10_000;
  public static final int MOST_BYTES = 32 << 20;
  private final Map<String, String> files = new TreeMap<>();
  private final String source;
  private long bytes;
  private int entries;

  private TemplateFiles(String source) {
    this.source = source;
  }

  /** Path (with {@code /}) to text. @throws ConversionException {@link ErrorCode#TEMPLATE_FOLDER_NOT_FOUND}, {@link ErrorCode#TEMPLATE_LOADING_ERROR} */
  public static Map<String, String> read(Path place) {
    TemplateFiles found = new TemplateFiles(place.toString());
    try {
      if (Files.isDirectory(place)) {
        found.folder(place);
      } else if (Files.isRegularFile(place)) {
        try (InputStream stream = Files.newInputStream(place)) {
          found.zip(stream);
        }
      } else {
        throw new ConversionException(ErrorCode.TEMPLATE_FOLDER_NOT_FOUND,
            "there is neither a folder nor a zip at " + place);
      }
    } catch (IOException | UncheckedIOException | IllegalArgumentException unreadable) {
      throw found.refused("it cannot be read (" + unreadable.getClass().getSimpleName() + ")");
    }
    return found.files;
  }

  /** The files under {@code folder/}, with paths from there; all files if there is no such folder. */
  public static Map<String, String> under(Map<String, String> files, String folder) {
    Map<String, String> inside = new TreeMap<>();
    files.forEach((path, text) -> {
      if (path.startsWith(folder + "/")) inside.put(path.substring(folder.length() + 1), text);
    });
    return inside.isEmpty() ? files : inside;
  }

  private void folder(Path folder) throws IOException {
    List<Path> all;
    try (Stream<Path> walk = Files.walk(folder)) {
      all = walk.filter(each -> Files.isRegularFile(each, LinkOption.NOFOLLOW_LINKS)).limit(MOST_FILES + 1L).toList();
    }
    for (Path file : all) {
      count();
      String name = folder.relativize(file).toString().replace('\\', '/');
      if (!isWanted(name)) continue;
      try (InputStream stream = Files.newInputStream(file)) {
        keep(name, stream);
      }
    }
  }

  private void zip(InputStream stream) throws IOException {
    try (ZipInputStream zip = new ZipInputStream(stream, StandardCharsets.UTF_8)) {
      ZipEntry entry = zip.getNextEntry();
      if (entry == null) throw new ZipException("no entries");
      for (; entry != null; entry = zip.getNextEntry()) {
        count();
        String name = entry.getName().replace('\\', '/');
        if (leadsOut(name)) throw refused("an entry's name leads out of it");
        if (!entry.isDirectory()) keep(name, zip);
      }
    }
  }

  private void count() {
    if (++entries > MOST_FILES) throw refused("it has more than " + MOST_FILES + " files");
  }

  private static boolean leadsOut(String name) {
    return name.startsWith("/") || name.matches("(?s)^[A-Za-z]:.*") || List.of(name.split("/")).contains("..")
        || name.indexOf('\0') >= 0;
  }

  /** Reads also what is not wanted, so that a bomb is counted whatever it is called. */
  private void keep(String name, InputStream stream) throws IOException {
    byte[] content = stream.readNBytes((int) (MOST_BYTES - bytes) + 1);
    bytes += content.length;
    if (bytes > MOST_BYTES) throw refused("it has more than " + MOST_BYTES + " bytes");
    if (!isWanted(name)) return;
    String text = new String(content, StandardCharsets.UTF_8);
    files.put(name, text.startsWith("\uFEFF") ? text.substring(1) : text);
  }

  private static boolean isWanted(String name) {
    return name.endsWith(".liquid") || name.endsWith(".json");
  }

  private ConversionException refused(String why) {
    return new ConversionException(ErrorCode.TEMPLATE_LOADING_ERROR,
        source + " is not loaded: " + why);
  }
}

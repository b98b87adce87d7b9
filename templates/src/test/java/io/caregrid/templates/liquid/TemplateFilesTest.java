package io.caregrid.templates.liquid;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TemplateFilesTest {
  @TempDir
  Path folder;

  @Test
  void folderAndZipGiveTheSameFiles() throws IOException {
    Files.createDirectories(folder.resolve("set/Hl7v2/ID"));
    Files.writeString(folder.resolve("set/Hl7v2/ID/_A.liquid"), "\uFEFFa");
    Files.writeString(folder.resolve("set/readme.txt"), "not wanted");
    Path zip = zip("Hl7v2/ID/_A.liquid", "a".getBytes(StandardCharsets.UTF_8));

    assertEquals(Map.of("Hl7v2/ID/_A.liquid", "a"), TemplateFiles.read(folder.resolve("set")));
    assertEquals(Map.of("Hl7v2/ID/_A.liquid", "a"), TemplateFiles.read(zip));
    assertEquals(Map.of("ID/_A.liquid", "a"), TemplateFiles.under(TemplateFiles.read(zip), "Hl7v2"));
  }

  @Test
  void aNameThatLeadsOutIsRefused() throws IOException {
    for (String name : new String[] {"../a.liquid", "/a.liquid", "a/../../b.liquid", "..\\a.liquid", "C:\\a.liquid"}) {
      refused(ErrorCode.TEMPLATE_LOADING_ERROR, zip(name, new byte[] {1}));
    }
  }

  @Test
  void aBombIsRefusedWhateverItIsCalled() throws IOException {
    refused(ErrorCode.TEMPLATE_LOADING_ERROR, zip("a.bin", new byte[TemplateFiles.MOST_BYTES + 1]));
    refused(ErrorCode.TEMPLATE_LOADING_ERROR, zip("a.liquid", new byte[TemplateFiles.MOST_BYTES + 1]));
  }

  @Test
  void whatIsNotThereOrNoZipIsSaid() throws IOException {
    refused(ErrorCode.TEMPLATE_FOLDER_NOT_FOUND, folder.resolve("none"));
    refused(ErrorCode.TEMPLATE_LOADING_ERROR, Files.writeString(folder.resolve("x.zip"), "no zip at all"));
  }

  @Test
  void aLinkOutOfTheFolderIsNotFollowed() throws IOException {
    Path secret = Files.writeString(folder.resolve("secret.json"), "{}");
    Files.createDirectories(folder.resolve("set"));
    Files.createSymbolicLink(folder.resolve("set/a.json"), secret);

    assertEquals(Map.of(), TemplateFiles.read(folder.resolve("set")));
  }

  @Test
  void aFolderThatMayNotBeReadIsSaid() throws IOException {
    Path closed = Files.createDirectories(folder.resolve("set/closed"));
    Assumptions.assumeTrue(closed.toFile().setReadable(false) && !Files.isReadable(closed),
        "this user reads everything");

    refused(ErrorCode.TEMPLATE_LOADING_ERROR, folder.resolve("set"));
  }

  private static void refused(ErrorCode code, Path place) {
    assertEquals(code, assertThrows(ConversionException.class, () -> TemplateFiles.read(place)).code);
  }

  private Path zip(String name, byte[] content) throws IOException {
    Path zip = folder.resolve("set.zip");
    try (OutputStream file = Files.newOutputStream(zip); ZipOutputStream out = new ZipOutputStream(file)) {
      out.putNextEntry(new ZipEntry(name));
      out.write(content);
    }
    return zip;
  }
}

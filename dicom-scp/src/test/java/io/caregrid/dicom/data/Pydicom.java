package io.caregrid.dicom.data;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Debian's python3-pydicom: its test files, and how it reads them. Tests that need it are skipped where it is missing, unless CAREGRID_STRICT. */
final class Pydicom {
  private static final String PYTHON = "/usr/bin/python3";
  private static List<Reading> readings;

  /** @param json how pydicom reads it, as {@code read.py} says; null: it cannot */
  record Reading(Path file, JsonNode json, String error) {
    String name() {
      return file.getFileName().toString();
    }

    Source source() throws IOException {
      return Source.of(ByteBuffer.wrap(Files.readAllBytes(file)));
    }
  }

  private Pydicom() {}

  static synchronized List<Reading> readings() throws IOException, InterruptedException {
    boolean there = run(List.of(PYTHON, "-c", "import pydicom")).exit == 0;
    assumeTrue(there || "true".equals(System.getenv("CAREGRID_STRICT")), "skipped: python3-pydicom is missing");
    if (readings == null) readings = read();
    return readings;
  }

  /** How it reads the files of other folders; none: its own. */
  static List<Reading> read(Path... folders) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(PYTHON, Path.of("src", "test", "resources", "pydicom", "read.py")
        .toString()));
    for (Path folder : folders)
      command.add(folder.toString());
    Output output = run(command);
    if (output.exit != 0) throw new IllegalStateException("read.py ended with " + output.exit);
    List<Reading> all = new ArrayList<>();
    for (String line : output.text.lines().toList()) {
      JsonNode said = new ObjectMapper().readTree(line);
      all.add(new Reading(Path.of(said.get("file").asText()), said.get("json"), said.path("error").asText(null)));
    }
    return List.copyOf(all);
  }

  private record Output(int exit, String text) {}

  private static Output run(List<String> command) throws IOException, InterruptedException {
    try {
      Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
      String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return new Output(process.waitFor(), text);
    } catch (IOException missing) {
      return new Output(-1, "");
    }
  }
}

package io.caregrid.dicom.web;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Programs of others that judge us. */
public final class Foreign {
  private Foreign() {}

  public static boolean runs(String... command) throws InterruptedException {
    try {
      return new ProcessBuilder(command).redirectOutput(Redirect.DISCARD)
          .redirectError(Redirect.DISCARD)
          .start()
          .waitFor() == 0;
    } catch (IOException missing) {
      return false;
    }
  }

  /**
   * To its end, however that is.
   *
   * @param folder  it runs in
   * @param printed gets what it says
   * @return its exit code
   */
  public static int run(Path folder, Path printed, long patience, TimeUnit unit, List<String> command)
      throws IOException, InterruptedException {
    Files.createDirectories(printed.toAbsolutePath().getParent());
    Process program = new ProcessBuilder(command).directory(folder.toFile())
        .redirectErrorStream(true)
        .redirectOutput(printed.toFile())
        .start();
    try {
      if (!program.waitFor(patience, unit))
        throw new IllegalStateException(command.get(0) + " takes more than " + patience + " " + unit);
      return program.exitValue();
    } finally {
      program.destroyForcibly();
    }
  }
}

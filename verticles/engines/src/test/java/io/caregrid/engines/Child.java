package io.caregrid.engines;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** A process on the class path of this one that says what it has done, a line each, and may be killed without warning. Its errors are ours. */
public final class Child {
  private static final int MOST_SECONDS = 60;

  private Child() {}

  /**
   * Blocks until it has ended. What it said after that word and before it died is read as well.
   *
   * @param options   of its JVM
   * @param isItsLast whether it is killed as soon as it has said this line; asked once for each, in order
   * @return all it said
   * @throws IOException when it says nothing more and does not end within 60 s
   */
  public static List<String> run(Class<?> main, List<String> options, Predicate<String> isItsLast, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(List.of(arguments));
    Process child = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    List<String> said = new ArrayList<>();
    try (BufferedReader out = child.inputReader()) {
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        said.add(line);
        // not by way of Process, which would close the pipe before its last words are read
        if (isItsLast.test(line)) child.toHandle().destroyForcibly();
      }
      if (!child.waitFor(MOST_SECONDS, TimeUnit.SECONDS)) throw new IOException("the child does not end");
      return said;
    } finally {
      child.destroyForcibly();
    }
  }
}

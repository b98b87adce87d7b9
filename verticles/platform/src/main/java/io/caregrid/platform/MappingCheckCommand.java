package io.caregrid.platform;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.templates.preview.Preview;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Says what is wrong with mapping files. */
@Command(name = "check", description = "Says everything that is wrong with the mapping files of a folder, with line and column.", footer = {
  "",
  "The folder holds devicecontent.json, fhirmapping.json or both; both are also held against each other.",
  "Exit code 0: they can be used. 1: they have errors, or warnings with --strict. 2: the words were wrong."})
final class MappingCheckCommand implements Callable<Integer> {
  @Parameters(paramLabel = "FOLDER", description = "Where the files are.")
  private Path folder;
  @Option(names = "--strict", description = "Warnings count as errors.")
  private boolean strict;
  @Spec
  private CommandSpec spec;

  @Override
  public Integer call() {
    MappingFolder files = new MappingFolder(folder);
    JsonNode problems = Preview.answer(files.question(), Instant.EPOCH).path("templateErrors");
    PrintWriter out = spec.commandLine().getOut();
    int errors = 0;
    for (JsonNode problem : problems) {
      out.println(files.line(problem));
      if (MappingFolder.isError(problem)) errors++;
    }
    out.println(errors + " errors, " + (problems.size() - errors) + " warnings");
    out.flush();
    return errors > 0 || strict && !problems.isEmpty() ? 1 : 0;
  }
}

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
  "The folder holds devicecontent.json and fhirmapping.json, which are also held against each other; that one is missing is a warning.",
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
    int warnings = 0;
    if (files.missing() != null) {
      out.println(folder.resolve(files.missing()) + ": warning: The file is missing; the other is checked alone.");
      warnings++;
    }
    for (JsonNode problem : problems) {
      out.println(files.line(problem));
      if (MappingFolder.isError(problem)) errors++;
      else warnings++;
    }
    out.println(errors + " errors, " + warnings + " warnings");
    out.flush();
    return errors > 0 || strict && warnings > 0 ? 1 : 0;
  }
}

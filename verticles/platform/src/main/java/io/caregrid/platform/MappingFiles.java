package io.caregrid.platform;

import io.caregrid.templates.mapping.Shipped;
import io.caregrid.templates.sets.CheckedMapping;
import io.caregrid.templates.sets.MappingMark;
import io.caregrid.templates.sets.MappingSet;
import io.caregrid.templates.sets.MappingSets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The mappings a node is started with: {@code devicecontent.json} and {@code fhirmapping.json} of the folder in setting {@code mappings} are
 * {@code default}, those in a folder below it are called as that folder is. Without the setting the ones shipped with the house are {@code default}.
 */
final class MappingFiles {
  static final String DEVICE = "devicecontent.json";
  static final String FHIR = "fhirmapping.json";
  private static final Logger log = LoggerFactory.getLogger(MappingFiles.class);

  private MappingFiles() {}

  /**
   * What does not go together is said in the log; such files are used.
   *
   * @param folder or null
   * @throws StartException when a file is missing or must not be used; names everything that is wrong with all of them
   */
  static MappingSets load(Path folder) {
    List<String> problems = new ArrayList<>();
    List<MappingSet> sets = new ArrayList<>();
    if (folder == null) {
      add(sets, problems, null, MappingSets.DEFAULT, Shipped.text("/device/vitals.json"),
          Shipped.text("/observation/vitals.json"));
    } else {
      read(sets, problems, folder, MappingSets.DEFAULT);
      for (Path below : below(folder)) read(sets, problems, below, below.getFileName().toString());
    }
    if (!problems.isEmpty()) throw new StartException(String.join("\n", problems), null);
    return new MappingSets(sets);
  }

  private static List<Path> below(Path folder) {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.filter(entry -> Files.isRegularFile(entry.resolve(DEVICE))).sorted().toList();
    } catch (IOException unreadable) {
      throw new StartException("folder " + folder + " cannot be read: " + FileTrouble.why(unreadable)
          + ". Setting 'mappings' names it", unreadable);
    }
  }

  private static void read(List<MappingSet> sets, List<String> problems, Path folder, String name) {
    String device = text(problems, folder.resolve(DEVICE));
    String fhir = text(problems, folder.resolve(FHIR));
    if (!MappingSet.isName(name) || name.equals(MappingSets.DEFAULT) && !sets.isEmpty())
      problems.add("folder " + folder + " has no name that a mapping can have");
    else
      if (device != null && fhir != null) add(sets, problems, folder, name, device, fhir);
  }

  private static String text(List<String> problems, Path file) {
    try {
      return Files.readString(file);
    } catch (NoSuchFileException missing) {
      problems.add("mapping " + file + " does not exist. Setting 'mappings' names its folder");
    } catch (IOException unreadable) {
      problems.add("mapping " + file + " cannot be read: " + FileTrouble.why(unreadable)
          + ". Setting 'mappings' names its folder");
    }
    return null;
  }

  private static void add(List<MappingSet> sets, List<String> problems, Path folder, String name, String device,
      String fhir) {
    CheckedMapping checked = CheckedMapping.of(device, fhir);
    for (String file : List.of(CheckedMapping.DEVICE, CheckedMapping.FHIR)) {
      List<String> wrong = checked.errors()
          .stream()
          .filter(error -> error.file().equals(file))
          .map(error -> error.problem().toString())
          .toList();
      if (!wrong.isEmpty())
        problems.add("mapping " + place(folder, file) + " cannot be used:\n  " + String.join("\n  ", wrong));
    }
    checked.warnings()
        .forEach(odd -> log.warn("odd in {}: {}", place(folder, odd.file()), odd.problem()));
    if (!checked.hasErrors()) sets.add(checked.under(new MappingMark(name, 0)));
  }

  private static Object place(Path folder, String file) {
    String name = file.equals(CheckedMapping.DEVICE) ? DEVICE : FHIR;
    return folder == null ? "shipped " + name : folder.resolve(name);
  }
}

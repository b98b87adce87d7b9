package io.caregrid.templates.sets;

import io.caregrid.templates.MappingProblem;
import io.caregrid.templates.MappingProblem.Severity;
import io.caregrid.templates.device.DeviceMapping;
import io.caregrid.templates.mapping.Draft;
import io.caregrid.templates.observation.FhirMapping;
import io.caregrid.templates.preview.Agreement;
import java.util.ArrayList;
import java.util.List;

/**
 * Two mapping texts, read and held against each other.
 *
 * @param deviceText what {@code device} was read from
 * @param fhirText   what {@code fhir} was read from
 * @param findings everything that is wrong or odd, the device mapping's first, each in the order of its text
 */
public record CheckedMapping(DeviceMapping device, FhirMapping fhir, String deviceText, String fhirText,
    List<Finding> findings) {
  /** @param file {@code deviceContent} or {@code fhirMapping} */
  public record Finding(String file, MappingProblem problem) {
    /** {@code deviceContent: line 3, column 5: …} */
    @Override
    public String toString() {
      return file + ": " + problem;
    }
  }

  public static final String DEVICE = "deviceContent";
  public static final String FHIR = "fhirMapping";

  /** Never throws for what is wrong with the texts. Whether the two agree is asked only when each is without errors. */
  public static CheckedMapping of(String deviceContent, String fhirMapping) {
    Draft<DeviceMapping> device = DeviceMapping.draft(deviceContent);
    Draft<FhirMapping> fhir = FhirMapping.draft(fhirMapping);
    List<Finding> findings = new ArrayList<>();
    add(findings, DEVICE, device.problems());
    add(findings, FHIR, fhir.problems());
    if (!device.hasErrors() && !fhir.hasErrors()) {
      add(findings, DEVICE, Agreement.ofDevice(device.mapping().declarations(), fhir.mapping().declarations()));
      add(findings, FHIR, Agreement.ofFhir(device.mapping().declarations(), fhir.mapping().declarations()));
    }
    return new CheckedMapping(device.mapping(), fhir.mapping(), deviceContent, fhirMapping, List.copyOf(findings));
  }

  private static void add(List<Finding> findings, String file, List<MappingProblem> problems) {
    problems.forEach(problem -> findings.add(new Finding(file, problem)));
  }

  public boolean hasErrors() {
    return findings.stream().anyMatch(finding -> finding.problem().severity() == Severity.ERROR);
  }

  /** What keeps these texts from being used. */
  public List<Finding> errors() {
    return of(Severity.ERROR);
  }

  /** What is odd, and may be meant so. */
  public List<Finding> warnings() {
    return of(Severity.WARNING);
  }

  private List<Finding> of(Severity severity) {
    return findings.stream().filter(finding -> finding.problem().severity() == severity).toList();
  }

  /** @throws IllegalStateException when there are errors: such a set is never in force */
  public MappingSet under(MappingMark mark) {
    if (hasErrors()) throw new IllegalStateException("a mapping with errors must not be used");
    return new MappingSet(mark, device, fhir, this);
  }
}

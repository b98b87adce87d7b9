package io.caregrid.contract;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Which roles there are and what each may. The built-in ones are named as in Azure Health Data Services; blanks and case do not count, so that
 * {@code FhirDataReader} and {@code FHIR Data Reader} are one.
 */
public final class Roles {
  /** What a DICOM application may that {@code dicom.callers} names without a role. */
  public static final String MODALITY = "Modality";
  public static final Roles BUILT_IN = builtIn();

  private final Map<String, Role> bySpelling;

  /** @param name as it is shown */
  public record Role(String name, Grants grants) {}

  private Roles(Map<String, Role> bySpelling) {
    this.bySpelling = bySpelling;
  }

  private static Roles builtIn() {
    Map<String, Role> roles = new LinkedHashMap<>();
    put(roles, "FHIR Data Reader", Grants.of(Access.FHIR_READ, Access.MAPPING_PREVIEW));
    put(roles, "FHIR Data Writer", Grants.of(Access.FHIR_READ, Access.FHIR_WRITE, Access.MAPPING_PREVIEW));
    put(roles, "FHIR Data Exporter", Grants.of(Access.FHIR_READ, Access.FHIR_EXPORT));
    put(roles, "FHIR De-identified Data Exporter", Grants.of(Access.FHIR_EXPORT_DEIDENTIFIED));
    put(roles, "FHIR Data Importer", Grants.of(Access.FHIR_READ, Access.FHIR_IMPORT));
    put(roles, "FHIR Data Converter", Grants.of(Access.FHIR_CONVERT));
    put(roles, "FHIR Data Contributor", Grants.of(Access.FHIR_READ, Access.FHIR_WRITE, Access.FHIR_HARD_DELETE,
        Access.FHIR_EXPORT, Access.FHIR_IMPORT, Access.FHIR_CONVERT, Access.MAPPING_PREVIEW));
    put(roles, "DICOM Data Reader", Grants.of(Access.DICOM_READ));
    put(roles, "DICOM Data Owner",
        Grants.of(Access.DICOM_READ, Access.DICOM_WRITE, Access.DICOM_DELETE, Access.DICOM_TAGS));
    put(roles, MODALITY, Grants.of(Access.DICOM_WRITE));
    put(roles, "Telemetry Sender", Grants.of(Access.TELEMETRY_SEND));
    put(roles, "Analyst", new Grants(Set.of(Access.ANALYTICS_QUERY), Set.of(Grants.EVERY_TABLE)));
    put(roles, "Operator", Grants.of(Access.MAPPING_PREVIEW, Access.OPERATE));
    put(roles, "Auditor", Grants.of(Access.AUDIT_READ));
    return new Roles(roles);
  }

  private static void put(Map<String, Role> roles, String name, Grants grants) {
    roles.put(spelling(name), new Role(name, grants));
  }

  private static String spelling(String name) {
    return name.replaceAll("[\\s_-]", "").toLowerCase(Locale.ROOT);
  }

  /** With others beside these, or in place of those with the same name. */
  public Roles with(Map<String, Grants> more) {
    Map<String, Role> roles = new LinkedHashMap<>(bySpelling);
    more.forEach((name, grants) -> put(roles, name, grants));
    return new Roles(roles);
  }

  /** In the order of their definition. */
  public List<Role> all() {
    return List.copyOf(bySpelling.values());
  }

  public Optional<Role> find(String name) {
    return Optional.ofNullable(bySpelling.get(spelling(name)));
  }

  /** What these roles allow together. A name that is no role gives nothing. */
  public Grants grants(Collection<String> names) {
    return Grants.any(names.stream().map(this::find).flatMap(Optional::stream).map(Role::grants).toList());
  }

  /** The names of the roles that give this. */
  public List<String> giving(Access access) {
    return bySpelling.values().stream().filter(role -> role.grants().may(access)).map(Role::name).toList();
  }
}

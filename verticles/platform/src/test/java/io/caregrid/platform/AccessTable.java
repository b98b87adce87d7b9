package io.caregrid.platform;

import static io.caregrid.contract.Access.ANALYTICS_QUERY;
import static io.caregrid.contract.Access.AUDIT_READ;
import static io.caregrid.contract.Access.DICOM_DELETE;
import static io.caregrid.contract.Access.DICOM_READ;
import static io.caregrid.contract.Access.DICOM_TAGS;
import static io.caregrid.contract.Access.DICOM_WRITE;
import static io.caregrid.contract.Access.FHIR_CONVERT;
import static io.caregrid.contract.Access.FHIR_EXPORT;
import static io.caregrid.contract.Access.FHIR_EXPORT_DEIDENTIFIED;
import static io.caregrid.contract.Access.FHIR_HARD_DELETE;
import static io.caregrid.contract.Access.FHIR_IMPORT;
import static io.caregrid.contract.Access.FHIR_READ;
import static io.caregrid.contract.Access.FHIR_WRITE;
import static io.caregrid.contract.Access.MAPPING_PREVIEW;
import static io.caregrid.contract.Access.OPERATE;
import static io.caregrid.contract.Access.TELEMETRY_SEND;

import io.caregrid.contract.Access;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Who may do what, written down a second time, by hand: the node must agree with it, and docs/ACCESS.md is made from it. */
final class AccessTable {
  /** Verb, path, what it asks for. TYPE is any resource type this node keeps; {@code **} any rest. A new route needs a row here. */
  private static final String ROUTES = """
      GET     /health/live                          OPEN
      HEAD    /health/live                          OPEN
      GET     /health/ready                         OPEN
      HEAD    /health/ready                         OPEN
      GET     /metrics                              OPERATE
      GET     /cluster                              OPERATE
      GET     /tell                                 OPERATE
      GET     /tell/:target/dead-letters            OPERATE
      POST    /tell/:target/dead-letters/replay     OPERATE
      POST    /tell/:target/retry                   OPERATE
      GET     /openapi.json                         OPEN
      HEAD    /openapi.json                         OPEN
      GET     /                                     OPEN
      HEAD    /                                     OPEN
      GET     /vitals                               OPEN
      HEAD    /vitals                               OPEN
      GET     /vitals/                              OPEN
      HEAD    /vitals/                              OPEN
      GET     /dead-letters                         OPEN
      HEAD    /dead-letters                         OPEN
      GET     /dead-letters/                        OPEN
      HEAD    /dead-letters/                        OPEN
      GET     /mapper                               OPEN
      HEAD    /mapper                               OPEN
      GET     /mapper/                              OPEN
      HEAD    /mapper/                              OPEN
      GET     /studies                              OPEN
      HEAD    /studies                              OPEN
      GET     /studies/                             OPEN
      HEAD    /studies/                             OPEN
      GET     /studies/viewer                       OPEN
      HEAD    /studies/viewer                       OPEN
      GET     /studies/viewer/                      OPEN
      HEAD    /studies/viewer/                      OPEN
      GET     /analytics                            OPEN
      HEAD    /analytics                            OPEN
      GET     /analytics/                           OPEN
      HEAD    /analytics/                           OPEN
      GET     /patients                             OPEN
      HEAD    /patients                             OPEN
      GET     /patients/                            OPEN
      HEAD    /patients/                            OPEN
      GET     /auth/me                              OPEN
      GET     /auth/login                           OPEN
      GET     /auth/callback                        OPEN
      POST    /auth/logout                          OPEN
      GET     **.js                                 OPEN
      HEAD    **.js                                 OPEN
      GET     **.css                                OPEN
      HEAD    **.css                                OPEN
      GET     **.svg                                OPEN
      HEAD    **.svg                                OPEN
      GET     /favicon.ico                          OPEN
      HEAD    /favicon.ico                          OPEN
      GET     /fhir                                 OPEN
      HEAD    /fhir                                 OPEN
      POST    /fhir                                 FHIR_READ
      GET     /fhir/metadata                        OPEN
      HEAD    /fhir/metadata                        OPEN
      GET     /fhir/$versions                       OPEN
      HEAD    /fhir/$versions                       OPEN
      GET     /fhir/.well-known/smart-configuration OPEN
      HEAD    /fhir/.well-known/smart-configuration OPEN
      GET     /fhir/_history                        FHIR_READ
      HEAD    /fhir/_history                        FHIR_READ
      *       /fhir/*/$*                            OPEN
      *       /fhir/$*                              OPEN
      *       /fhir/*                               OPEN
      GET     /fhir/_search                         FHIR_READ
      HEAD    /fhir/_search                         FHIR_READ
      POST    /fhir/_search                         FHIR_READ
      GET     /fhir/COMPARTMENT/:id/TYPE            FHIR_READ
      HEAD    /fhir/COMPARTMENT/:id/TYPE            FHIR_READ
      POST    /fhir/COMPARTMENT/:id/TYPE/_search    FHIR_READ
      GET     /fhir/AuditEvent                      AUDIT_READ
      HEAD    /fhir/AuditEvent                      AUDIT_READ
      GET     /fhir/AuditEvent/:id                  AUDIT_READ
      HEAD    /fhir/AuditEvent/:id                  AUDIT_READ
      GET     /fhir/TYPE                            FHIR_READ
      HEAD    /fhir/TYPE                            FHIR_READ
      POST    /fhir/TYPE                            FHIR_WRITE
      PUT     /fhir/TYPE                            FHIR_WRITE
      PATCH   /fhir/TYPE                            FHIR_WRITE
      DELETE  /fhir/TYPE                            FHIR_WRITE
      POST    /fhir/TYPE/_search                    FHIR_READ
      GET     /fhir/TYPE/:id                        FHIR_READ
      HEAD    /fhir/TYPE/:id                        FHIR_READ
      PUT     /fhir/TYPE/:id                        FHIR_WRITE
      PATCH   /fhir/TYPE/:id                        FHIR_WRITE
      DELETE  /fhir/TYPE/:id                        FHIR_WRITE
      GET     /fhir/TYPE/_history                   FHIR_READ
      HEAD    /fhir/TYPE/_history                   FHIR_READ
      GET     /fhir/TYPE/:id/_history               FHIR_READ
      HEAD    /fhir/TYPE/:id/_history               FHIR_READ
      GET     /fhir/TYPE/:id/_history/:version      FHIR_READ
      HEAD    /fhir/TYPE/:id/_history/:version      FHIR_READ
      POST    /fhir/TYPE/$validate                  FHIR_READ
      POST    /fhir/TYPE/:id/$validate              FHIR_READ
      GET     /fhir/TYPE/:id/$validate              FHIR_READ
      HEAD    /fhir/TYPE/:id/$validate              FHIR_READ
      GET     /fhir/TYPE/$everything                FHIR_READ
      HEAD    /fhir/TYPE/$everything                FHIR_READ
      POST    /fhir/TYPE/$everything                FHIR_READ
      GET     /fhir/TYPE/:id/$everything            FHIR_READ
      HEAD    /fhir/TYPE/:id/$everything            FHIR_READ
      POST    /fhir/TYPE/:id/$everything            FHIR_READ
      GET     /fhir/$meta                           FHIR_READ
      HEAD    /fhir/$meta                           FHIR_READ
      POST    /fhir/$meta                           FHIR_READ
      GET     /fhir/TYPE/$meta                      FHIR_READ
      HEAD    /fhir/TYPE/$meta                      FHIR_READ
      POST    /fhir/TYPE/$meta                      FHIR_READ
      GET     /fhir/TYPE/:id/$meta                  FHIR_READ
      HEAD    /fhir/TYPE/:id/$meta                  FHIR_READ
      POST    /fhir/TYPE/:id/$meta                  FHIR_READ
      POST    /fhir/TYPE/:id/$meta-add              FHIR_WRITE
      POST    /fhir/TYPE/:id/$meta-delete           FHIR_WRITE
      DELETE  /fhir/TYPE/:id/$purge-history         FHIR_HARD_DELETE
      POST    /fhir/$de-identify                    FHIR_EXPORT
      POST    /fhir/$convert-data                   FHIR_CONVERT
      POST    /convertToFhir                        FHIR_CONVERT
      POST    /convertToHl7v2                       FHIR_CONVERT
      GET     /health/check                         OPEN
      GET     /2024-05-01-preview/swagger.yaml      OPEN
      POST    /fhir/$viewdefinition-run             ANALYTICS_QUERY
      GET     /fhir/$export                         FHIR_EXPORT_DEIDENTIFIED
      POST    /fhir/$export                         FHIR_EXPORT_DEIDENTIFIED
      GET     /fhir/Patient/$export                 FHIR_EXPORT_DEIDENTIFIED
      POST    /fhir/Patient/$export                 FHIR_EXPORT_DEIDENTIFIED
      GET     /fhir/Group/:id/$export               FHIR_EXPORT_DEIDENTIFIED
      POST    /fhir/Group/:id/$export               FHIR_EXPORT_DEIDENTIFIED
      GET     /fhir/_operations/export/:job         FHIR_EXPORT_DEIDENTIFIED
      DELETE  /fhir/_operations/export/:job         FHIR_EXPORT_DEIDENTIFIED
      GET     /fhir/_operations/export/:job/:file   FHIR_EXPORT_DEIDENTIFIED
      POST    /ingest                               TELEMETRY_SEND
      POST    /ingest/:mapping                      TELEMETRY_SEND
      POST    /hl7                                  FHIR_WRITE
      GET     /hl7/dead-letters                     OPERATE
      DELETE  /hl7/dead-letters                     OPERATE
      POST    /hl7/dead-letters/replay              OPERATE
      GET     /hl7/dead-letters/:id                 OPERATE
      DELETE  /hl7/dead-letters/:id                 OPERATE
      POST    /hl7/dead-letters/:id/replay          OPERATE
      GET     /iomt/live                            FHIR_READ
      GET     /iomt/devices/:id/latest              FHIR_READ
      GET     /iomt/dead-letters                    OPERATE
      GET     /iomt/dead-letters/$count             OPERATE
      POST    /iomt/dead-letters/$replay            OPERATE
      GET     /iomt/messages                        OPERATE
      GET     /iomt/mappings                        OPERATE
      GET     /iomt/mappings/:name                  OPERATE
      PUT     /iomt/mappings/:name                  OPERATE
      DELETE  /iomt/mappings/:name                  OPERATE
      GET     /iomt/mappings/:name/versions         OPERATE
      GET     /iomt/mappings/:name/versions/:version OPERATE
      POST    /iomt/mappings/:name/$rollback        OPERATE
      POST    /iomt/$preview                        MAPPING_PREVIEW
      POST    /iomt/$evaluate                       MAPPING_PREVIEW
      POST    /analytics/sql                        ANALYTICS_QUERY
      GET     /analytics/tables                     ANALYTICS_QUERY
      POST    /dicom-web/studies                    DICOM_WRITE
      POST    /dicom-web/studies/:study             DICOM_WRITE
      GET     /dicom-web/**                         DICOM_READ
      DELETE  /dicom-web/studies/:study             DICOM_DELETE
      DELETE  /dicom-web/studies/:study/series/:series                                DICOM_DELETE
      DELETE  /dicom-web/studies/:study/series/:series/instances/:instance            DICOM_DELETE
      POST    /dicom-web/extendedquerytags          DICOM_TAGS
      PATCH   /dicom-web/extendedquerytags/:path    DICOM_TAGS
      DELETE  /dicom-web/extendedquerytags/:path    DICOM_TAGS
      """;

  /** What stands behind the addresses that are open and answer everybody alike. */
  private static final Map<String, String> REMARKS = Map.of("/auth/me",
      "tells a page who is signed in with its browser",
      "/auth/logout", "ends only the session of the browser that asks", "/fhir/*/$*",
      "answers only that there is no such operation",
      "/fhir/$*", "answers only that there is no such operation", "/fhir/*", "answers only that there is no such type");

  private AccessTable() {}

  record Row(String verb, String path, Access access) {
    boolean covers(String otherVerb, String otherPath) {
      if (!verb.equals(otherVerb)) return false;
      String pattern = Arrays.stream(path.split("\\*\\*", -1))
          .map(part -> Pattern.quote(part).replace("TYPE", "\\E[A-Z][A-Za-z]+\\Q"))
          .collect(Collectors.joining(".*"));
      return otherPath.matches(pattern);
    }
  }

  static List<Row> rows() {
    return ROUTES.lines()
        .map(line -> line.strip().split(" +"))
        .map(words -> new Row(words[0], words[1], Access.valueOf(words[2])))
        .toList();
  }

  /** Null when no row says. */
  static Access access(String verb, String path) {
    return rows().stream().filter(row -> row.covers(verb, path)).map(Row::access).findFirst().orElse(null);
  }

  static Map<String, Set<Access>> roles() {
    Map<String, Set<Access>> roles = new LinkedHashMap<>();
    roles.put("FHIR Data Reader", Set.of(FHIR_READ, MAPPING_PREVIEW));
    roles.put("FHIR Data Writer", Set.of(FHIR_READ, FHIR_WRITE, MAPPING_PREVIEW));
    roles.put("FHIR Data Exporter", Set.of(FHIR_READ, FHIR_EXPORT, FHIR_EXPORT_DEIDENTIFIED));
    roles.put("FHIR De-identified Data Exporter", Set.of(FHIR_EXPORT_DEIDENTIFIED));
    roles.put("FHIR Data Importer", Set.of(FHIR_READ, FHIR_IMPORT));
    roles.put("FHIR Data Converter", Set.of(FHIR_CONVERT));
    roles.put("FHIR Data Contributor",
        Set.of(FHIR_READ, FHIR_WRITE, FHIR_HARD_DELETE, FHIR_EXPORT, FHIR_EXPORT_DEIDENTIFIED, FHIR_IMPORT,
            FHIR_CONVERT, MAPPING_PREVIEW));
    roles.put("DICOM Data Reader", Set.of(DICOM_READ));
    roles.put("DICOM Data Owner", Set.of(DICOM_READ, DICOM_WRITE, DICOM_DELETE, DICOM_TAGS));
    roles.put("Modality", Set.of(DICOM_WRITE));
    roles.put("Telemetry Sender", Set.of(TELEMETRY_SEND));
    roles.put("Analyst", Set.of(ANALYTICS_QUERY));
    roles.put("Operator", Set.of(MAPPING_PREVIEW, OPERATE));
    roles.put("Auditor", Set.of(AUDIT_READ));
    return roles;
  }

  static String markdown() {
    StringBuilder text = new StringBuilder("""
        # Who may do what
        Made by `AccessIT` from its table, which it holds against every route of a running node, asked by every role: do not edit it here.

        ## Roles
        Names are those of Azure Health Data Services where it has them; `FhirDataReader` and `fhir data reader` mean the same. More roles, and what an
        issuer's own names mean here, stand in `security.roles` and `security.issuers`.

        | role | may |
        |---|---|
        """);
    roles().forEach((role, access) -> text.append("| ")
        .append(role)
        .append(" | ")
        .append(access.stream().sorted().map(one -> "`" + one + "`").collect(Collectors.joining(", ")))
        .append(" |\n"));
    text.append("\n| access | lets its bearer | roles |\n|---|---|---|\n");
    for (Access access : Access.values())
      text.append("| `")
          .append(access)
          .append("` | ")
          .append(access.meaning)
          .append(" | ")
          .append(having(access))
          .append(" |\n");
    text.append(
        "\n## Addresses\nWithout a token, or with a wrong one, everything but `OPEN` answers 401; with a token whose roles do not suffice, 403."
            + "\n`TYPE` is a resource type, `**` any rest.\n\n| verb | address | asks for |\n|---|---|---|\n");
    rows().forEach(row -> text.append("| ")
        .append(row.verb().equals("*") ? "any" : row.verb())
        .append(" | `")
        .append(row.path())
        .append("` | `")
        .append(row.access())
        .append('`')
        .append(REMARKS.containsKey(row.path()) ? ": " + REMARKS.get(row.path()) : "")
        .append(" |\n"));
    return text.toString();
  }

  private static String having(Access access) {
    if (access == Access.OPEN) return "everybody";
    return roles().entrySet()
        .stream()
        .filter(role -> role.getValue().contains(access))
        .map(Map.Entry::getKey)
        .collect(Collectors.joining(", "));
  }
}

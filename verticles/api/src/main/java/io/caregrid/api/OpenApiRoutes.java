package io.caregrid.api;

import static io.caregrid.contract.Gate.needs;

import io.caregrid.contract.Access;
import io.caregrid.contract.Gate;
import io.caregrid.contract.Routes;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * {@code GET /openapi.json}: the addresses of this node that are not FHIR's, as OpenAPI 3.0.3. Made from the table of routes, so that it names what runs and
 * nothing else; what they are for stands in {@link #WORDS}. FHIR's addresses are told by {@code /fhir/metadata}; pages for people are left out.
 */
public final class OpenApiRoutes implements Routes {
  static final String ADDRESS = "/openapi.json";
  private static final Pattern PARAMETER = Pattern.compile(":(\\w+)");
  /** Verb, path, what is sent, status and type of what is answered, words. */
  private static final String WORDS = """
      GET /health/live            -   200 application/json                        Says that this process runs.
      GET /health/ready           -   200 application/json                        Says whether this node can do its work, with each thing it needs; 503 when not.
      GET /metrics                -   200 text/plain                              Metrics in Prometheus' text format.
      GET /cluster                -   200 application/json                        The nodes of the cluster and what each of them does.
      GET /tell                   -   200 application/json                        How those are doing who are told of changes, and the rules over resources.
      GET /tell/:target/dead-letters - 200 application/json                       Changes that one of them was not told of, with why, the newest first, in pages.
      POST /tell/:target/dead-letters/replay - 200 application/json               Tells one of them again, by key, or with all=true all of them.
      POST /tell/:target/retry    -   204 -                                       Tries again now what waits for one of them.
      GET /openapi.json           -   200 application/json                        This document.
      GET /auth/me                -   200 application/json                        Who is signed in with this browser.
      GET /auth/login             -   302 -                                       Begins a sign-in at the configured OpenID provider.
      GET /auth/callback          -   302 -                                       Where the OpenID provider sends the browser back to.
      POST /auth/logout           -   200 application/json                        Ends the session of this browser.
      POST /convertToFhir         application/json 200 application/json           Converts one HL7 v2 message, C-CDA document, JSON or STU3 resource into FHIR R4, as FHIR-Converter's container does.
      POST /convertToHl7v2        application/json 200 application/json           Writes a FHIR Bundle as an HL7 v2 message, as FHIR-Converter's container does.
      GET /health/check           -   200 application/json                        Says that this node converts, as FHIR-Converter's container does.
      GET /2024-05-01-preview/swagger.yaml - 200 application/yaml                 Describes the addresses of FHIR-Converter's container.
      POST /ingest                application/json,application/x-ndjson 202 application/json   Takes messages of devices: one JSON object, an array of them, or one a line; gzip if Content-Encoding says so. 202 says that all of them are kept.
      POST /ingest/:mapping       application/json,application/x-ndjson 202 application/json   The same, normalised by the mapping of this name.
      GET /iomt/live              -   200 text/event-stream                       Readings of devices as they come, as server-sent events; with device=, of one.
      GET /iomt/devices/:id/latest -  200 application/json                        The latest readings of one device.
      GET /iomt/dead-letters      -   200 application/json                        What could not be used, newest first, with why; by reason, device, from, until, state, or one by its source; at most _count, header Link leads on.
      GET /iomt/dead-letters/$count - 200 application/json                        How many there are, by reason.
      POST /iomt/dead-letters/$replay application/json 200 application/json       Sends dead letters into the log again: one by its source, or those that reason, device, from and until name.
      GET /iomt/messages          -   200 application/json                        The newest messages of devices as they lie in the log, newest first: of one mapping, at most limit.
      GET /iomt/mappings          -   200 application/json                        The mappings in force, by name.
      GET /iomt/mappings/:name    -   200 application/json                        One of them with its texts and what is odd about them.
      PUT /iomt/mappings/:name    application/json 200 application/json           Puts one in force on all nodes: deviceContent and fhirMapping; 422 names everything that is wrong.
      DELETE /iomt/mappings/:name -   204 -                                       Removes one that no setting names.
      GET /iomt/mappings/:name/versions - 200 application/json                    Who changed it, when and why, newest first.
      GET /iomt/mappings/:name/versions/:version - 200 application/json           One version with its texts.
      POST /iomt/mappings/:name/$rollback application/json 200 application/json   Goes back to the version that is named: makes it the next one.
      POST /hl7                   x-application/hl7-v2+er7,application/hl7-v2,text/plain 200 x-application/hl7-v2+er7,application/hl7-v2,text/plain   Takes one HL7 v2 message or a batch of them, and answers its acknowledgment: 200 for AA and CA, which say that it is kept, 400 for AR and CR, 500 for AE and CE, 503 when it should be sent again.
      GET /hl7/dead-letters       -   200 application/json                        HL7 v2 messages that could not be used, with why: by control-id, sender, reason, patient, since, until; _count of them behind _after.
      GET /hl7/dead-letters/:id   -   200 application/json                        One of them with the message itself.
      POST /hl7/dead-letters/replay - 200 application/json                        Tries again those that are asked for as in the list, or with all=true all of them.
      POST /hl7/dead-letters/:id/replay - 200 application/json                    Tries one of them again.
      DELETE /hl7/dead-letters    -   200 application/json                        Removes for good those that are asked for as in the list, or with all=true all of them.
      DELETE /hl7/dead-letters/:id -  200 application/json                        Removes one of them for good.
      POST /iomt/$preview         application/json 200 application/json           Says what two mappings would make of messages, and what is wrong with them; nothing is kept.
      POST /iomt/$evaluate        application/json 200 application/json           Tries one JSONPath or JMESPath expression on one message.
      POST /analytics/sql         application/json 200 application/json,text/csv,application/vnd.apache.parquet   Runs one read-only SQL query over the lake.
      GET /analytics/tables       -   200 application/json                        The tables of the lake with their columns.
      POST /dicom-web/studies     multipart/related 200 application/dicom+json    Stores DICOM instances (STOW-RS, PS3.18 10.5).
      POST /dicom-web/studies/:study multipart/related 200 application/dicom+json  Stores DICOM instances of one study (STOW-RS, PS3.18 10.5).
      GET /dicom-web/changefeed   -   200 application/json                        What became of which instance, in order: startTime, endTime, offset, limit, includeMetadata.
      GET /dicom-web/changefeed/latest - 200 application/json                     The last entry of it; 204 when there is none.
      GET /dicom-web/extendedquerytags - 200 application/json                     By which more attributes pictures are found.
      POST /dicom-web/extendedquerytags application/json 202 application/json     Adds some, and answers the operation that indexes what is there.
      GET /dicom-web/extendedquerytags/:path - 200 application/json               One of them.
      PATCH /dicom-web/extendedquerytags/:path application/json 200 application/json   Lets it be searched by or not: queryStatus Enabled or Disabled.
      DELETE /dicom-web/extendedquerytags/:path - 204 -                           Removes one with its index.
      GET /dicom-web/extendedquerytags/:path/errors - 200 application/json        Values of it that could not be indexed.
      GET /dicom-web/operations/:operation - 200 application/json                 How far indexing has come; 202 while it goes on.
      """;
  /** The same for all below an address. */
  private static final Map<String, String> BELOW = Map.of(
      "DELETE /dicom-web", "- 204 - Removes pictures.",
      "GET /dicom-web", "- 200 application/dicom+json,multipart/related,image/jpeg,image/png "
          + "Searches or retrieves pictures (QIDO-RS and WADO-RS, PS3.18 10.4 and 10.6).");
  private final String version;
  private volatile Router mounted;
  private volatile Buffer document;

  /** @param version of this house */
  public OpenApiRoutes(String version) {
    this.version = version;
  }

  @Override
  public void mount(Router router) {
    mounted = router;
    needs(Access.OPEN, router.get(ADDRESS).method(HttpMethod.HEAD)).handler(this::answer);
  }

  private void answer(RoutingContext request) {
    if (document == null) document = document(version, Gate.table(mounted)).toBuffer();
    request.response()
        .putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
        .putHeader("X-Content-Type-Options", "nosniff")
        .putHeader(HttpHeaders.CACHE_CONTROL, "no-cache")
        .end(document)
        .onFailure(request::fail);
  }

  /** Whether a route belongs there: pages, scripts and pictures are for browsers, and FHIR has its own statement. */
  static boolean isTold(Gate.Line line) {
    String path = line.path();
    return path != null && !path.startsWith("/fhir") && words(line) != null;
  }

  static JsonObject document(String version, List<Gate.Line> table) {
    JsonObject paths = new JsonObject();
    for (Gate.Line line : table) {
      if (!isTold(line)) continue;
      String path = PARAMETER.matcher(line.path()).replaceAll("{$1}").replace("*", "{rest}");
      if (!paths.containsKey(path)) paths.put(path, new JsonObject());
      paths.getJsonObject(path).put(line.verb().toLowerCase(Locale.ROOT), operation(line));
    }
    return new JsonObject()
        .put("openapi", "3.0.3")
        .put("info", new JsonObject().put("title", "Caregrid: the addresses beside FHIR")
            .put("version", version)
            .put("description", "FHIR R4 stands at /fhir and tells of itself at /fhir/metadata."))
        .put("paths", paths)
        .put("components", new JsonObject().put("securitySchemes", new JsonObject()
            .put("bearer", new JsonObject().put("type", "http").put("scheme", "bearer").put("bearerFormat", "JWT"))));
  }

  private static JsonObject operation(Gate.Line line) {
    String[] words = words(line).split(" +", 4);
    JsonObject operation = new JsonObject()
        .put("operationId", (line.verb().toLowerCase(Locale.ROOT) + line.path()).replaceAll("[^A-Za-z0-9]+", "_"))
        .put("summary", words[3]);
    JsonArray parameters = parameters(line.path());
    if (!parameters.isEmpty()) operation.put("parameters", parameters);
    if (!words[0].equals("-")) {
      operation.put("requestBody", new JsonObject().put("required", true).put("content", content(words[0])));
    }
    JsonObject responses = new JsonObject().put(words[1], response("As asked.", words[2]));
    JsonArray security = new JsonArray();
    if (line.access() != Access.OPEN) {
      security.add(new JsonObject().put("bearer", new JsonArray()));
      responses.put("401", response("Nobody is asking: a token is missing or wrong.", "application/fhir+json"));
      responses.put("403", response("This needs " + line.access() + ", which the caller's roles do not give.",
          "application/fhir+json"));
    }
    responses.put("default", response("What went wrong, as FHIR's OperationOutcome.", "application/fhir+json"));
    return operation.put("security", security).put("responses", responses);
  }

  private static JsonArray parameters(String path) {
    JsonArray parameters = new JsonArray();
    Matcher names = PARAMETER.matcher(path.replace("*", ":rest"));
    while (names.find()) {
      parameters.add(new JsonObject().put("name", names.group(1))
          .put("in", "path")
          .put("required", true)
          .put("schema", new JsonObject().put("type", "string")));
    }
    return parameters;
  }

  private static JsonObject response(String description, String types) {
    JsonObject response = new JsonObject().put("description", description);
    return types.equals("-") ? response : response.put("content", content(types));
  }

  private static JsonObject content(String types) {
    JsonObject content = new JsonObject();
    for (String type : types.split(",")) content.put(type, new JsonObject());
    return content;
  }

  /** What is sent, status, what is answered, words; null for what is not told. */
  private static String words(Gate.Line line) {
    String route = (line.verb().equals("HEAD") ? "GET" : line.verb()) + " " + line.path() + " ";
    return WORDS.lines()
        .map(words -> words.replaceAll(" +", " "))
        .filter(words -> words.startsWith(route))
        .map(words -> words.substring(route.length()))
        .findFirst()
        .orElseGet(() -> BELOW.entrySet()
            .stream()
            .filter(below -> route.startsWith(below.getKey() + "/"))
            .map(Map.Entry::getValue)
            .collect(Collectors.collectingAndThen(Collectors.toList(), all -> all.isEmpty() ? null : all.get(0))));
  }
}

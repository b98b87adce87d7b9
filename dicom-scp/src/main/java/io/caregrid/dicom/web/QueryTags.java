package io.caregrid.dicom.web;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Failure;
import io.caregrid.contract.JsonBody;
import io.caregrid.dicom.archive.Archive;
import io.caregrid.dicom.data.Dictionary;
import io.caregrid.dicom.data.Vr;
import io.caregrid.store.ImageQuery.Level;
import io.caregrid.store.ImageTags;
import io.caregrid.store.ImageTags.Operation;
import io.caregrid.store.ImageTags.Problem;
import io.caregrid.store.ImageTags.Wanted;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;

/** Extended query tags as Microsoft's service has them: what they are called over the web, and what may be one. What they find is {@link Searches}'. */
final class QueryTags {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final List<String> JSON_TYPES = List.of("application/json");
  private static final int LARGEST = 1 << 20;
  /** Tags or errors in one answer, and when no limit is named. */
  private static final int MOST_LISTED = 200;
  private static final int USUALLY_LISTED = 100;
  private static final int FIRST_PRIVATE = 0x1000;
  private static final int LAST_META = 0x0007FFFF;
  /** LO (PS3.5 6.2). */
  private static final Pattern CREATOR = Pattern.compile("[^\\\\\\p{Cntrl}]{1,64}");
  private static final Pattern OPERATION = Pattern.compile("\\p{XDigit}{8}(-\\p{XDigit}{4}){3}-\\p{XDigit}{12}");

  private final ImageTags tags;
  private final Archive archive;
  private final Audit audit;

  QueryTags(ImageTags tags, Archive archive, Audit audit) {
    this.tags = tags;
    this.archive = archive;
    this.audit = audit;
  }

  Future<Void> list(Visit visit) {
    long limit = Changes.number(visit, "limit", 1, MOST_LISTED, USUALLY_LISTED);
    long offset = Changes.number(visit, "offset", 0, Integer.MAX_VALUE, 0);
    return tags.list()
        .map(listed -> listed.tags().stream().skip(offset).limit(limit).toList())
        .compose(page -> tags.errors(page).compose(errors -> {
          ArrayNode all = JSON.createArrayNode();
          page.forEach(tag -> all.add(shown(visit, tag, errors)));
          return send(visit, 200, all);
        }));
  }

  Future<Void> one(Visit visit) {
    return known(path(visit)).compose(tag -> send(visit, tag));
  }

  Future<Void> add(Visit visit) {
    return JsonBody.read(visit.routing().request(), JSON_TYPES, LARGEST)
        .map(QueryTags::wanted)
        .compose(wanted -> audit.around(entry(visit, wanted.stream().map(Wanted::path).toList()).asking("add"),
            () -> tags.add(wanted).compose(this::told)))
        .compose(operation -> {
          String href = visit.base() + "/operations/" + operation;
          visit.response().putHeader(HttpHeaders.LOCATION, href);
          return send(visit, 202, JSON.createObjectNode().put("id", operation.toString()).put("href", href));
        });
  }

  Future<Void> enable(Visit visit) {
    String path = path(visit);
    return JsonBody.read(visit.routing().request(), JSON_TYPES, LARGEST)
        .map(QueryTags::enabled)
        .compose(enabled -> audit.around(entry(visit, List.of(path)).asking(enabled ? "enable" : "disable"),
            () -> tags.enable(path, enabled)))
        .compose(done -> known(path))
        .compose(tag -> send(visit, tag));
  }

  Future<Void> remove(Visit visit) {
    String path = path(visit);
    return audit
        .around(entry(visit, List.of(path)).asking("remove"), () -> tags.remove(path).compose(this::told))
        .compose(gone -> visit.response().setStatusCode(204).end());
  }

  Future<Void> errors(Visit visit) {
    String path = path(visit);
    int limit = (int) Changes.number(visit, "limit", 1, MOST_LISTED, USUALLY_LISTED);
    int offset = (int) Changes.number(visit, "offset", 0, Integer.MAX_VALUE, 0);
    return known(path)
        .compose(tag -> audit.around(visit.entry(Audit.Deed.IMAGES_QUERIED), () -> tags.problems(path, limit, offset),
            (entry, found) -> entry
                .to(found.stream().map(Problem::study).distinct().map(Visit::urn).toList())))
        .compose(found -> {
          ArrayNode all = JSON.createArrayNode();
          found.forEach(one -> all.add(shown(one)));
          return send(visit, 200, all);
        });
  }

  Future<Void> operation(Visit visit) {
    String asked = visit.routing().pathParam("operation");
    if (!OPERATION.matcher(asked).matches()) throw new Failure.Invalid("an operation is called by a UUID");
    return tags.operation(UUID.fromString(asked)).compose(operation -> {
      if (operation == null) throw new Failure.NotFound("there is no such operation");
      return send(visit, operation.ended() ? 200 : 202, shown(visit, operation));
    });
  }

  /** The change is made; a node that does not hear of it at once does so within a second, and nothing is missed meanwhile. */
  private <T> Future<T> told(T made) {
    return archive.tagsChanged().transform(heard -> Future.succeededFuture(made));
  }

  private Future<ImageTags.Tag> known(String path) {
    return tags.list().map(listed -> {
      ImageTags.Tag tag = listed.at(path);
      if (tag == null) throw ImageTags.absent();
      return tag;
    });
  }

  private static Audit.Entry entry(Visit visit, List<String> paths) {
    return Audit.Entry.of(visit.caller(), Audit.Deed.IMAGE_TAGS_CHANGED, null)
        .to(paths.stream().map(path -> "urn:caregrid:image-tag:" + path).toList());
  }

  private Future<Void> send(Visit visit, ImageTags.Tag tag) {
    return tags.errors(List.of(tag)).compose(errors -> send(visit, 200, shown(visit, tag, errors)));
  }

  private static Future<Void> send(Visit visit, int status, JsonNode answer) {
    return visit.response()
        .setStatusCode(status)
        .putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
        .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
        .putHeader("X-Content-Type-Options", "nosniff")
        .end(Buffer.buffer(answer.toString()));
  }

  private static String href(Visit visit, String path) {
    return visit.base() + "/extendedquerytags/" + path;
  }

  private static ObjectNode shown(Visit visit, ImageTags.Tag tag, Map<Integer, Long> errors) {
    ObjectNode shown = JSON.createObjectNode()
        .put("path", tag.path())
        .put("vr", tag.vr())
        .put("level", tag.level().name().charAt(0) + tag.level().name().substring(1).toLowerCase(Locale.ROOT))
        .put("status", tag.ready() ? "Ready" : "Adding")
        .put("queryStatus", tag.enabled() ? "Enabled" : "Disabled");
    if (tag.creator() != null) shown.put("privateCreator", tag.creator());
    shown.putObject("errors")
        .put("count", errors.getOrDefault(tag.id(), 0L))
        .put("href", href(visit, tag.path()) + "/errors");
    if (!tag.ready())
      shown.putObject("operation")
          .put("id", tag.operation().toString())
          .put("href", visit.base() + "/operations/" + tag.operation());
    return shown;
  }

  private static ObjectNode shown(Problem problem) {
    return JSON.createObjectNode()
        .put("studyInstanceUid", problem.study())
        .put("seriesInstanceUid", problem.series())
        .put("sopInstanceUid", problem.instance())
        .put("createdTime", problem.at().toInstant().toString())
        .put("errorMessage", problem.message());
  }

  private static ObjectNode shown(Visit visit, Operation operation) {
    ObjectNode shown = JSON.createObjectNode()
        .put("operationId", operation.id().toString())
        .put("type", "reindex")
        .put("status", operation.ended() ? "succeeded" : "running")
        .put("createdTime", operation.began().toInstant().toString())
        .put("lastUpdatedTime", operation.changed().toInstant().toString())
        .put("percentComplete", operation.percent());
    ArrayNode resources = shown.putArray("resources");
    operation.paths().forEach(path -> resources.add(href(visit, path)));
    return shown;
  }

  private static String path(Visit visit) {
    return String.format("%08X", number(visit.routing().pathParam("path")));
  }

  /** A keyword of PS3.6, or eight hexadecimal digits. */
  private static int number(String path) {
    OptionalInt tag = Dictionary.tag(path);
    if (tag.isEmpty())
      throw new Failure.Invalid("a tag's path is an attribute's keyword or its eight hexadecimal digits (PS3.6)");
    return tag.getAsInt();
  }

  private static boolean enabled(Buffer body) {
    String status = json(body).path("queryStatus").asText();
    if (status.equalsIgnoreCase("Enabled")) return true;
    if (status.equalsIgnoreCase("Disabled")) return false;
    throw new Failure.Invalid("queryStatus must be Enabled or Disabled");
  }

  private static JsonNode json(Buffer body) {
    try {
      JsonNode json = JSON.readTree(body.getBytes());
      if (json != null) return json;
    } catch (IOException broken) {
      // answered below
    }
    throw new Failure.Invalid("the body must be JSON");
  }

  /** What a body asks for; Invalid 400 names what is wrong with which of them. */
  static List<Wanted> wanted(Buffer body) {
    JsonNode all = json(body);
    if (!all.isArray() || all.isEmpty())
      throw new Failure.Invalid("the body must be a list of at least one tag: [{\"path\", \"vr\", \"level\"}]");
    if (all.size() > ImageTags.MOST)
      throw new Failure.Invalid("There may be at most " + ImageTags.MOST + " extended query tags");
    List<Wanted> wanted = new ArrayList<>();
    Set<String> paths = new HashSet<>();
    for (JsonNode one : all) {
      Wanted tag = wanted(one);
      if (!paths.add(tag.path())) throw new Failure.Invalid(tag.path() + " is named twice");
      wanted.add(tag);
    }
    return wanted;
  }

  private static Wanted wanted(JsonNode one) {
    if (!one.path("path").isTextual()) throw new Failure.Invalid("a tag must have a path");
    int number = number(one.path("path").asText());
    String path = String.format("%08X", number);
    if (Integer.compareUnsigned(number, LAST_META) <= 0 || (number & 0xFFFF) == 0)
      throw new Failure.Invalid(path + " is no attribute of an instance's data set");
    if (SearchRequest.isKept(number)) throw new Failure.Invalid(path + " can be searched for anyhow");
    boolean personal = (number & 0x10000) != 0;
    return new Wanted(path, vr(path, number, text(one, "vr"), personal), level(path, text(one, "level")),
        creator(path, number, text(one, "privateCreator"), personal));
  }

  /** Null when it is not there. */
  private static String text(JsonNode one, String name) {
    JsonNode value = one.path(name);
    return value.isTextual() && !value.asText().isBlank() ? value.asText().strip() : null;
  }

  private static Level level(String path, String level) {
    for (Level each : Level.values()) if (each.name().equalsIgnoreCase(level)) return each;
    throw new Failure.Invalid(path + ": level must be Study, Series or Instance");
  }

  private static String vr(String path, int number, String asked, boolean personal) {
    boolean standard = !personal && Dictionary.keyword(number) != null;
    if (asked == null && !standard) throw new Failure.Invalid(path + " is not in PS3.6: its vr must be named");
    Vr known = standard ? Dictionary.vr(number) : null;
    String vr = asked == null ? known.name() : asked.toUpperCase(Locale.ROOT);
    // US or SS: Pixel Representation decides
    boolean fits = known == null || vr.equals(known.name()) || known == Vr.US && vr.equals("SS");
    if (!fits) throw new Failure.Invalid(path + " has VR " + known);
    if (!ImageTags.VRS.contains(vr)) throw new Failure.Invalid(path + ": no tag can have this VR");
    return vr;
  }

  /** Null for an attribute of the standard. */
  private static String creator(String path, int number, String asked, boolean personal) {
    if (!personal) {
      if (asked != null) throw new Failure.Invalid(path + " is not private: it has no privateCreator");
      return null;
    }
    if ((number & 0xFFFF) < FIRST_PRIVATE)
      throw new Failure.Invalid(path + " is where private creators stand, and no private attribute");
    if (asked == null || !CREATOR.matcher(asked).matches())
      throw new Failure.Invalid(path + " is private: its privateCreator must be named, up to 64 characters");
    return asked;
  }
}

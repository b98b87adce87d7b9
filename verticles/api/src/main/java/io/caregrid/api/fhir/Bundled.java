package io.caregrid.api.fhir;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.api.Rejected;
import io.caregrid.contract.Failure;
import io.caregrid.contract.OperationOutcome.Issue;
import io.caregrid.store.Edit;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;

/**
 * A batch or transaction bundle, read: what each of its entries asks for, or what is wrong with it. The bundle's own form is checked first, each resource by itself.
 */
final class Bundled {
  private static final Set<String> QUESTIONS = Set.of("GET", "HEAD");
  private static final String JSON_PATCH = "application/json-patch+json";

  final boolean isTransaction;
  final List<Entry> entries;

  /**
   * @param fullUrl null for none
   * @param ask     null when it is refused
   * @param refused why it cannot be done, a {@link Failure} or {@link Rejected}; else null
   */
  record Entry(int index, String fullUrl, Ask ask, Change change, RuntimeException refused) {
    boolean isQuestion() {
      return ask != null && (QUESTIONS.contains(ask.verb()) || change instanceof Change.Given);
    }

    /** Whether there is a resource afterwards that others may refer to; so it may be with one that is refused. */
    boolean isKept() {
      return !(change instanceof Change.Nothing || change instanceof Change.Given);
    }

    String place() {
      return "Bundle.entry[" + index + "]";
    }
  }

  private Bundled(boolean isTransaction, List<Entry> entries) {
    this.isTransaction = isTransaction;
    this.entries = List.copyOf(entries);
  }

  /**
   * Large ones off the event loop. Invalid 400 when it is neither batch nor transaction; {@link Rejected} 422 when its form is wrong.
   *
   * @param asked the request it came with
   */
  static Bundled read(Ask asked, ObjectNode bundle, ResourceRules rules) {
    String type = bundle.path("type").asText();
    if (!type.equals("batch") && !type.equals("transaction"))
      throw new Failure.Invalid("this address takes a Bundle of type batch or transaction", "Bundle.type");
    List<Issue> issues = rules.check(shell(bundle));
    if (!issues.isEmpty()) throw new Rejected(422, issues);
    List<Entry> entries = new ArrayList<>();
    boolean isTransaction = type.equals("transaction");
    Function<ObjectNode, List<Issue>> check = isTransaction ? rules::checkEntry : rules::check;
    for (JsonNode entry : bundle.path("entry")) entries.add(entry(asked, entries.size(), entry, rules, check));
    if (isTransaction) requireOneUrlEach(entries);
    if (isTransaction) requireMeant(entries);
    relative(asked.base(), entries, isTransaction);
    return new Bundled(isTransaction, entries);
  }

  /** What another entry of the same transaction is called stays: it will be that one's new address. */
  private static void relative(String base, List<Entry> entries, boolean isTransaction) {
    Set<String> known = new HashSet<>();
    if (isTransaction) entries.stream().map(Entry::fullUrl).filter(Objects::nonNull).forEach(known::add);
    OwnAddress own = new OwnAddress(base);
    for (Entry entry : entries)
      if (entry.change() instanceof Change.Whole whole) own.relative(whole.resource(), known);
  }

  /** The bundle without what it carries. */
  private static ObjectNode shell(ObjectNode bundle) {
    ObjectNode shell = bundle.objectNode();
    shell.setAll(bundle);
    if (!bundle.path("entry").isArray()) return shell;
    List<JsonNode> bare = new ArrayList<>();
    for (JsonNode entry : bundle.get("entry")) bare.add(entry instanceof ObjectNode object ? bare(object) : entry);
    shell.remove("entry");
    if (!bare.isEmpty()) shell.putArray("entry").addAll(bare);
    return shell;
  }

  private static ObjectNode bare(ObjectNode entry) {
    ObjectNode bare = entry.objectNode();
    bare.setAll(entry);
    bare.remove("resource");
    return bare;
  }

  /** FHIR R4 bundle.html#bundle-unique: otherwise nobody could tell which one a reference means. */
  private static void requireOneUrlEach(List<Entry> entries) {
    Set<String> urls = new HashSet<>();
    for (Entry entry : entries) {
      if (entry.fullUrl() != null && !entry.isQuestion() && !urls.add(entry.fullUrl()))
        throw new Failure.Invalid("two entries of the transaction have the same fullUrl", entry.place() + ".fullUrl");
    }
  }

  /**
   * FHIR R4 bundle.html#references: {@code urn:uuid:} means an entry that writes, by its fullUrl. What means none is refused: once it was stored nobody could tell
   * any more whom it meant. A {@code urn:oid:} may be what somebody is called for good, everywhere.
   */
  private static void requireMeant(List<Entry> entries) {
    Set<String> known = new HashSet<>();
    entries.stream().filter(Entry::isKept).map(Entry::fullUrl).filter(Objects::nonNull).forEach(known::add);
    for (Entry entry : entries)
      if (entry.change() instanceof Change.Whole whole)
        requireMeant(whole.resource(), entry.place() + ".resource", known);
  }

  /** A Bundle that is itself a resource has entries of its own. */
  private static void requireMeant(JsonNode at, String place, Set<String> known) {
    for (int i = 0; at.isArray() && i < at.size(); i++) requireMeant(at.get(i), place + "[" + i + "]", known);
    if (at.path("resourceType").asText().equals("Bundle")) return;
    for (var member : at.properties()) {
      String name = member.getKey();
      JsonNode value = member.getValue();
      if (name.equals("reference") && value.isTextual() && value.textValue().startsWith("urn:uuid:")
          && !known.contains(value.textValue()))
        throw new Failure.Invalid("a reference means an entry of the transaction that is not in it", place);
      if (value.isContainerNode()) requireMeant(value, place + "." + name, known);
    }
  }

  private static Entry entry(Ask asked, int index, JsonNode entry, ResourceRules rules,
      Function<ObjectNode, List<Issue>> check) {
    String fullUrl = entry.path("fullUrl").asText(null);
    try {
      JsonNode request = entry.path("request");
      if (request.isMissingNode())
        throw new Failure.Invalid("an entry of a batch or transaction needs request", "Bundle.entry.request");
      Ask.Terms terms = new Ask.Terms(text(request, "ifMatch"), text(request, "ifNoneMatch"),
          text(request, "ifModifiedSince"), text(request, "ifNoneExist"), asked.terms().prefer());
      Ask ask = asked.entry(request.path("method").asText(), request.path("url").asText(), terms);
      return new Entry(index, fullUrl, ask, change(ask, entry.get("resource"), rules, check), null);
    } catch (Failure | Rejected refused) {
      return new Entry(index, fullUrl, null, null, refused);
    }
  }

  private static String text(JsonNode request, String name) {
    return request.path(name).asText(null);
  }

  private static Change change(Ask ask, JsonNode resource, ResourceRules rules,
      Function<ObjectNode, List<Issue>> check) {
    if (MetaEdit.isAsked(ask)) return new Change.Part(MetaEdit.of(ask, resource, rules));
    if (ask.operation() != null) return new Change.Given(resource instanceof ObjectNode object ? object : null);
    return switch (ask.verb()) {
      case "POST", "PUT" -> new Change.Whole(whole(ask, resource, check));
      case "PATCH" -> new Change.Part(patch(ask, resource, rules));
      default -> new Change.Nothing();
    };
  }

  private static ObjectNode whole(Ask ask, JsonNode resource, Function<ObjectNode, List<Issue>> check) {
    if (!(resource instanceof ObjectNode object))
      throw new Failure.Invalid("an entry that creates or updates needs resource", "Bundle.entry.resource");
    if (ask.path().isEmpty() || !object.path("resourceType").asText().equals(ask.type()))
      throw new Failure.Invalid("resourceType is not the one of request.url", "Bundle.entry.resource");
    List<Issue> issues = check.apply(object);
    if (!issues.isEmpty()) throw new Rejected(422, issues);
    return object;
  }

  /** A FHIRPath Patch as Parameters, or a JSON Patch in a Binary. */
  private static Edit patch(Ask ask, JsonNode resource, ResourceRules rules) {
    if (resource instanceof ObjectNode binary && binary.path("resourceType").asText().equals("Binary")
        && binary.path("contentType").asText().equals(JSON_PATCH))
      return new CheckedEdit(JsonPatch.read(ResourceReader.parsed(decoded(binary), Format.JSON))::apply, rules,
          ask.base());
    if (resource instanceof ObjectNode parameters && parameters.path("resourceType").asText().equals("Parameters"))
      return new CheckedEdit(FhirPathPatch.read(parameters)::apply, rules, ask.base());
    throw new Failure.Invalid("an entry that patches needs Parameters, or a Binary of contentType " + JSON_PATCH,
        "Bundle.entry.resource");
  }

  static byte[] decoded(ObjectNode binary) {
    try {
      return Base64.getMimeDecoder().decode(binary.path("data").asText().getBytes(StandardCharsets.ISO_8859_1));
    } catch (IllegalArgumentException broken) {
      throw new Failure.Invalid("the Binary's data are not base64", "Bundle.entry.resource.data");
    }
  }
}

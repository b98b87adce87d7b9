package io.caregrid.device;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.cluster.IdentityConfig;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.store.FhirStore;
import io.caregrid.store.SearchQuery;
import io.caregrid.store.Stored;
import io.vertx.core.Future;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Finds out whose a device's readings are, before the batch and in transactions of its own, each short and safe to repeat.
 *
 * <p>Mode Lookup: the one Device with this identifier, and the Patient it is linked to; what the message says about the patient is not asked. Mode
 * Create: what is missing is made, under the ids the IoMT FHIR connector would have given (SHA-256 of {@code system_value}), so that two shards or
 * nodes that make the same thing at once make one thing. A message that names another patient than the one its device is linked to is never stored
 * on either: it is set aside as {@code patient-mismatch}.
 *
 * <p>Whom a device is linked to may depend on when a reading was taken: a DeviceUseStatement with a {@code timingPeriod} decides for its time,
 * {@code Device.patient} for all others. A Device that is linked to nobody has the link of its {@code Device.parent}, and so on upwards; its readings stay
 * its own. An encounter that the message names must be in the store, and must not be another patient's; in mode LookupWithEncounter it must be named.
 *
 * <p>Answers are remembered as {@link OwnerCache} says. Identifiers are looked up {@link #TOGETHER} at a time.
 */
public final class DeviceIdentity implements Owners {
  static final Caller CALLER = Caller.system("identity");
  private static final int TOGETHER = 50;
  private static final int PAGE = 1000;
  /** Of what has changed within half a second. */
  private static final int MOST_READ = 500;
  /** Whose identifiers messages name. */
  private static final List<String> CARRIERS = List.of("Device", "Patient", "Encounter");
  /** A channel of a module of a monitor has two parents; more than this is a mistake, such as a circle. */
  private static final int MOST_PARENTS = 4;
  /** Of a DeviceUseStatement that never was, or not yet. */
  private static final Set<String> UNUSED = Set.of("entered-in-error", "intended");
  /** FHIR R4 valueset-device-status: of one that is not said to be anything else. */
  private static final Set<String> IN_USE = Set.of("", "active");
  private static final Pattern DEVICE = Pattern.compile("Device/([A-Za-z0-9\\-.]+)");
  private static final Pattern PATIENT = Pattern.compile("Patient/([A-Za-z0-9\\-.~_#]+)");
  private static final ObjectMapper JSON = new ObjectMapper();

  private final FhirStore store;
  private final IdentityConfig config;
  private final OwnerCache cache = new OwnerCache();

  public DeviceIdentity(FhirStore store, IdentityConfig config) {
    this.store = store;
    this.config = config;
  }

  @Override
  public Future<Map<Owner.Claim, Owner>> owners(Collection<Owner.Claim> claims) {
    Map<Owner.Claim, Owner> known = new HashMap<>();
    List<Owner.Claim> asked = new ArrayList<>();
    long now = System.nanoTime();
    for (Owner.Claim claim : claims) {
      Owner owner = cache.get(claim, now);
      if (owner == null) asked.add(claim);
      else known.put(claim, owner);
    }
    Future<Void> all = Future.succeededFuture();
    for (int i = 0; i < asked.size(); i += TOGETHER) {
      List<Owner.Claim> some = asked.subList(i, Math.min(asked.size(), i + TOGETHER));
      all = all.compose(before -> find(some, known));
    }
    return all.map(known);
  }

  /** In mode Lookup the message's patient has no say. */
  @Override
  public Owner.Claim claim(String device, String patient, String encounter) {
    return new Owner.Claim(device, config.creates() ? patient : null,
        encounter == null || encounter.isBlank() ? null : encounter);
  }

  /** @param since when that began, at the latest: nothing that says whose it is, or that it is in use, has changed since then */
  public record InUse(String patient, Instant since) {}

  /** Whose a reading of now would be, of Devices that are in use and belong to one Patient, by their ids. Makes and links nothing, and remembers nothing. */
  public Future<Map<String, InUse>> patientsOf(Collection<String> devices) {
    Map<String, InUse> patients = new HashMap<>();
    List<String> ids = List.copyOf(devices);
    Future<Void> all = Future.succeededFuture();
    for (int i = 0; i < ids.size(); i += TOGETHER) {
      List<String> some = ids.subList(i, Math.min(ids.size(), i + TOGETHER));
      all = all.compose(before -> patients(some, patients));
    }
    return all.map(patients);
  }

  private Future<Void> patients(List<String> ids, Map<String, InUse> patients) {
    Map<String, List<JsonNode>> devices = new HashMap<>();
    SearchQuery query = new SearchQuery("Device", List.of(new SearchQuery.Param("_id", String.join(",", ids))), PAGE,
        "none", null);
    return pages(query, device -> devices.put(id(device), List.of(device)))
        .compose(whole -> linked(new Carriers(devices, whole), new Carriers(Map.of(), true),
            new Carriers(Map.of(), true), cache.asking()))
        .map(found -> {
          Instant now = Instant.now();
          devices.forEach((id, one) -> {
            if (!IN_USE.contains(one.get(0).path("status").asText())) return;
            Owner.Linked linked = new Owner.Linked(id, links(one.get(0), found), null, null, null);
            if (linked.at(now) instanceof Owner.Known known)
              patients.put(id, new InUse(known.identity().patient(), since(one.get(0), found, now)));
          });
          return null;
        });
  }

  /** When the newest of what says whose it is was written, or a time that is spoken of there began or ended. */
  private static Instant since(JsonNode device, Found found, Instant now) {
    Instant since = Instant.EPOCH;
    for (JsonNode one : upwards(device, found)) {
      since = later(since, changed(one));
      since = later(since, found.changed.getOrDefault(id(one), Instant.EPOCH));
      for (Owner.Use use : found.uses.getOrDefault(id(one), List.of()))
        for (Instant edge : List.of(use.from(), use.to())) if (!edge.isAfter(now)) since = later(since, edge);
    }
    return since;
  }

  private static Instant changed(JsonNode resource) {
    return Instant.parse(resource.path("meta").path("lastUpdated").asText());
  }

  private static Instant later(Instant one, Instant other) {
    return one.isAfter(other) ? one : other;
  }

  /**
   * Something has changed in the store: what was found out about it is asked anew, at once. Then what it carries is read, since it may be one more who carries
   * an identifier that was asked for; done when answers about those are forgotten too.
   *
   * @param references {@code Type/id}
   */
  public Future<Void> forget(Collection<String> references) {
    cache.forget(references);
    if (references.isEmpty()) return Future.succeededFuture();
    if (cache.isEmpty()) {
      cache.clear(); // what is being asked for may be about identifiers that they carry, which nobody reads now
      return Future.succeededFuture();
    }
    if (references.size() > MOST_READ) {
      cache.doubt(System.nanoTime());
      return Future.succeededFuture();
    }
    Set<String> carried = new HashSet<>();
    Future<Boolean> all = Future.succeededFuture(true);
    for (String type : CARRIERS) {
      List<String> ids = references.stream()
          .filter(reference -> reference.startsWith(type + "/"))
          .map(reference -> reference.substring(type.length() + 1))
          .toList();
      for (int i = 0; i < ids.size(); i += TOGETHER) {
        List<String> some = ids.subList(i, Math.min(ids.size(), i + TOGETHER));
        all = all.compose(before -> carried(type, some, carried).map(whole -> whole && before));
      }
    }
    return all.map(whole -> {
      if (whole) cache.forgetCarried(carried);
      else cache.doubt(System.nanoTime());
      return null;
    });
  }

  /** Adds the values of their identifiers. @return false: some cannot be read */
  private Future<Boolean> carried(String type, List<String> ids, Set<String> values) {
    SearchQuery query = new SearchQuery(type, List.of(new SearchQuery.Param("_id", String.join(",", ids))), PAGE,
        "none",
        null);
    return pages(query, resource -> resource.path("identifier")
        .forEach(identifier -> values.add(identifier.path("value").asText())));
  }

  /** Anything may have changed in the store. */
  public void forgetAll() {
    cache.clear();
  }

  @Override
  public String patientOf(String device) {
    return cache.patientOf(device, System.nanoTime());
  }

  /**
   * What the store says about some claims; what is made on the way is added. Each list holds the resources that carry the identifier.
   *
   * @param parents by id, and theirs
   * @param uses    by id of the Device
   * @param changed by id of the Device, when something was written last about its uses
   * @param whole   false: there are more who carry one of the identifiers, but they cannot be read
   * @param asked   {@link OwnerCache#asking} before the store was asked
   */
  private record Found(Map<String, List<JsonNode>> devices, Map<String, List<JsonNode>> patients,
      Map<String, List<JsonNode>> encounters, Map<String, JsonNode> parents, Map<String, List<Owner.Use>> uses,
      Map<String, Instant> changed, boolean whole, long asked) {
    List<JsonNode> device(Owner.Claim claim) {
      return devices.getOrDefault(claim.device(), List.of());
    }

    List<JsonNode> encounter(Owner.Claim claim) {
      return encounters.getOrDefault(claim.encounter(), List.of());
    }

    List<JsonNode> patient(Owner.Claim claim) {
      return patients.getOrDefault(claim.patient(), List.of());
    }
  }

  private Future<Void> find(List<Owner.Claim> claims, Map<Owner.Claim, Owner> known) {
    TreeSet<String> devices = new TreeSet<>();
    TreeSet<String> patients = new TreeSet<>();
    TreeSet<String> encounters = new TreeSet<>();
    long asked = cache.asking();
    for (Owner.Claim claim : claims) {
      devices.add(claim.device());
      if (named(claim)) patients.add(claim.patient());
      if (claim.encounter() != null) encounters.add(claim.encounter());
    }
    return byIdentifier("Device", config.deviceSystem(), devices)
        .compose(found -> byIdentifier("Patient", "", patients)
            .compose(named -> byIdentifier("Encounter", "", encounters)
                .compose(visits -> linked(found, named, visits, asked))))
        .compose(found -> found.whole || claims.size() == 1
            ? eachInTurn(claims.iterator(), found, known)
            : eachAlone(claims, known));
  }

  private Future<Found> linked(Carriers devices, Carriers patients, Carriers encounters, long asked) {
    Map<String, JsonNode> all = new LinkedHashMap<>();
    devices.byValue.values().forEach(carriers -> carriers.forEach(device -> all.put(id(device), device)));
    Map<String, JsonNode> parents = new HashMap<>();
    return parents(all.values(), parents, MOST_PARENTS).compose(whole -> {
      all.putAll(parents);
      return uses(all.keySet()).map(uses -> new Found(devices.byValue, patients.byValue, encounters.byValue, parents,
          uses.byDevice, uses.changed, devices.whole && patients.whole && encounters.whole && whole && uses.whole,
          asked));
    });
  }

  /** Adds the parents of these devices, and theirs. @return false: some cannot be read */
  private Future<Boolean> parents(Collection<JsonNode> devices, Map<String, JsonNode> known, int levels) {
    TreeSet<String> wanted = new TreeSet<>();
    for (JsonNode device : devices) {
      String parent = parentOf(device);
      if (parent != null && !known.containsKey(parent)) wanted.add(parent);
    }
    if (wanted.isEmpty() || levels == 0) return Future.succeededFuture(true);
    List<JsonNode> found = new ArrayList<>();
    SearchQuery query = new SearchQuery("Device", List.of(new SearchQuery.Param("_id", String.join(",", wanted))), PAGE,
        "none", null);
    return pages(query, found::add).compose(whole -> {
      found.forEach(parent -> known.put(id(parent), parent));
      return parents(found, known, levels - 1).map(rest -> rest && whole);
    });
  }

  /** @param byDevice by id of the Device; none is absent @param changed likewise, when a statement about it was written last */
  private record Uses(Map<String, List<Owner.Use>> byDevice, Map<String, Instant> changed, boolean whole) {}

  private Future<Uses> uses(Collection<String> devices) {
    if (devices.isEmpty()) return Future.succeededFuture(new Uses(Map.of(), Map.of(), true));
    String any = devices.stream().map(id -> "Device/" + id).collect(Collectors.joining(","));
    SearchQuery query = new SearchQuery("DeviceUseStatement", List.of(new SearchQuery.Param("device", any)), PAGE,
        "none", null);
    Map<String, List<Owner.Use>> uses = new HashMap<>();
    Map<String, Instant> changed = new HashMap<>();
    return pages(query, statement -> {
      Owner.Use use = use(statement);
      String device = referred(DEVICE, statement.path("device"));
      if (device != null) changed.merge(device, changed(statement), DeviceIdentity::later);
      if (use != null && device != null) uses.computeIfAbsent(device, first -> new ArrayList<>()).add(use);
    }).map(whole -> new Uses(uses, changed, whole));
  }

  /** Null when it says nothing about a time, or is no fact. */
  private static Owner.Use use(JsonNode statement) {
    String patient = referred(PATIENT, statement.path("subject"));
    JsonNode period = statement.path("timingPeriod");
    if (patient == null || !period.isObject() || UNUSED.contains(statement.path("status").asText())) return null;
    Instant from = period.has("start") ? FhirTime.begin(period.path("start").asText()) : Instant.MIN;
    Instant to = period.has("end") ? FhirTime.end(period.path("end").asText()) : Instant.MAX;
    return from == null || to == null ? null : new Owner.Use(from, to, patient);
  }

  /** To learn whose identifier the unreadable one carries. */
  private Future<Void> eachAlone(List<Owner.Claim> claims, Map<Owner.Claim, Owner> known) {
    Future<Void> all = Future.succeededFuture();
    for (Owner.Claim claim : claims) all = all.compose(before -> find(List.of(claim), known));
    return all;
  }

  private static boolean named(Owner.Claim claim) {
    return claim.patient() != null && !claim.patient().isBlank();
  }

  /** One after the other: the second claim of a device must see what the first one made. */
  private Future<Void> eachInTurn(Iterator<Owner.Claim> claims, Found found, Map<Owner.Claim, Owner> known) {
    while (claims.hasNext()) {
      Owner.Claim claim = claims.next();
      Future<Owner> owner = owner(claim, found).recover(DeviceIdentity::unstorable);
      if (owner.succeeded()) remember(claim, owner.result(), found, known);
      else return owner.compose(late -> {
        remember(claim, late, found, known);
        return eachInTurn(claims, found, known);
      });
    }
    return Future.succeededFuture();
  }

  private void remember(Owner.Claim claim, Owner owner, Found found, Map<Owner.Claim, Owner> known) {
    known.put(claim, owner);
    Set<String> from = new HashSet<>();
    for (JsonNode carrier : found.device(claim)) {
      for (JsonNode device : upwards(carrier, found)) {
        from.add("Device/" + id(device));
        if (parentOf(device) != null) from.add("Device/" + parentOf(device)); // also when it is not there yet
      }
    }
    found.patient(claim).forEach(patient -> from.add("Patient/" + id(patient)));
    found.encounter(claim).forEach(encounter -> from.add("Encounter/" + id(encounter)));
    cache.put(claim, owner, from, System.nanoTime(), found.asked);
  }

  /** This device, its parent, and so on. */
  private static List<JsonNode> upwards(JsonNode device, Found found) {
    List<JsonNode> line = new ArrayList<>();
    for (JsonNode one = device; one != null && line.size() <= MOST_PARENTS;) {
      line.add(one);
      String parent = parentOf(one);
      one = parent == null ? null : found.parents.get(parent);
    }
    return line;
  }

  private Future<Owner> owner(Owner.Claim claim, Found found) {
    if (!found.whole) return unreadable();
    List<JsonNode> carriers = found.device(claim);
    if (carriers.size() > 1)
      return unknown("ambiguous-device",
          "Several Devices carry this identifier. Leave it on one, or set identity.deviceSystem.");
    if (carriers.isEmpty())
      return config.creates()
          ? createDevice(claim, found)
          : unknown("unknown-device",
              "No Device carries this identifier. Create one and link it to a Patient.");
    JsonNode device = carriers.get(0);
    Owner.Linked linked = linked(claim, device, found);
    boolean somebodys = linked.links().stream().anyMatch(link -> link.patient() != null || !link.uses().isEmpty());
    return somebodys || device.has("patient") || !config.creates()
        ? Future.succeededFuture(linked.settled())
        : link(claim, device, found);
  }

  private static List<Owner.Link> links(JsonNode device, Found found) {
    return upwards(device, found).stream()
        .map(one -> new Owner.Link(found.uses.getOrDefault(id(one), List.of()), patientOf(one)))
        .toList();
  }

  private Owner.Linked linked(Owner.Claim claim, JsonNode device, Found found) {
    List<Owner.Link> links = links(device, found);
    Set<String> named = config.creates() && named(claim)
        ? found.patient(claim).stream().map(DeviceIdentity::id).collect(Collectors.toSet())
        : null;
    List<JsonNode> visits = claim.encounter() == null ? List.of() : found.encounter(claim);
    Owner.Visit visit = visits.size() == 1
        ? new Owner.Visit(id(visits.get(0)), referred(PATIENT, visits.get(0).path("subject")))
        : null;
    return new Owner.Linked(id(device), links, named, visit, withoutEncounter(claim, visits.size()));
  }

  /** Null when all is well. */
  private Owner.Unknown withoutEncounter(Owner.Claim claim, int carriers) {
    if (claim.encounter() == null)
      return config.needsEncounter()
          ? new Owner.Unknown("no-encounter-identifier",
              "The message names no encounter, which identity.mode LookupWithEncounter asks for. Add encounterIdExpression to the device mapping.")
          : null;
    if (carriers == 0)
      return new Owner.Unknown("unknown-encounter", "No Encounter carries the identifier in the message. Create it.");
    return carriers == 1
        ? null
        : new Owner.Unknown("ambiguous-encounter",
            "Several Encounters carry the identifier in the message. Leave it on one.");
  }

  private Future<Owner> createDevice(Owner.Claim claim, Found found) {
    ObjectNode device = identified("Device", config.deviceSystem(), claim.device());
    return withPatient(claim, found, patient -> {
      device.putObject("patient").put("reference", "Patient/" + patient);
      return create("Device", deterministicId(config.deviceSystem(), claim.device()), device)
          .compose(made -> again(claim, made, found));
    });
  }

  private Future<Owner> link(Owner.Claim claim, JsonNode device, Found found) {
    return withPatient(claim, found, patient -> {
      ObjectNode linked = device.deepCopy();
      linked.putObject("patient").put("reference", "Patient/" + patient);
      OptionalInt version = OptionalInt.of(device.path("meta").path("versionId").asInt());
      return store.update(CALLER, "Device", id(device), linked, version)
          .recover(failed -> lost(failed) ? store.read(CALLER, "Device", id(device)) : Future.failedFuture(failed))
          .compose(made -> again(claim, made, found));
    });
  }

  /** What is in the store now, whoever put it there, has the last word. */
  private Future<Owner> again(Owner.Claim claim, Stored made, Found found) {
    JsonNode device = read(made);
    found.devices().put(claim.device(), List.of(device));
    return Future.succeededFuture(linked(claim, device, found).settled());
  }

  private Future<Owner> withPatient(Owner.Claim claim, Found found, Function<String, Future<Owner>> then) {
    if (!named(claim))
      return unknown("no-patient-identifier",
          "The Device is not linked to a Patient, and the message names none. Add patientIdExpression to the device mapping, or link the Device.");
    List<JsonNode> carriers = found.patient(claim);
    if (carriers.size() > 1)
      return unknown("ambiguous-patient", "Several Patients carry the identifier in the message. Leave it on one.");
    if (carriers.size() == 1) return then.apply(id(carriers.get(0)));
    ObjectNode patient = identified("Patient", "", claim.patient());
    return create("Patient", deterministicId("", claim.patient()), patient).compose(made -> {
      found.patients().put(claim.patient(), List.of(read(made)));
      return then.apply(made.id());
    });
  }

  /** Whoever comes second takes what the first one made; what was deleted since is made again. */
  private Future<Stored> create(String type, String id, ObjectNode resource) {
    return store.createIfAbsent(CALLER, type, id, resource)
        .compose(there -> there.deleted()
            ? store.update(CALLER, type, id, resource, OptionalInt.empty())
            : Future.succeededFuture(there));
  }

  private static Future<Owner> unreadable() {
    return unknown("unreadable-device",
        "The Device or the Patient with this identifier is kept but cannot be read any more."
            + " Bring its row back from a backup, or put or delete it.");
  }

  /** An identifier FHIR cannot hold is the message's fault, what cannot be read any more is one device's: no reason to hold up the batch. */
  private static Future<Owner> unstorable(Throwable failed) {
    if (failed instanceof Failure.Unreadable) return unreadable();
    boolean refused = failed instanceof Failure.Invalid || failed instanceof Failure.Unprocessable;
    return refused
        ? unknown("invalid-identifier",
            "The device's or the patient's identifier cannot be kept: " + failed.getMessage())
        : Future.failedFuture(failed);
  }

  private static boolean lost(Throwable failed) {
    return failed instanceof Failure.PreconditionFailed || failed instanceof Failure.Conflict;
  }

  /**
   * @param byValue resources by identifier value; a value nobody carries is absent
   * @param whole   false: some could not be read
   */
  private record Carriers(Map<String, List<JsonNode>> byValue, boolean whole) {}

  private Future<Carriers> byIdentifier(String type, String system, Collection<String> values) {
    if (values.isEmpty()) return Future.succeededFuture(new Carriers(new HashMap<>(), true));
    StringBuilder any = new StringBuilder();
    for (String value : values) {
      if (any.length() > 0) any.append(',');
      if (!system.isEmpty()) any.append(escaped(system)).append('|');
      any.append(escaped(value));
    }
    Map<String, Map<String, JsonNode>> found = new HashMap<>();
    for (String value : values) found.put(value, new LinkedHashMap<>());
    SearchQuery query = new SearchQuery(type, List.of(new SearchQuery.Param("identifier", any.toString())), PAGE,
        "none", null);
    return pages(query, resource -> collect(resource, system, found)).map(whole -> {
      Map<String, List<JsonNode>> lists = new HashMap<>();
      found.forEach((value, byId) -> {
        if (!byId.isEmpty()) lists.put(value, new ArrayList<>(byId.values()));
      });
      return new Carriers(lists, whole);
    });
  }

  /** False: some could not be read. */
  private Future<Boolean> pages(SearchQuery query, Consumer<JsonNode> found) {
    return store.search(CALLER, query).compose(page -> {
      for (Stored stored : page.entries()) found.accept(read(stored));
      boolean whole = page.unreadable().isEmpty();
      if (page.next() == null) return Future.succeededFuture(whole);
      return pages(new SearchQuery(query.type(), query.params(), query.count(), query.total(), page.next()), found)
          .map(rest -> rest && whole);
    });
  }

  private static void collect(JsonNode resource, String system, Map<String, Map<String, JsonNode>> found) {
    for (JsonNode identifier : resource.path("identifier")) {
      if (!system.isEmpty() && !system.equals(identifier.path("system").asText())) continue;
      Map<String, JsonNode> carriers = found.get(identifier.path("value").asText());
      if (carriers != null) carriers.put(id(resource), resource);
    }
  }

  /** FHIR R4 search.html#escaping. */
  private static String escaped(String value) {
    return value.replace("\\", "\\\\").replace("|", "\\|").replace(",", "\\,").replace("$", "\\$");
  }

  private static ObjectNode identified(String type, String system, String value) {
    ObjectNode resource = JsonNodeFactory.instance.objectNode().put("resourceType", type);
    ObjectNode identifier = resource.putArray("identifier").addObject();
    if (!system.isEmpty()) identifier.put("system", system);
    identifier.put("value", value);
    return resource;
  }

  /** Lowercase hex SHA-256 of {@code system_value}, as the IoMT FHIR connector names what it creates. */
  static String deterministicId(String system, String value) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256")
          .digest((system + "_" + value).getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest);
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  private static String patientOf(JsonNode device) {
    return patientIn(device.path("patient").path("reference").asText());
  }

  /** Null for a parent that is itself. */
  private static String parentOf(JsonNode device) {
    String parent = referred(DEVICE, device.path("parent"));
    return parent == null || parent.equals(id(device)) ? null : parent;
  }

  /** The id of the Patient in {@code Patient/id}; null when this is no such reference. */
  static String patientIn(String reference) {
    Matcher matcher = PATIENT.matcher(reference);
    return matcher.matches() ? matcher.group(1) : null;
  }

  private static String referred(Pattern pattern, JsonNode reference) {
    Matcher matcher = pattern.matcher(reference.path("reference").asText());
    return matcher.matches() ? matcher.group(1) : null;
  }

  private static String id(JsonNode resource) {
    return resource.path("id").asText();
  }

  /** When it was written is the row's word. */
  private static JsonNode read(Stored stored) {
    try {
      JsonNode resource = JSON.readTree(stored.body().getBytes());
      ((ObjectNode) resource).withObjectProperty("meta").put("lastUpdated", stored.updated().toString());
      return resource;
    } catch (IOException corrupt) {
      throw new Failure.Unreadable("a stored " + stored.type() + " is not JSON");
    }
  }

  private static Future<Owner> unknown(String reason, String detail) {
    return Future.succeededFuture(new Owner.Unknown(reason, detail));
  }
}

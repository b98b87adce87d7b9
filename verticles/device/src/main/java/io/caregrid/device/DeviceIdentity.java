package io.caregrid.device;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.cluster.IdentityConfig;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.store.FhirStore;
import io.caregrid.store.Page;
import io.caregrid.store.SearchQuery;
import io.caregrid.store.Stored;
import io.caregrid.templates.observation.Identity;
import io.vertx.core.Future;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds out whose a device's readings are, before the batch and in transactions of its own, each short and safe to repeat.
 *
 * <p>Mode Lookup: the one Device with this identifier, and the Patient it is linked to; what the message says about the patient is not asked. Mode
 * Create: what is missing is made, under the ids the IoMT FHIR connector would have given (SHA-256 of {@code system_value}), so that two shards or
 * nodes that make the same thing at once make one thing. A message that names another patient than the one its device is linked to is never stored
 * on either: it is set aside as {@code patient-mismatch}.
 *
 * <p>Answers are remembered as {@link OwnerCache} says. Identifiers are looked up {@link #TOGETHER} at a time.
 */
public final class DeviceIdentity implements Owners {
  static final Caller CALLER = Caller.system("identity");
  private static final int TOGETHER = 50;
  private static final int PAGE = 1000;
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
  public Owner.Claim claim(String device, String patient) {
    return new Owner.Claim(device, config.creates() ? patient : null);
  }

  @Override
  public String patientOf(String device) {
    return cache.patientOf(device);
  }

  /**
   * What the store says about some claims; what is made on the way is added. Each list holds the resources that carry the identifier.
   *
   * @param whole false: there are more who carry one of the identifiers, but they cannot be read
   */
  private record Found(Map<String, List<JsonNode>> devices, Map<String, List<JsonNode>> patients, boolean whole) {
    List<JsonNode> device(Owner.Claim claim) {
      return devices.getOrDefault(claim.device(), List.of());
    }

    List<JsonNode> patient(Owner.Claim claim) {
      return patients.getOrDefault(claim.patient(), List.of());
    }
  }

  private Future<Void> find(List<Owner.Claim> claims, Map<Owner.Claim, Owner> known) {
    TreeSet<String> devices = new TreeSet<>();
    TreeSet<String> patients = new TreeSet<>();
    for (Owner.Claim claim : claims) {
      devices.add(claim.device());
      if (named(claim)) patients.add(claim.patient());
    }
    return byIdentifier("Device", config.deviceSystem(), devices)
        .compose(found -> byIdentifier("Patient", "", patients)
            .map(named -> new Found(found.byValue, named.byValue, found.whole && named.whole)))
        .compose(found -> found.whole || claims.size() == 1
            ? eachInTurn(claims.iterator(), found, known)
            : eachAlone(claims, known));
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
      if (owner.succeeded()) remember(claim, owner.result(), known);
      else return owner.compose(late -> {
        remember(claim, late, known);
        return eachInTurn(claims, found, known);
      });
    }
    return Future.succeededFuture();
  }

  private void remember(Owner.Claim claim, Owner owner, Map<Owner.Claim, Owner> known) {
    known.put(claim, owner);
    cache.put(claim, owner, System.nanoTime());
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
    String patient = patientOf(device);
    if (patient != null)
      return config.creates() && named(claim) ? confirm(claim, device, patient, found) : known(device, patient);
    if (device.has("patient") || !config.creates())
      return unknown("device-without-patient",
          "The Device is not linked to a Patient. Set Device.patient to Patient/<id>.");
    return link(claim, device, found);
  }

  /** The device is linked; does the message mean the same patient? */
  private static Future<Owner> confirm(Owner.Claim claim, JsonNode device, String patient, Found found) {
    boolean same = found.patient(claim).stream().anyMatch(named -> id(named).equals(patient));
    return same ? known(device, patient) : mismatch();
  }

  private static Future<Owner> mismatch() {
    return unknown("patient-mismatch", "The message names another patient than the one its Device is linked to.");
  }

  private Future<Owner> createDevice(Owner.Claim claim, Found found) {
    ObjectNode device = identified("Device", config.deviceSystem(), claim.device());
    return withPatient(claim, found, patient -> {
      device.putObject("patient").put("reference", "Patient/" + patient);
      return create("Device", deterministicId(config.deviceSystem(), claim.device()), device)
          .compose(made -> again(claim, made, patient, found));
    });
  }

  private Future<Owner> link(Owner.Claim claim, JsonNode device, Found found) {
    return withPatient(claim, found, patient -> {
      ObjectNode linked = device.deepCopy();
      linked.putObject("patient").put("reference", "Patient/" + patient);
      OptionalInt version = OptionalInt.of(device.path("meta").path("versionId").asInt());
      return store.update(CALLER, "Device", id(device), linked, version)
          .recover(failed -> lost(failed) ? store.read(CALLER, "Device", id(device)) : Future.failedFuture(failed))
          .compose(made -> again(claim, made, patient, found));
    });
  }

  /** What is in the store now, whoever put it there, has the last word. */
  private static Future<Owner> again(Owner.Claim claim, Stored made, String patient, Found found) {
    JsonNode device = read(made);
    found.devices().put(claim.device(), List.of(device));
    return patient.equals(patientOf(device)) ? known(device, patient) : mismatch();
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
    return pages(query, system, found).map(whole -> {
      Map<String, List<JsonNode>> lists = new HashMap<>();
      found.forEach((value, byId) -> {
        if (!byId.isEmpty()) lists.put(value, new ArrayList<>(byId.values()));
      });
      return new Carriers(lists, whole);
    });
  }

  /** False: some could not be read. */
  private Future<Boolean> pages(SearchQuery query, String system, Map<String, Map<String, JsonNode>> found) {
    return store.search(CALLER, query).compose(page -> {
      collect(page, system, found);
      boolean whole = page.unreadable().isEmpty();
      if (page.next() == null) return Future.succeededFuture(whole);
      return pages(new SearchQuery(query.type(), query.params(), query.count(), query.total(), page.next()), system,
          found).map(rest -> rest && whole);
    });
  }

  private static void collect(Page page, String system, Map<String, Map<String, JsonNode>> found) {
    for (Stored stored : page.entries()) {
      JsonNode resource = read(stored);
      for (JsonNode identifier : resource.path("identifier")) {
        if (!system.isEmpty() && !system.equals(identifier.path("system").asText())) continue;
        Map<String, JsonNode> carriers = found.get(identifier.path("value").asText());
        if (carriers != null) carriers.put(stored.id(), resource);
      }
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
    Matcher reference = PATIENT.matcher(device.path("patient").path("reference").asText());
    return reference.matches() ? reference.group(1) : null;
  }

  private static String id(JsonNode resource) {
    return resource.path("id").asText();
  }

  private static JsonNode read(Stored stored) {
    try {
      return JSON.readTree(stored.body().getBytes());
    } catch (IOException corrupt) {
      throw new Failure.Unreadable("a stored " + stored.type() + " is not JSON");
    }
  }

  private static Future<Owner> known(JsonNode device, String patient) {
    return Future.succeededFuture(new Owner.Known(new Identity(id(device), patient, null)));
  }

  private static Future<Owner> unknown(String reason, String detail) {
    return Future.succeededFuture(new Owner.Unknown(reason, detail));
  }
}

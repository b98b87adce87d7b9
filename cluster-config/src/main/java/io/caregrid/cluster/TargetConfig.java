package io.caregrid.cluster;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Somebody who is told of changes.
 *
 * @param kind      {@code webhook}, {@code kafka}, {@code teams}, {@code powerbi} or {@code fhir}: a FHIR server that gets the Observations of devices themselves
 * @param url       where it is sent, https, or http on loopback; a secret, since those of Teams and Power BI let in whoever has them. Empty for {@code kafka}
 * @param secret    of a webhook: signs what is sent, {@code whsec_} and 24 to 64 bytes in base64 (Standard Webhooks). Of a FHIR server: that of {@code clientId}
 * @param secretBefore signs as well, while receivers change from it to {@code secret}; empty: there is none
 * @param ca        PEM file with who signs the receiver's certificate; null: whom this Java trusts
 * @param types     resource types it hears of; empty: all
 * @param filter    FHIRPath that a resource has to fulfil; empty: none. Deletions are told in any case
 * @param resource  what the resource says is sent, too: then the target is a reader, and {@code roles} has to let it read
 * @param roles     by which it reads
 * @param tokenEndpoint of a FHIR server, as all below: where tokens for it come from, by OAuth2 client credentials (RFC 6749 4.4). Empty: it asks for none
 * @param clientId  as whom
 * @param scopes    for what
 * @param audience  sent as parameter {@code resource} (RFC 8707), which some token endpoints want. Empty: not sent
 * @param identity  {@code lookup}: a Device and a Patient has to be there; {@code create}: whoever is missing is made there, with identifiers and nothing else
 * @param anySystem an identifier without system here is that of a Patient or an Encounter there with any system; else there has none either
 * @param deletes   what is deleted here is deleted there, too
 * @param batch     Observations in one request, 1..100; 1: each has its own
 * @param from      {@code now}: it gets what changes once it is there; {@code start}: the whole store first
 * @param every     an Observation that goes on changing is sent once in so long, 0 s..1 h
 */
public record TargetConfig(String kind, String url, String secret, String secretBefore, Path ca, List<String> types,
    String filter, boolean resource, List<String> roles, String tokenEndpoint, String clientId, List<String> scopes,
    String audience, String identity, boolean anySystem, boolean deletes, int batch, String from, Duration every) {

  public static final String FHIR = "fhir";
  public static final Set<String> KINDS = Set.of("webhook", "kafka", "teams", "powerbi", FHIR);
  static final Map<String, String> DEFAULTS = Map.ofEntries(Map.entry("url", ""), Map.entry("secret", ""),
      Map.entry("secretBefore", ""), Map.entry("ca", ""), Map.entry("types", ""), Map.entry("filter", ""),
      Map.entry("resource", "false"), Map.entry("roles", ""), Map.entry("tokenEndpoint", ""),
      Map.entry("clientId", ""), Map.entry("scopes", ""), Map.entry("audience", ""), Map.entry("identity", "lookup"),
      Map.entry("anySystem", "false"),
      Map.entry("deletes", "false"), Map.entry("batch", "1"), Map.entry("from", "now"), Map.entry("every", "1m"));
  private static final String SECRET = "whsec_";
  private static final String KIND_OF_SECRET = " must be " + SECRET
      + " and 24 to 64 random bytes in base64, e.g. of: echo " + SECRET + "$(openssl rand -base64 32)";

  public TargetConfig {
    types = List.copyOf(types);
    roles = List.copyOf(roles);
    scopes = List.copyOf(scopes);
  }

  public boolean isFhir() {
    return kind.equals(FHIR);
  }

  /** Whether everything that is in the store goes there first. */
  public boolean fromStart() {
    return isFhir() && from.equals("start");
  }

  public boolean creates() {
    return identity.equals("create");
  }

  /** How long a change waits for the next one of the same resource; none: each is told. */
  public Duration gathers() {
    return isFhir() ? every : Duration.ZERO;
  }

  /** What is wrong with it, never the values of secrets. @param key under which it stands */
  List<String> problems(String key) {
    List<String> wrong = new ArrayList<>();
    if (!KINDS.contains(kind)) {
      wrong.add(key + ".kind must be one of " + KINDS.stream().sorted().toList() + ", not " + kind);
      return wrong;
    }
    boolean kafka = kind.equals("kafka");
    if (kafka && !url.isEmpty())
      wrong.add(key + ".url must be empty: a kafka target is the topic fhir-changes of kafka");
    if (!kafka && !isSafe(url)) wrong.add(key + ".url must be https://…, or http:// on loopback, without user and #");
    if (kind.equals("webhook") && bytes(secret) == null) wrong.add(key + ".secret" + KIND_OF_SECRET);
    if (!kind.equals("webhook") && !(isFhir() ? secretBefore : secret + secretBefore).isEmpty())
      wrong.add(key + (isFhir() ? ".secretBefore" : ".secret") + " must be empty: only a webhook is signed");
    if (isFhir()) ofFhir(key, wrong);
    else
      if (!(tokenEndpoint + clientId + audience + String.join("", scopes)).isEmpty())
        wrong.add(key + ".tokenEndpoint, clientId, scopes and audience must be empty: only a FHIR server is asked so");
    boolean plain = identity.equals("lookup") && !anySystem && !deletes && batch == 1 && from.equals("now");
    if (!isFhir() && !plain)
      wrong.add(key + ".identity, anySystem, deletes, batch and from are settings of a FHIR server");
    if (kind.equals("webhook") && !secretBefore.isEmpty() && bytes(secretBefore) == null)
      wrong.add(key + ".secretBefore" + KIND_OF_SECRET);
    if (ca != null && !Files.isReadable(ca)) wrong.add(key + ".ca " + ca + " cannot be read: name a PEM file");
    if (kind.equals("powerbi") && !resource)
      wrong.add(key + ".resource must be true: rows for Power BI are what resources say");
    if (resource && roles.isEmpty())
      wrong.add(key + ".roles must name a role that may read, since " + key + ".resource is true");
    return wrong;
  }

  private void ofFhir(String key, List<String> wrong) {
    if (url.contains("?")) wrong.add(key + ".url must be the base address of FHIR, without ?");
    if (!resource) wrong.add(key + ".resource must be true: a FHIR server gets what resources say");
    if (!types.isEmpty() && !types.equals(List.of("Observation")))
      wrong.add(key + ".types may be Observation only: Device and Patient are found or made there as they are needed");
    if (!tokenEndpoint.isEmpty() && !isSafe(tokenEndpoint))
      wrong.add(key + ".tokenEndpoint must be https://…, or http:// on loopback, without user and #");
    if (!tokenEndpoint.isEmpty() && (clientId.isEmpty() || secret.isEmpty()))
      wrong.add(key + ".clientId and " + key + ".secret must be set, since " + key + ".tokenEndpoint is");
    if (tokenEndpoint.isEmpty() && !(clientId + secret + audience + String.join("", scopes)).isEmpty())
      wrong.add(key + ".tokenEndpoint must be set, since clientId, secret, scopes or audience is");
    if (!Set.of("lookup", "create").contains(identity)) wrong.add(key + ".identity must be lookup or create");
    if (!Set.of("now", "start").contains(from)) wrong.add(key + ".from must be now or start");
    if (batch < 1 || batch > 100) wrong.add(key + ".batch must be 1..100, not " + batch);
    if (every.isNegative() || every.compareTo(Duration.ofHours(1)) > 0)
      wrong.add(key + ".every must be PT0S..PT1H, not " + every);
  }

  /** Nobody on the way reads what is sent there, nor a token. */
  static boolean isSafe(String url) {
    try {
      URI there = URI.create(url);
      if (there.getHost() == null || there.getScheme() == null) return false;
      if (there.getUserInfo() != null || there.getRawFragment() != null) return false;
      return there.getScheme().equals("https") || there.getScheme().equals("http") && Hosts.isLoopback(there.getHost());
    } catch (IllegalArgumentException none) {
      return false;
    }
  }

  /** Those that sign, the newest first. */
  public List<byte[]> secrets() {
    return List.of(secret, secretBefore).stream().filter(one -> !one.isEmpty()).map(TargetConfig::bytes).toList();
  }

  /** Null when it is none. */
  private static byte[] bytes(String secret) {
    if (!secret.startsWith(SECRET)) return null;
    try {
      byte[] key = Base64.getDecoder().decode(secret.substring(SECRET.length()).getBytes(StandardCharsets.US_ASCII));
      return key.length >= 24 && key.length <= 64 ? key : null;
    } catch (IllegalArgumentException none) {
      return null;
    }
  }

  /** Where it stands, as it may be shown: nothing that lets anybody in. */
  public String host() {
    return url.isEmpty() ? "" : URI.create(url).getHost();
  }

  @Override
  public String toString() {
    return "TargetConfig[" + kind + " " + types + "]";
  }
}

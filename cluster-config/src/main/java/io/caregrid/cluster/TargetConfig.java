package io.caregrid.cluster;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Somebody who is told of changes.
 *
 * @param kind      {@code webhook}, {@code kafka}, {@code teams} or {@code powerbi}
 * @param url       where it is sent, https, or http on loopback; a secret, since those of Teams and Power BI let in whoever has them. Empty for {@code kafka}
 * @param secret    of a webhook: signs what is sent, {@code whsec_} and 24 to 64 bytes in base64 (Standard Webhooks)
 * @param secretBefore signs as well, while receivers change from it to {@code secret}; empty: there is none
 * @param ca        PEM file with who signs the receiver's certificate; null: whom this Java trusts
 * @param types     resource types it hears of; empty: all
 * @param filter    FHIRPath that a resource has to fulfil; empty: none. Deletions are told in any case
 * @param resource  what the resource says is sent, too: then the target is a reader, and {@code roles} has to let it read
 * @param roles     by which it reads
 */
public record TargetConfig(String kind, String url, String secret, String secretBefore, Path ca, List<String> types,
    String filter, boolean resource, List<String> roles) {

  public static final Set<String> KINDS = Set.of("webhook", "kafka", "teams", "powerbi");
  static final Map<String, String> DEFAULTS = Map.of("url", "", "secret", "", "secretBefore", "", "ca", "", "types", "",
      "filter", "", "resource", "false", "roles", "");
  private static final String SECRET = "whsec_";
  private static final String KIND_OF_SECRET = " must be " + SECRET
      + " and 24 to 64 random bytes in base64, e.g. of: echo " + SECRET + "$(openssl rand -base64 32)";

  public TargetConfig {
    types = List.copyOf(types);
    roles = List.copyOf(roles);
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
    if (!kind.equals("webhook") && !(secret + secretBefore).isEmpty())
      wrong.add(key + ".secret must be empty: only a webhook is signed");
    if (!secretBefore.isEmpty() && bytes(secretBefore) == null) wrong.add(key + ".secretBefore" + KIND_OF_SECRET);
    if (ca != null && !Files.isReadable(ca)) wrong.add(key + ".ca " + ca + " cannot be read: name a PEM file");
    if (kind.equals("powerbi") && !resource)
      wrong.add(key + ".resource must be true: rows for Power BI are what resources say");
    if (resource && roles.isEmpty())
      wrong.add(key + ".roles must name a role that may read, since " + key + ".resource is true");
    return wrong;
  }

  private static boolean isSafe(String url) {
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

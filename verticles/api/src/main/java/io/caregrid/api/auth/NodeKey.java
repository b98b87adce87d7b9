package io.caregrid.api.auth;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPrivateKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Collection;
import java.util.Set;
import java.util.UUID;

/**
 * This node's own key, in its data folder, for its owner only: whoever can read it can make tokens for this node. It is a JWK (RFC 7517) with one member
 * of ours, {@code issuer}. Removing the file makes every token worthless that was signed with it; the next start makes a new one.
 */
public final class NodeKey {
  public static final String FILE = "node-key.jwk";
  public static final String AUDIENCE = "caregrid";
  public static final String ROLES = "roles";
  private static final Set<PosixFilePermission> OWNER = PosixFilePermissions.fromString("rw-------");
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int BYTES = 32;

  private final JsonNode jwk;

  private NodeKey(JsonNode jwk) {
    this.jwk = jwk;
  }

  /**
   * The key in this folder, made when there is none.
   *
   * @param name how the node calls itself; its tokens' issuer is {@code caregrid:name}
   * @throws IOException when it cannot be kept, or others may read it
   */
  public static NodeKey keep(Path folder, String name) throws IOException {
    Path file = folder.resolve(FILE);
    if (!Files.exists(file)) write(file, fresh(name), false);
    NodeKey key = read(folder);
    if (key.issuer().equals(issuer(name))) return key;
    write(file, ((ObjectNode) key.jwk).put("issuer", issuer(name)), true);
    return read(folder);
  }

  /**
   * @throws NoSuchFileException when no node has run on this folder
   * @throws IOException         when it cannot be read, is no key, or others may read it
   */
  public static NodeKey read(Path folder) throws IOException {
    Path file = folder.resolve(FILE);
    if (Files.getFileStore(file).supportsFileAttributeView("posix")
        && !OWNER.containsAll(Files.getPosixFilePermissions(file)))
      throw new IOException(file + " may be read by others than its owner: chmod 600, or remove it for a new one");
    JsonNode jwk = parsed(Files.readAllBytes(file));
    if (jwk == null || !jwk.path("d").isTextual() || !jwk.path("issuer").isTextual() || set(jwk).keys().isEmpty())
      throw new IOException(file + " is not a node's key: remove it for a new one");
    return new NodeKey(jwk);
  }

  /** Null when it is no JSON: the parser's own words would repeat a piece of the key. */
  private static JsonNode parsed(byte[] bytes) throws IOException {
    try {
      return JSON.readTree(bytes);
    } catch (JsonProcessingException unreadable) {
      return null;
    }
  }

  private static void write(Path file, ObjectNode jwk, boolean over) throws IOException {
    Path part = file.resolveSibling(FILE + "." + UUID.randomUUID());
    boolean posix = Files.getFileStore(file.toAbsolutePath().getParent()).supportsFileAttributeView("posix");
    if (posix) Files.createFile(part, PosixFilePermissions.asFileAttribute(OWNER));
    try {
      Files.write(part, JSON.writeValueAsBytes(jwk));
      if (over) Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
      else Files.createLink(file, part);
    } catch (FileAlreadyExistsException other) {
      // another process was first: its key is as good
    } finally {
      Files.deleteIfExists(part);
    }
  }

  private static ObjectNode fresh(String name) {
    try {
      KeyPairGenerator maker = KeyPairGenerator.getInstance("EC");
      maker.initialize(new ECGenParameterSpec("secp256r1"));
      KeyPair pair = maker.generateKeyPair();
      ECPublicKey open = (ECPublicKey) pair.getPublic();
      return JSON.createObjectNode()
          .put("kty", "EC")
          .put("crv", "P-256")
          .put("use", "sig")
          .put("alg", "ES256")
          .put("kid", UUID.randomUUID().toString())
          .put("x", text(open.getW().getAffineX()))
          .put("y", text(open.getW().getAffineY()))
          .put("d", text(((ECPrivateKey) pair.getPrivate()).getS()))
          .put("issuer", issuer(name));
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  private static String issuer(String name) {
    return "caregrid:" + name;
  }

  /** {@code iss} of its tokens. */
  public String issuer() {
    return jwk.path("issuer").asText();
  }

  KeySet keys() {
    return set(jwk);
  }

  private static KeySet set(JsonNode jwk) {
    ObjectNode set = JSON.createObjectNode();
    set.putArray("keys").add(jwk);
    return KeySet.of(set);
  }

  /**
   * A token for this node.
   *
   * @param roles by name
   * @return a JWT signed by ES256 (RFC 7515 section 7.1)
   */
  public String token(String subject, Collection<String> roles, Instant now, Duration validFor) {
    ObjectNode claims = JSON.createObjectNode()
        .put("iss", issuer())
        .put("aud", AUDIENCE)
        .put("sub", subject)
        .put("iat", now.getEpochSecond())
        .put("nbf", now.getEpochSecond())
        .put("exp", now.plus(validFor).getEpochSecond())
        .put("jti", UUID.randomUUID().toString());
    ArrayNode list = claims.putArray(ROLES);
    roles.forEach(list::add);
    ObjectNode header = JSON.createObjectNode().put("typ", "at+jwt").put("alg", "ES256");
    header.set("kid", jwk.get("kid"));
    try {
      String signed = text(JSON.writeValueAsBytes(header)) + "." + text(JSON.writeValueAsBytes(claims));
      return signed + "." + text(signature(signed.getBytes(java.nio.charset.StandardCharsets.US_ASCII)));
    } catch (IOException | GeneralSecurityException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  private byte[] signature(byte[] signed) throws GeneralSecurityException {
    AlgorithmParameters curve = AlgorithmParameters.getInstance("EC");
    curve.init(new ECGenParameterSpec("secp256r1"));
    BigInteger secret = new BigInteger(1, Base64.getUrlDecoder().decode(jwk.path("d").asText()));
    Signature maker = Signature.getInstance("SHA256withECDSAinP1363Format");
    maker.initSign(KeyFactory.getInstance("EC")
        .generatePrivate(new ECPrivateKeySpec(secret, curve.getParameterSpec(ECParameterSpec.class))));
    maker.update(signed);
    return maker.sign();
  }

  private static String text(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  /** RFC 7518 section 6.2.1.2: as many bytes as the curve has, big endian. */
  private static String text(BigInteger number) {
    byte[] bytes = new byte[BYTES];
    byte[] significant = number.toByteArray();
    int length = Math.min(significant.length, BYTES);
    System.arraycopy(significant, significant.length - length, bytes, BYTES - length, length);
    return text(bytes);
  }
}

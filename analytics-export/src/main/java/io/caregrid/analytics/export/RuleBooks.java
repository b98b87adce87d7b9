package io.caregrid.analytics.export;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.caregrid.contract.Failure;
import io.caregrid.templates.MappingException;
import io.caregrid.templates.MappingProblem;
import io.caregrid.templates.deidentify.Deidentifier;
import io.caregrid.templates.deidentify.Deidentifier.Keys;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The configurations by which an export may be de-identified ({@code _anonymizationConfig}), by name: the files of one folder, and Safe Harbor's, which comes
 * with the house. Read anew each time they are asked for. Any thread; blocking.
 *
 * <p>Who may write into the folder decides what leaves this house; links in it are followed. Keys in a configuration, and those of this node for configurations
 * that have none, leave this class only inside a {@link Deidentifier}, and as a seal from which nobody finds them. Keys that nobody gave are made up for one
 * export, as {@link MadeUpKeys} says, and leave it sealed for the export's row.
 */
public final class RuleBooks {
  private static final Logger log = LoggerFactory.getLogger(RuleBooks.class);
  /** In place of a file of that name. */
  public static final String SAFE_HARBOR = "safe-harbor-r4.json";
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,94}[.]json");
  private static final Pattern TAG = Pattern.compile("(?:W/)?\"?([0-9A-Fa-f]{64})\"?");
  private static final String PARAMETER = "_anonymizationConfig";
  private static final int MOST_BYTES = 1 << 20;
  private static final int SALT_BYTES = 16;
  /** Some 50 ms: a weak key in a configuration is not tried out by what the database has of it. */
  private static final int ROUNDS = 120_000;
  private static final int SEAL_BITS = 256;
  private static final SecureRandom RANDOM = new SecureRandom();

  private final Path folder;
  private final Keys keys;
  private final Clock clock;

  /**
   * @param folder null: there is Safe Harbor's alone
   * @param keys   of this node, for configurations that have none of their own
   */
  public RuleBooks(Path folder, Keys keys, Clock clock) {
    this.folder = folder;
    this.keys = keys;
    this.clock = clock;
  }

  /**
   * What one export goes by, kept in its row from the kick-off to its end: whoever takes it over goes by the same, or not at all.
   *
   * @param config name of the configuration
   * @param salt   hexadecimal, of this export alone
   * @param seal   of the configuration's text and the node's keys; neither can be found from it
   * @param madeUp keys that were made up for this export, sealed; null where none was
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Chosen(String config, String salt, String seal, String madeUp) {}

  /**
   * What an export is to be de-identified by.
   *
   * @param madeUp names of the keys that were made up for it: {@code cryptoHashKey}
   */
  record Opened(Deidentifier rules, List<String> madeUp) {}

  /**
   * For a kick-off.
   *
   * @param tag    SHA-256 of the file in hexadecimal, as an ETag or bare: what the asker means; null when he says nothing
   * @param secret that all nodes have, asked for only where the rules need keys that nobody gave: these are sealed with it
   * @throws Failure.Invalid 400: there is none of that name, it is another one than he means, it has errors (where, is said; what
   *     they are tells what a file holds, and stands in the log), or it is Safe Harbor's and this node has no key for hashes
   */
  Chosen chosen(String name, String tag, Supplier<byte[]> secret) {
    Book book = read(name);
    if (tag != null && !book.is(tag))
      throw invalid(name + " is not the file whose ETag _anonymizationConfigEtag gives: that is its SHA-256"
          + (name.equals(SAFE_HARBOR) ? ", here " + book.tag() : ", as sha256sum prints it"));
    requireKeys(book);
    byte[] bytes = new byte[SALT_BYTES];
    RANDOM.nextBytes(bytes);
    String salt = HexFormat.of().formatHex(bytes);
    List<String> missing = book.deidentifier().madeUpKeys();
    String madeUp = missing.isEmpty() ? null : madeUp(missing, secret.get(), salt);
    return new Chosen(name, salt, book.seal(bytes, keys), madeUp);
  }

  private static String madeUp(List<String> missing, byte[] secret, String salt) {
    return MadeUpKeys.of(missing, secret, RANDOM).sealed(secret, salt);
  }

  /**
   * For the node that makes the export.
   *
   * @param secret as at the kick-off, asked for only where keys were made up
   * @throws Failure.Conflict 409: file, keys or the secret are not those of the kick-off
   */
  Opened open(Chosen chosen, Supplier<byte[]> secret) {
    Book book;
    try {
      book = read(chosen.config());
    } catch (Failure.Invalid gone) {
      throw changed(chosen.config());
    }
    if (!book.seal(HexFormat.of().parseHex(chosen.salt()), keys).equals(chosen.seal())) throw changed(chosen.config());
    if (chosen.madeUp() == null) return new Opened(book.deidentifier(), List.of());
    MadeUpKeys madeUp = MadeUpKeys.open(secret.get(), chosen.salt(), chosen.madeUp())
        .orElseThrow(RuleBooks::locked);
    return new Opened(book(chosen.config(), book.content(), madeUp.beside(keys)).deidentifier(), madeUp.names());
  }

  private static Failure changed(String name) {
    return new Failure.Conflict("The configuration " + name
        + " is not what it was when this export was asked for, on the "
        + "node that makes it: the file or a key of fhir.deidentify was changed, or is another one on that node. Nothing was "
        + "exported; ask again");
  }

  private static Failure locked() {
    return new Failure.Conflict(
        "The keys that were made up for this export cannot be read any more: the secret that they "
            + "were sealed with, web_secret in the database, is another one now. Nothing was exported; ask again");
  }

  private record Book(String name, byte[] content, Deidentifier deidentifier) {

    String tag() {
      return HexFormat.of().formatHex(sha256().digest(content));
    }

    boolean is(String tag) {
      var given = TAG.matcher(tag.strip());
      return given.matches() && given.group(1).toLowerCase(Locale.ROOT).equals(tag());
    }

    /** Of everything that decides what comes of a resource. */
    String seal(byte[] salt, Keys keys) {
      MessageDigest all = sha256();
      add(all, content);
      for (String key : new String[] {keys.dateShift(), keys.cryptoHash(), keys.encrypt()})
        add(all, key == null ? new byte[0] : key.getBytes(StandardCharsets.UTF_8));
      char[] digest = HexFormat.of().formatHex(all.digest()).toCharArray();
      try {
        return HexFormat.of()
            .formatHex(SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256")
                .generateSecret(new PBEKeySpec(digest, salt, ROUNDS, SEAL_BITS))
                .getEncoded());
      } catch (GeneralSecurityException impossible) {
        throw new IllegalStateException("every Java has PBKDF2 with HmacSHA256", impossible);
      }
    }

    private static void add(MessageDigest digest, byte[] part) {
      digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(part.length).array());
      digest.update(part);
    }
  }

  private Book read(String name) {
    if (name.equals(SAFE_HARBOR))
      return book(name, Deidentifier.safeHarbor().getBytes(StandardCharsets.UTF_8), keys);
    if (!NAME.matcher(name).matches())
      throw invalid("it is the name of a file that ends with .json: letters, digits, '.', '_' and '-', no folders");
    Path file = folder == null ? null : folder.resolve(name);
    if (file == null || !Files.isRegularFile(file))
      throw invalid(
          "there is no configuration " + name + ": it is a file in this server's folder export.anonymization, or "
              + SAFE_HARBOR);
    try (var in = Files.newInputStream(file)) {
      byte[] content = in.readNBytes(MOST_BYTES + 1);
      if (content.length > MOST_BYTES) throw invalid(name + " is larger than " + (MOST_BYTES >> 20) + " MB");
      return book(name, content, keys);
    } catch (IOException unreadable) {
      throw invalid(name + " cannot be read by this server");
    }
  }

  private Book book(String name, byte[] content, Keys keys) {
    try {
      String text = new String(content, StandardCharsets.UTF_8);
      return new Book(name, content, Deidentifier.read(name, text, keys, clock));
    } catch (MappingException wrong) {
      log.warn("a configuration of export.anonymization has errors {}", wrong.getMessage());
      throw invalid(name + " has errors, which this server's log describes: " + wrong.problems()
          .stream()
          .filter(problem -> problem.severity() == MappingProblem.Severity.ERROR)
          .map(problem -> problem.line() == 0
              ? "as a whole"
              : "line " + problem.line() + ", column " + problem.column())
          .distinct()
          .collect(Collectors.joining("; ")));
    }
  }

  /** What Safe Harbor's rules hash can be put together with what they hashed before: by a key that somebody keeps, or not at all. */
  private static void requireKeys(Book book) {
    List<String> missing = book.name().equals(SAFE_HARBOR) ? book.deidentifier().madeUpKeys() : List.of();
    if (missing.isEmpty()) return;
    List<String> settings = missing.stream().map(key -> "fhir.deidentify." + key).toList();
    throw invalid(book.name() + " has no " + String.join(", ", missing) + ", which its rules need: set "
        + String.join(", ", settings) + " of every node");
  }

  private static Failure invalid(String why) {
    return new Failure.Invalid(PARAMETER + ": " + why, PARAMETER);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException("every Java has SHA-256", impossible);
    }
  }
}

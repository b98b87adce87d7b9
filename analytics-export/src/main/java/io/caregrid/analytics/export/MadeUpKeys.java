package io.caregrid.analytics.export;

import io.caregrid.contract.SealedText;
import io.caregrid.templates.deidentify.Deidentifier.Keys;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Keys that a configuration lacks and nobody gave, made up for one export: every node that makes it has the same. Outside of memory they are sealed, and they
 * are gone when it has ended.
 *
 * <p>{@code cryptoHashKey} and {@code encryptKey} are random, and no other export has them. {@code dateShiftKey} is the house's own and the same in all: a shift
 * is one of 101, so that somebody who had a date once with each of them would know the true one, which lies in their middle.
 *
 * @param byName e.g. {@code cryptoHashKey}; each 32 characters, 192 bits
 */
record MadeUpKeys(Map<String, String> byName) {
  private static final String USE = "caregrid keys of export ";
  private static final String DATE_SHIFT_KEY = "dateShiftKey";
  private static final String DATE_SHIFT_USE = "caregrid dateShiftKey";
  /** 32 characters of Base64: what AES-256 asks for in UTF-8. */
  private static final int BYTES = 24;

  /** @param secret the house's, from which nobody makes these keys who does not have it */
  static MadeUpKeys of(List<String> names, byte[] secret, SecureRandom random) {
    Map<String, String> made = new TreeMap<>();
    for (String name : names) {
      byte[] key = name.equals(DATE_SHIFT_KEY)
          ? Arrays.copyOf(SealedText.key(secret, DATE_SHIFT_USE), BYTES)
          : random(random);
      made.put(name, Base64.getUrlEncoder().encodeToString(key));
    }
    return new MadeUpKeys(made);
  }

  private static byte[] random(SecureRandom random) {
    byte[] key = new byte[BYTES];
    random.nextBytes(key);
    return key;
  }

  List<String> names() {
    return List.copyOf(byName.keySet());
  }

  /** Where a node has a key, that is the one. */
  Keys beside(Keys given) {
    return new Keys(first(given.dateShift(), DATE_SHIFT_KEY), first(given.cryptoHash(), "cryptoHashKey"),
        first(given.encrypt(), "encryptKey"));
  }

  private String first(String given, String name) {
    return given != null && !given.isEmpty() ? given : byName.get(name);
  }

  /**
   * @param secret that all nodes have
   * @param export what no other export has: sealed for this one, it is opened for this one
   * @return Base64
   */
  String sealed(byte[] secret, String export) {
    String text = new JsonObject(new TreeMap<String, Object>(byName)).encode();
    return Base64.getEncoder().encodeToString(SealedText.of(secret, USE + export, text).getBytes());
  }

  /** Empty when it was sealed otherwise. */
  static Optional<MadeUpKeys> open(byte[] secret, String export, String sealed) {
    return SealedText.open(secret, USE + export, Buffer.buffer(Base64.getDecoder().decode(sealed)))
        .map(text -> {
          Map<String, String> keys = new TreeMap<>();
          new JsonObject(text).forEach(key -> keys.put(key.getKey(), (String) key.getValue()));
          return new MadeUpKeys(keys);
        });
  }

  @Override
  public String toString() {
    return "MadeUpKeys" + names();
  }
}

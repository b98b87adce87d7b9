package io.caregrid.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PostingsTest {
  private static final String LETTERS = "aZ  19.-'\t\u00e9\u00df\u0130\u001f~\u007f";

  @Test
  void aPlainTextIsNormalisedAsAnyOther() {
    long seed = Long.getLong("caregrid.test.seed", 20261123);
    Random chance = new Random(seed);
    for (int i = 0; i < 20_000; i++) {
      StringBuilder text = new StringBuilder();
      int known = chance.nextBoolean() ? 9 : LETTERS.length();
      for (int n = chance.nextInt(9); n > 0; n--) text.append(LETTERS.charAt(chance.nextInt(known)));
      String words = text.toString();

      assertEquals(Postings.folded(words), Postings.normalised(words), "seed " + seed + ": " + words);
    }
  }

  @ParameterizedTest
  @CsvSource({"'  Anna   MARIA ', anna maria", "'', ''", "'   ', ''", "O'Neil-2., o'neil-2."})
  void runsOfSpaceAndCaseDoNotCount(String text, String normal) {
    assertEquals(normal, Postings.simple(text));
  }

  @Test
  void whatIsNotPlainIsLeftToUnicode() {
    for (String text : new String[] {"M\u00fcller", "a\tb", "\u212b"}) assertNull(Postings.simple(text), text);
    assertEquals("muller", Postings.normalised("M\u00fcller"));
  }

  /** As docs/SEARCH.md shows them out of a database. */
  @Test
  void aTokenHasTheHashUnderWhichItLiesInDatabases() {
    assertEquals(5706266604683808451L, Hash.of(Postings.coded("code", "http://loinc.org", "29463-7")));
    assertEquals(85999690059742380L, Hash.of(Postings.coded("code", "http://loinc.org", "8302-2")));
  }

  /** MurmurHash64A, word by word. */
  @Test
  void theHashOfBytesIsThatOfTheirWords() {
    Random chance = new Random(20261123);
    for (int length = 0; length < 70; length++) {
      byte[] bytes = new byte[length];
      chance.nextBytes(bytes);
      assertEquals(murmur(bytes), Hash.of(bytes), length + " bytes");
    }
  }

  private static long murmur(byte[] bytes) {
    long m = 0xc6a4a7935bd1e995L;
    long h = bytes.length * m;
    ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    while (in.remaining() >= 8) {
      long k = in.getLong() * m;
      h = (h ^ (k ^ k >>> 47) * m) * m;
    }
    if (in.hasRemaining()) {
      byte[] rest = Arrays.copyOf(Arrays.copyOfRange(bytes, in.position(), bytes.length), 8);
      h = (h ^ ByteBuffer.wrap(rest).order(ByteOrder.LITTLE_ENDIAN).getLong()) * m;
    }
    h = (h ^ h >>> 47) * m;
    return h ^ h >>> 47;
  }

  @Test
  void hashesAreSortedAndStandOnce() {
    Set<String> tokens = new LinkedHashSet<>();
    for (int i = 0; i < 200; i++) tokens.add("t" + i);

    Long[] hashes = new Postings(tokens, null, Span.NONE, "", null).hashes();

    assertArrayEquals(tokens.stream().map(Hash::of).distinct().sorted().toArray(Long[]::new), hashes);
    assertArrayEquals(new Long[0], Postings.NOTHING.hashes());
  }
}

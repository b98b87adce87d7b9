package io.caregrid.templates.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.io.schubfach.DoubleToDecimal;
import java.math.BigDecimal;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NumbersTest {
  @ParameterizedTest
  @CsvSource({"70.0,70", "98.43639286275842,98.43639286275842", "1e21,1E+21", "0.00001,1E-05", "0.0001,0.0001",
    "36.8,36.8",
    "1e15,1E+15", "999999999999999,999999999999999", "123456789012345680,1.2345678901234568E+17",
    "12345678.5,12345678.5",
    "0.00012345,0.00012345", "1.5e-7,1.5E-07", "1e-100,1E-100", "-72.25,-72.25", "0,0", "-0.0,-0", "2e-3,0.002",
    "2.2250738585072014E-308,2.2250738585072014E-308", "1.7976931348623157E308,1.7976931348623157E+308",
    "9007199254740993,9.007199254740992E+15", "NaN,NaN", "Infinity,Infinity"})
  void aDoubleIsWrittenAsDotNetWritesIt(double number, String text) {
    assertEquals(text, Numbers.text(number));
  }

  @Test
  void whatHasFewDecimalsIsWrittenAsWhatHasMany() {
    long seed = Long.getLong("caregrid.test.seed", 7);
    Random random = new Random(seed);
    for (int i = 0; i < 200_000; i++) {
      double number = i % 3 == 0
          ? random.nextInt() / Math.pow(10, random.nextInt(6))
          : Math.nextUp(random.nextInt(2_000_000_000) / 1_000.0) * (i % 2 == 0 ? 1 : -1);
      BigDecimal shortest = new BigDecimal(DoubleToDecimal.toString(number)).stripTrailingZeros();
      assertEquals(shortest, new BigDecimal(Numbers.text(number)).stripTrailingZeros(), "seed " + seed);
      assertFalse(Numbers.text(number).endsWith(".0"), Numbers.text(number));
    }
  }

  @ParameterizedTest
  @CsvSource(value = {"22.40;22.40", "1E-05;0.00001", "1,000;1000", "-1,234,567.5;-1234567.5", "' 5 ';5", "+5;5",
    ".5;0.5", "5.;5",
    "1e3;1E+3"}, delimiter = ';')
  void readsDecimals(String text, BigDecimal number) {
    assertEquals(0, number.compareTo(Numbers.decimal(text)), text);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "abc", "NaN", "36,8", "1,00", "1,0000", "1 2", "0x10", "٣٦", "1e999999999", "--1",
    "1,234e5", "5-"})
  void refusesWhatIsNoDecimal(String text) {
    assertNull(Numbers.decimal(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "-0.5", "72", "36.80", "-10"})
  void knowsWhatNeedsNoChange(String text) {
    assertTrue(Numbers.isPlain(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "-", "007", "+5", ".5", "5.", "1e3", "1 2", "E", "5.a"})
  void knowsWhatNeedsAnotherLook(String text) {
    assertFalse(Numbers.isPlain(text));
  }
}

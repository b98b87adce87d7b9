package io.caregrid.templates.text;

import com.fasterxml.jackson.core.io.schubfach.DoubleToDecimal;
import java.math.BigDecimal;
import java.util.regex.Pattern;

/** Numbers as text, both ways, without a locale. */
public final class Numbers {
  private static final Pattern GROUPED = Pattern.compile("[+-]?\\d{1,3}(,\\d{3})+(\\.\\d*)?");
  private static final int MOST_DIGITS = 100;
  private static final int LARGEST_EXPONENT = 400;

  private static final double THREE_DECIMALS = 1e9;

  private Numbers() {}

  /**
   * The shortest text that reads back as the same number, as .NET writes it: {@code 70}, {@code 98.43639286275842}, {@code 1E-05}, {@code 1E+21}.
   */
  public static String text(double number) {
    if (number == Math.rint(number) && Math.abs(number) < 1e15 && (number != 0 || 1 / number > 0)) {
      return Long.toString((long) number);
    }
    String few = fewDecimals(number);
    if (few != null) return few;
    String shortest = DoubleToDecimal.toString(number);
    int exponent = shortest.indexOf('E');
    if (exponent < 0) return shortest.endsWith(".0") ? shortest.substring(0, shortest.length() - 2) : shortest;
    return scientific(shortest.substring(0, exponent), Integer.parseInt(shortest.substring(exponent + 1)));
  }

  /**
   * What has at most three decimals, as most readings have: two such numbers below this limit are never the same double, so what reads back as the number is
   * its shortest text. Null when it has more.
   */
  private static String fewDecimals(double number) {
    double size = Math.abs(number);
    if (!(size < THREE_DECIMALS && size >= 0.001)) return null;
    long thousandths = (long) (size * 1_000 + 0.5);
    if (thousandths / 1_000.0 != size) return null;
    StringBuilder text = new StringBuilder(16);
    if (number < 0) text.append('-');
    text.append(thousandths / 1_000).append('.');
    int fraction = (int) (thousandths % 1_000);
    text.append((char) ('0' + fraction / 100));
    if (fraction % 100 > 0) text.append((char) ('0' + fraction / 10 % 10));
    if (fraction % 10 > 0) text.append((char) ('0' + fraction % 10));
    return text.toString();
  }

  /** {@code mantissa} is {@code d.d…}; plain from 1E-4 up to 15 digits before the point. */
  private static String scientific(String mantissa, int exponent) {
    String digits = mantissa.endsWith(".0") ? mantissa.substring(0, mantissa.length() - 2) : mantissa;
    if (exponent > -5 && exponent < 15) return new BigDecimal(digits).scaleByPowerOfTen(exponent).toPlainString();
    int size = Math.abs(exponent);
    return digits + (exponent < 0 ? "E-" : "E+") + (size < 10 ? "0" : "") + size;
  }

  /**
   * A decimal number out of text: sign, digits, point, exponent; blanks around it and well-formed thousands ({@code 1,234.5}) are accepted.
   * Null for anything else, so for {@code 36,8}: whoever means 36.8 must not get 368. Null too beyond 100 digits or an exponent of 400.
   */
  public static BigDecimal decimal(String text) {
    String number = text.strip();
    if (number.isEmpty() || number.length() > 2 * MOST_DIGITS) return null;
    if (number.indexOf(',') >= 0) {
      if (!GROUPED.matcher(number).matches()) return null;
      number = number.replace(",", "");
    }
    if (!ascii(number)) return null;
    try {
      BigDecimal decimal = new BigDecimal(number);
      boolean sane = decimal.precision() <= MOST_DIGITS && Math.abs((long) decimal.scale()) <= LARGEST_EXPONENT;
      return sane ? decimal : null;
    } catch (NumberFormatException notANumber) {
      return null;
    }
  }

  /** As JSON and FHIR write it: plain while that is not longer than about 40 characters. */
  public static String text(BigDecimal number) {
    return number.scale() >= -20 && number.scale() <= 30 ? number.toPlainString() : number.toString();
  }

  /** True for what FHIR calls a decimal: no blanks, no plus sign, no leading zeros. */
  public static boolean isPlain(String text) {
    int at = text.startsWith("-") ? 1 : 0;
    int start = at;
    while (at < text.length() && digit(text.charAt(at))) at++;
    if (at == start || at - start > 1 && text.charAt(start) == '0' || at > MOST_DIGITS) return false;
    if (at == text.length()) return true;
    if (text.charAt(at) != '.') return false;
    int point = at++;
    while (at < text.length() && digit(text.charAt(at))) at++;
    return at == text.length() && at > point + 1 && at <= MOST_DIGITS;
  }

  private static boolean ascii(String text) {
    return text.chars().allMatch(c -> c < 128);
  }

  private static boolean digit(char c) {
    return c >= '0' && c <= '9';
  }
}

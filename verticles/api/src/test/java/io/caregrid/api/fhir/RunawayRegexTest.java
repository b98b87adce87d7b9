package io.caregrid.api.fhir;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RunawayRegexTest {
  @ParameterizedTest
  @ValueSource(strings = {"(a+)+b", "(a|a)*b", "(a|aa)+$", "a*a*b", "(a?){50}a{50}",
    "a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?aaa", "a+b",
    "(.*)\\1", "((a{1,9}){1,9}){1,9}", "^(\\w+\\s?)*$", "^([^x]*)*$", "(?:a+){2}", "^(a{0,9}b{0,9}){2,}$"})
  void whatMayRunForEverIsKnown(String regex) {
    assertTrue(RunawayRegex.is(regex));
    assertTrue(RunawayRegex.isUsedIn("name.matches('" + regex.replace("\\", "\\\\") + "')"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"^[0-9]{10}$", "^\\d{3}-?\\d{2}$", "[A-Z][A-Za-z0-9_]{0,254}", "^[^\\s]+$", "[0-9]+",
    "(urn:oid:)?[0-2]\\.[0-9]{1,9}",
    "^(male|female)$", "a(b|c)d", "[(+*]{3}", "\\(\\d\\)"})
  void whatEndsIsLetThrough(String regex) {
    assertFalse(RunawayRegex.is(regex));
    assertFalse(RunawayRegex.isUsedIn("name.matches('" + regex.replace("\\", "\\\\") + "')"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"name.matches(%resource.id)", "name.replaceMatches ( 'a' & 'b', 'c')",
    "a.matches('x') or b.matches('(a+)+')"})
  void whatIsNotWrittenThereIsNotTrusted(String expression) {
    assertTrue(RunawayRegex.isUsedIn(expression));
  }
}

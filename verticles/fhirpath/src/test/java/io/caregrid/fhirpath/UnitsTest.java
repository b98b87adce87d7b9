package io.caregrid.fhirpath;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Quantities in UCUM's units, each against another unit. */
class UnitsTest {
  private static final Node NOTHING = FhirPathTest.node("{\"resourceType\":\"Basic\"}");

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
      1 'kg' = 1000 'g'                          | [true]
      1 '[in_i]' = 2.54 'cm'                     | [true]
      1 '[lb_av]' = 453.59237 'g'                | [true]
      60 '/h' = 1 '/min'                         | [true]
      1 'U' = 1 'umol/min'                       | [true]
      5.5 'mmol/L' > 5400 'umol/L'               | [true]
      100 '{beats}/min' = 100 '/min'             | [true]
      4.5 '10*3/uL' = 4.5 '10*9/L'               | [true]
      760 'mm[Hg]' > 1 'bar'                     | [true]
      37 'Cel' > 98 '[degF]'                     | [true]
      37 'Cel' = 310.15 'K'                      | [true]
      98.6 '[degF]' = 37 'Cel'                   | [true]
      1 'L/min/m2' = 1 'L.min-1.m-2'             | [true]
      1 'm/s/s' = 1 'm/s2'                       | [true]
      1 'm' = 1 'kg'                             | []
      7 '[pH]' = 7 'mol/L'                       | []
      7 '[pH]' = 7 '[pH]'                        | [true]
      1 '[iU]/L' = 1 '/L'                        | []
      1 '[IU]/mL' = 1000 '[iU]/L'                | [true]
      1 'lbs' = 1 'kg'                           | []
      1 'lbs' = 1 'lbs'                          | [true]
      7 days = 1 week                            | [true]
      7 days = 1 'wk'                            | [true]
      1 year = 1 'a'                             | []
      1 year ~ 1 'a'                             | [true]
      2 'cm' * 2 'm' = 0.04 'm2'                 | [true]
      1 'cm'.comparable(1 'kg')                  | [false]
      """)
  void areCompared(String expression, String result) {
    assertEquals(result, FhirPath.compile(expression).evaluate(NOTHING).toString());
  }
}

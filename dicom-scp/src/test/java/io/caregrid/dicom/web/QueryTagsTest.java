package io.caregrid.dicom.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.contract.Failure;
import io.caregrid.store.ImageQuery.Level;
import io.caregrid.store.ImageTags.Wanted;
import io.vertx.core.buffer.Buffer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What may be an extended query tag. */
class QueryTagsTest {
  private static List<Wanted> wanted(String json) {
    return QueryTags.wanted(Buffer.buffer(json.replace('\'', '"')));
  }

  @Test
  void aKeywordOrDigitsWithTheVrOfTheStandardOrOneOfOnesOwn() {
    assertEquals(
        List.of(new Wanted("00180050", "DS", Level.INSTANCE, null), new Wanted("00081010", "SH", Level.SERIES, null),
            new Wanted("00280106", "SS", Level.STUDY, null), new Wanted("12051003", "LO", Level.INSTANCE, "ACME 1")),
        wanted("""
            [{'path': 'SliceThickness', 'vr': 'DS', 'level': 'Instance'}, {'path': '00081010', 'level': 'series'},
             {'path': '00280106', 'vr': 'ss', 'level': 'Study'},
             {'path': '12051003', 'vr': 'LO', 'level': 'Instance', 'privateCreator': 'ACME 1 '}]"""));
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
      {'path': '00180050', 'vr': 'DS'}                                                              | level must be
      {'path': '00180050', 'vr': 'DS', 'level': 'Patient'}                                          | level must be
      {'vr': 'DS', 'level': 'Study'}                                                                | must have a path
      {'path': 180050, 'vr': 'DS', 'level': 'Study'}                                                | must have a path
      {'path': 'SliceThick', 'vr': 'DS', 'level': 'Study'}                                          | path is an attribute's keyword
      {'path': '00180050.00180051', 'vr': 'DS', 'level': 'Study'}                                   | path is an attribute's keyword
      {'path': '00180050', 'vr': 'LO', 'level': 'Study'}                                            | has VR DS
      {'path': '00081115', 'vr': 'SQ', 'level': 'Study'}                                            | no tag can have this VR
      {'path': '7FE00010', 'level': 'Instance'}                                                     | no tag can have this VR
      {'path': '00189999', 'level': 'Study'}                                                        | its vr must be named
      {'path': '00020010', 'level': 'Study'}                                                        | no attribute of an instance
      {'path': '00080000', 'vr': 'UL', 'level': 'Study'}                                            | no attribute of an instance
      {'path': 'PatientID', 'level': 'Study'}                                                       | can be searched for anyhow
      {'path': '12051003', 'vr': 'LO', 'level': 'Study'}                                            | privateCreator must be named
      {'path': '12051003', 'level': 'Study', 'privateCreator': 'ACME'}                              | its vr must be named
      {'path': '12050010', 'vr': 'LO', 'level': 'Study', 'privateCreator': 'ACME'}                  | where private creators stand
      {'path': '00180050', 'vr': 'DS', 'level': 'Study', 'privateCreator': 'ACME'}                  | is not private
      {'path': '00180050', 'level': 'Study'}, {'path': 'SliceThickness', 'level': 'Series'}         | is named twice
      """)
  void whatIsNoTagIsRefusedWithWhy(String tags, String why) {
    Failure.Invalid refused = assertThrows(Failure.Invalid.class, () -> wanted("[" + tags + "]"));

    assertTrue(refused.getMessage().contains(why), refused.getMessage());
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '`', value = {"[]", "{}", "no json", "[1]", "[[]]", "null", "``"})
  void whatIsNoListOfTagsIsRefused(String body) {
    assertThrows(Failure.Invalid.class, () -> wanted(body));
  }

  @Test
  void moreThanThereMayBeAreRefusedBeforeTheyAreRead() {
    assertThrows(Failure.Invalid.class, () -> wanted("[" + "{},".repeat(128) + "{}]"));
  }
}

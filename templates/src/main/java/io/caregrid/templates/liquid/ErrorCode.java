package io.caregrid.templates.liquid;

/** What can be wrong with templates, input or result, with the numbers that users of FHIR-Converter know. */
public enum ErrorCode {
  TEMPLATE_FOLDER_NOT_FOUND(1101, "TemplateFolderNotFound"),
  TEMPLATE_LOADING_ERROR(1102, "TemplateLoadingError"), //
  INVALID_CODE_MAPPING(1103, "InvalidCodeMapping"),
  TEMPLATE_SYNTAX_ERROR(1104, "TemplateSyntaxError"), //
  INVALID_JSON_SCHEMA(1105, "InvalidJsonSchema"), //
  TEMPLATE_DATA_MISMATCH(1106, "TemplateDataMismatch"),
  INPUT_PARSING_ERROR(1201, "InputParsingError"), //
  NULL_OR_WHITE_SPACE_INPUT(1202, "NullOrWhiteSpaceInput"),
  INVALID_HL7V2_MESSAGE(1203, "InvalidHl7v2Message"), //
  MISSING_HL7V2_SEPARATORS(1204, "MissingHl7v2Separators"),
  DUPLICATE_HL7V2_SEPARATORS(1205, "DuplicateHl7v2Separators"), //
  INVALID_HL7V2_ESCAPE_CHARACTER(1206, "InvalidHl7v2EscapeCharacter"),
  INVALID_HEXADECIMAL_NUMBER(1207, "InvalidHexadecimalNumber"), //
  TEMPLATE_RENDERING_ERROR(1301, "TemplateRenderingError"),
  PROPERTY_NOT_FOUND(1302, "PropertyNotFound"), //
  NULL_OR_EMPTY_ROOT_TEMPLATE(1303, "NullOrEmptyRootTemplate"),
  TEMPLATE_NOT_FOUND(1305, "TemplateNotFound"), //
  TIMEOUT_ERROR(1306, "TimeoutError"),
  INVALID_DATE_TIME_FORMAT(1307, "InvalidDateTimeFormat"), //
  INVALID_ID_GENERATION_INPUT(1308, "InvalidIdGenerationInput"),
  INVALID_TIME_ZONE_HANDLING(1309, "InvalidTimeZoneHandling"), //
  INVALID_MERGE_DIFF_BLOCK_CONTENT(1310, "InvalidMergeDiffBlockContent"),
  INVALID_INPUT_OF_MERGE_DIFF_BLOCK(1311,
      "InvalidInputOfMergeDiffBlock"), //
  INVALID_VALIDATE_BLOCK_CONTENT(1312, "InvalidValidateBlockContent"), //
  UNMATCHED_VALIDATE_BLOCK_CONTENT(1313, "UnmatchedValidateBlockContent"), //
  JSON_PARSING_ERROR(1401, "JsonParsingError"),
  JSON_MERGING_ERROR(1402, "JsonMergingError");

  public final int number;
  /** The name that goes over the wire. */
  public final String name;

  ErrorCode(int number, String name) {
    this.number = number;
    this.name = name;
  }
}

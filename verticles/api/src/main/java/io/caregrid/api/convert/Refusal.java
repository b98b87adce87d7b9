package io.caregrid.api.convert;

import io.caregrid.contract.Failure;
import io.caregrid.templates.liquid.ConversionException;
import io.caregrid.templates.liquid.ErrorCode;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;

/** A conversion that gave nothing, in the words of both interfaces. To the sender only: it may quote what was sent. */
final class Refusal {
  private static final String SYSTEM = "urn:caregrid:convert-error";
  /** The parameter of the address that says which form of the interface is meant. */
  static final String VERSION = "api-version";
  private final ConversionException why;
  private final boolean toMessage;

  /** @param toMessage it was to become HL7 v2 */
  Refusal(ConversionException why, boolean toMessage) {
    this.why = why;
    this.toMessage = toMessage;
  }

  int status() {
    return why.code == ErrorCode.TIMEOUT_ERROR ? 408 : 400;
  }

  String text() {
    return why.code.number + " " + why.code.name + ": " + why.told();
  }

  /** FHIR R4 operationoutcome.html; the code is in details as well, for programs. */
  JsonObject outcome() {
    JsonObject coding = new JsonObject().put("system", SYSTEM)
        .put("code", String.valueOf(why.code.number))
        .put("display", why.code.name);
    JsonObject issue = new JsonObject().put("severity", "error")
        .put("code", why.code == ErrorCode.TIMEOUT_ERROR ? "timeout" : "invalid")
        .put("details", new JsonObject().put("coding", new JsonArray().add(coding)))
        .put("diagnostics", text());
    return new JsonObject().put("resourceType", "OperationOutcome").put("issue", new JsonArray().add(issue));
  }

  /** As FHIR-Converter's container tells it: a code, and a closer one inside of it. */
  JsonObject error() {
    return error(code(), innerCode(), text());
  }

  /** The same for what was refused before it was converted: a body that cannot be read, or one too many. */
  static JsonObject error(Failure failure) {
    return error(code(failure), innerCode(failure), failure.getMessage());
  }

  static String code(Failure failure) {
    if (failure.status >= 500) return "InternalServerError";
    return VERSION.equals(failure.expression) ? "InvalidApiVersion" : "InvalidRequestBody";
  }

  private static String innerCode(Failure failure) {
    if (!code(failure).equals("InvalidRequestBody")) return "";
    return switch (String.valueOf(failure.expression)) {
      case "InputDataString" -> "InvalidInputDataRequestValue";
      case "InputDataFormat" -> "InvalidInputDataFormat";
      case "RootTemplateName" -> "InvalidRootTemplate";
      default -> "InvalidRequestBody";
    };
  }

  private static JsonObject error(String code, String innerCode, String message) {
    JsonObject inner = new JsonObject();
    if (!innerCode.isEmpty()) inner.put("code", innerCode).put("message", message);
    return new JsonObject().put("error",
        new JsonObject().put("code", code).put("message", message).put("innerError", inner));
  }

  /** The outer ones are promised to clients (docs/how-to-guides/troubleshoot.md of FHIR-Converter), also where the input is to blame for a filter. */
  String code() {
    if (ofFilters()) return "InvalidTemplate";
    if (unreadBundle()) return "IncompatibleDataError";
    return switch (why.code.number / 100) {
      case 11 -> why.code == ErrorCode.TEMPLATE_DATA_MISMATCH ? "InvalidInputData" : "TemplateCollectionError";
      case 12 -> "InvalidInputData";
      case 14 -> "IncompatibleDataError";
      default -> switch (why.code) {
        case TIMEOUT_ERROR -> "TimeoutError";
        default -> "InvalidTemplate";
      };
    };
  }

  private boolean ofFilters() {
    return switch (why.code) {
      case INVALID_DATE_TIME_FORMAT, INVALID_ID_GENERATION_INPUT, INVALID_TIME_ZONE_HANDLING,
          INVALID_HEXADECIMAL_NUMBER ->
        true;
      default -> false;
    };
  }

  private boolean unreadBundle() {
    return toMessage && why.code == ErrorCode.INPUT_PARSING_ERROR;
  }

  private String innerCode() {
    if (ofFilters()) return "InvalidFilter";
    if (unreadBundle()) return "JsonParsingError";
    return switch (why.code) {
      case JSON_PARSING_ERROR -> "JsonParsingError";
      case JSON_MERGING_ERROR -> "JsonMergingError";
      case INPUT_PARSING_ERROR -> "InputParsingError";
      case TEMPLATE_NOT_FOUND -> "TemplateNotFound";
      case TIMEOUT_ERROR -> "TimeoutError";
      case TEMPLATE_FOLDER_NOT_FOUND -> "DependencyResourceNotFound";
      default -> code().equals("InvalidInputData") ? "InvalidInputDataContent" : "InvalidTemplateContent";
    };
  }
}

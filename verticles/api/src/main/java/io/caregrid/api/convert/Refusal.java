package io.caregrid.api.convert;

import io.caregrid.templates.liquid.ConversionException;
import io.caregrid.templates.liquid.ErrorCode;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;

/** A conversion that gave nothing, in the words of both interfaces. To the sender only: it may quote what was sent. */
final class Refusal {
  private static final String SYSTEM = "urn:caregrid:convert-error";
  private final ConversionException why;

  Refusal(ConversionException why) {
    this.why = why;
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
    JsonObject inner = new JsonObject().put("code", innerCode()).put("message", text());
    return new JsonObject().put("error",
        new JsonObject().put("code", code()).put("message", text()).put("innerError", inner));
  }

  String code() {
    return switch (why.code.number / 100) {
      case 11 -> why.code == ErrorCode.TEMPLATE_DATA_MISMATCH ? "InvalidInputData" : "TemplateCollectionError";
      case 12 -> "InvalidInputData";
      case 14 -> "IncompatibleDataError";
      default -> switch (why.code) {
        case TIMEOUT_ERROR -> "TimeoutError";
        case INVALID_DATE_TIME_FORMAT, INVALID_ID_GENERATION_INPUT -> "InvalidInputData";
        default -> "InvalidTemplate";
      };
    };
  }

  private String innerCode() {
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

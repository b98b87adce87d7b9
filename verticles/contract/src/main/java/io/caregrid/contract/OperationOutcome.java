package io.caregrid.contract;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;

/** The house's one form of saying no over HTTP, on every address: FHIR R4 OperationOutcome. */
public final class OperationOutcome {
  public static final String CONTENT_TYPE = "application/fhir+json; charset=utf-8";

  /**
   * @param severity   {@code fatal}, {@code error}, {@code warning} or {@code information}
   * @param code       FHIR R4 valueset-issue-type
   * @param text       what, and how to mend it, without patient data
   * @param expression FHIRPath of the element at fault, or null
   */
  public record Issue(String severity, String code, String text, String expression) {
    public static Issue error(String code, String text, String expression) {
      return new Issue("error", code, text, expression);
    }

    public static Issue warning(String code, String text) {
      return new Issue("warning", code, text, null);
    }

    public static Issue information(String text) {
      return new Issue("information", "informational", text, null);
    }

    private JsonObject json() {
      JsonObject issue = new JsonObject().put("severity", severity).put("code", code).put("diagnostics", text);
      return expression == null ? issue : issue.put("expression", new JsonArray().add(expression));
    }
  }

  private OperationOutcome() {}

  /** The body of an answer with {@code failure.status}; FHIR R4 operationoutcome.html. */
  public static Buffer of(Failure failure) {
    return of(List.of(Issue.error(failure.issue, failure.getMessage(), failure.expression)));
  }

  /** The body of a 500: says that it is our fault and nothing else, since a bug's own words may hold anything. */
  public static Buffer ofBug() {
    return of(List.of(new Issue("fatal", "exception", "internal error; the node's log says more", null)));
  }

  /** @param issues at least one (FHIR R4 operationoutcome.html) */
  public static Buffer of(List<Issue> issues) {
    JsonArray list = new JsonArray();
    issues.forEach(issue -> list.add(issue.json()));
    return new JsonObject().put("resourceType", "OperationOutcome").put("issue", list).toBuffer();
  }
}

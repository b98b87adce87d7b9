package io.caregrid.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class OperationOutcomeTest {
  @Test
  void aFailureBecomesOneIssueWithItsCodeAndPlace() {
    String body = OperationOutcome.of(new Failure.Unprocessable("status is required", "Observation.status")).toString();

    assertEquals("{\"resourceType\":\"OperationOutcome\",\"issue\":[{\"severity\":\"error\",\"code\":\"invariant\","
        + "\"diagnostics\":\"status is required\",\"expression\":[\"Observation.status\"]}]}", body);
  }

  @Test
  void aBugTellsNothingButThatItIsOurs() {
    assertEquals("{\"resourceType\":\"OperationOutcome\",\"issue\":[{\"severity\":\"fatal\",\"code\":\"exception\","
        + "\"diagnostics\":\"internal error; the node's log says more\"}]}", OperationOutcome.ofBug().toString());
  }
}

package io.caregrid.api.fhir;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.contract.Failure;
import io.caregrid.contract.OperationOutcome.Issue;
import io.caregrid.store.Edit;
import io.caregrid.store.Extent;
import java.util.List;
import java.util.function.UnaryOperator;

/** A patch whose result is checked as any resource is, and which stays the same resource. */
final class CheckedEdit implements Edit {
  private final UnaryOperator<ObjectNode> patch;
  private final ResourceRules rules;
  private final OwnAddress own;
  private volatile List<Issue> issues = List.of();

  /** @param base by which the client calls this node */
  CheckedEdit(UnaryOperator<ObjectNode> patch, ResourceRules rules, String base) {
    this.patch = patch;
    this.rules = rules;
    this.own = new OwnAddress(base);
  }

  @Override
  public ObjectNode apply(ObjectNode before) {
    String type = before.path("resourceType").asText();
    String id = before.path("id").asText();
    long characters = Extent.characters(before);
    ObjectNode next = patch.apply(before);
    long now = Extent.characters(next);
    if (now > Bodies.MAX_BYTES && now > characters)
      throw new Failure.TooLarge("the patch makes the resource larger than " + (Bodies.MAX_BYTES >> 20)
          + " MB, the most that can be sent at once");
    if (!next.path("resourceType").asText().equals(type))
      throw new Failure.Unprocessable("a patch cannot change resourceType", type);
    if (!next.path("id").asText().equals(id))
      throw new Failure.Unprocessable("a patch cannot change the id", type + ".id");
    issues = rules.check(next);
    if (issues.isEmpty()) return own.relative(next);
    Issue first = issues.get(0);
    throw new Failure.Unprocessable("the patch leaves no valid resource: " + first.text(), first.expression());
  }

  /** What was wrong with the result of the last try; empty when nothing was. */
  List<Issue> issues() {
    return issues;
  }
}

package io.caregrid.api.fhir;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.api.Rejected;
import io.caregrid.contract.Failure;
import io.caregrid.contract.OperationOutcome.Issue;
import io.caregrid.store.Step;
import io.vertx.core.buffer.Buffer;
import java.util.List;

/** The header X-Provenance, as Microsoft's server has it: a Provenance of what is written, without its target, to be kept together with it. */
final class Provenances {
  static final String HEADER = "X-Provenance";
  private static final String TYPE = "Provenance";
  /** By which the Provenance names what it comes with. */
  static final String TARGET = "urn:uuid:0c7a4e5e-5a6e-4d5e-9a3e-ca7e671d0001";

  private Provenances() {}

  /** Invalid 400, {@link Rejected} 422. */
  static Step read(String header, ResourceRules rules) {
    if (!ResourceTypes.has(TYPE))
      throw new Failure.Invalid("this node keeps no Provenance, which " + HEADER + " brings");
    ObjectNode provenance = ResourceReader.read(Buffer.buffer(header), Format.JSON, TYPE);
    if (provenance.has("target"))
      throw new Failure.Invalid(HEADER + " has no target: it is what comes with it", "target");
    provenance.putArray("target").addObject().put("reference", TARGET);
    List<Issue> issues = rules.check(provenance);
    if (!issues.isEmpty()) throw new Rejected(422, issues);
    return new Step.Create(null, TYPE, null, provenance);
  }
}

package io.caregrid.api.fhir;

import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import org.hl7.fhir.common.hapi.validation.validator.FhirDefaultPolicyAdvisor;
import org.hl7.fhir.r5.fhirpath.ExpressionNode;
import org.hl7.fhir.r5.fhirpath.FHIRPathEngine;
import org.hl7.fhir.r5.model.Base;
import org.hl7.fhir.r5.model.ElementDefinition;
import org.hl7.fhir.r5.model.StructureDefinition;
import org.hl7.fhir.r5.utils.validation.IResourceValidator;
import org.hl7.fhir.r5.utils.validation.IValidationPolicyAdvisor;
import org.hl7.fhir.validation.instance.InstanceValidator;

/**
 * When HAPI's validator has to stop, which has no limit of its own, though a profile may bring expressions that take years. It asks its adviser at every element
 * and its tracer at every step of an expression: both are this one.
 */
final class Deadline extends FhirDefaultPolicyAdvisor implements FHIRPathEngine.IDebugTracer {
  private final long end;

  Deadline(Duration patience) {
    end = System.nanoTime() + patience.toNanos();
  }

  /** No exception: the validator would make a finding of that and go on. */
  static final class Over extends Error {
    private static final long serialVersionUID = 1;

    Over() {
      super(null, null, false, false);
    }
  }

  void check() {
    if (System.nanoTime() - end > 0) throw new Over();
  }

  private void watch(IResourceValidator validator) {
    check();
    if (validator instanceof InstanceValidator instances) instances.getFHIRPathEngine().setTracer(this);
  }

  @Override
  public EnumSet<ResourceValidationAction> policyForResource(IResourceValidator validator, Object context,
      StructureDefinition type, String path) {
    watch(validator);
    return super.policyForResource(validator, context, type, path);
  }

  @Override
  public EnumSet<ElementValidationAction> policyForElement(IResourceValidator validator, Object context,
      StructureDefinition structure, ElementDefinition element, String path) {
    watch(validator);
    return super.policyForElement(validator, context, structure, element, path);
  }

  @Override
  public List<StructureDefinition> getImpliedProfilesForResource(IResourceValidator validator, Object context,
      String path, ElementDefinition definition, StructureDefinition structure,
      org.hl7.fhir.r5.elementmodel.Element resource, boolean valid,
      org.hl7.fhir.r5.utils.validation.IMessagingServices messages,
      List<org.hl7.fhir.utilities.validation.ValidationMessage> all) {
    watch(validator);
    return super.getImpliedProfilesForResource(validator, context, path, definition, structure, resource, valid,
        messages, all);
  }

  @Override
  public IValidationPolicyAdvisor getPolicyAdvisor() {
    return this;
  }

  @Override
  public void traceExpression(FHIRPathEngine.ExecutionContext context, List<Base> focus, List<Base> result,
      ExpressionNode node) {
    check();
  }

  @Override
  public void traceOperationExpression(FHIRPathEngine.ExecutionContext context, List<Base> focus, List<Base> result,
      ExpressionNode node) {
    check();
  }
}

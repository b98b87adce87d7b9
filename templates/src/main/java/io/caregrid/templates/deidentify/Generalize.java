package io.caregrid.templates.deidentify;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.fhirpath.FhirPath;
import io.caregrid.fhirpath.FhirPathException;
import io.caregrid.fhirpath.Node;
import io.caregrid.fhirpath.Value;
import io.caregrid.templates.deidentify.DeidentifyException.Kind;
import java.util.List;

/** The value of the first case that is true. One that is neither true nor false, because it compares what cannot be compared, counts as true: so the tool's engine has it. */
final class Generalize implements Method {
  private final List<Case> cases;
  private final boolean keepsOthers;

  record Case(FhirPath when, FhirPath then) {}

  Generalize(List<Case> cases, boolean keepsOthers) {
    this.cases = cases;
    this.keepsOthers = keepsOthers;
  }

  @Override
  public void apply(Element element, Work work) {
    if (!element.isPrimitive())
      throw work.failed(Kind.NOT_APPLICABLE, "generalize is for single values, and " + element.path() + " is of type "
          + element.type + ". If it stands beside a value, redact it by a rule before this one");
    if (element.value == null) return;
    for (Case one : cases) {
      if (!holds(one.when, element, work)) continue;
      work.changed(element, Label.GENERALIZED, scalar(one.then, element, work));
      return;
    }
    if (keepsOthers) work.said(Label.GENERALIZED);
    else work.changed(element, Label.GENERALIZED, null);
  }

  private static boolean holds(FhirPath when, Element element, Work work) {
    List<Value> found = values(when, element, work);
    if (found.isEmpty()) return true;
    if (found.size() > 1) throw work.failed(Kind.RULE, "a case gives several values where true or false is meant");
    Boolean truth = found.get(0).truth();
    if (truth == null) throw work.failed(Kind.RULE, "a case gives a value that is neither true nor false");
    return truth;
  }

  /** Only an expression that asks for what is around the value is shown it: making that picture anew for each value takes its time. */
  private static List<Value> values(FhirPath path, Element element, Work work) {
    work.look();
    if (path.toString().contains("%")) return Selector.values(path, element, work);
    try {
      return path.evaluate(null, Node.typed(element.type, element.value), FhirPath.Context.PLAIN);
    } catch (FhirPathException failed) {
      throw work.failed(Kind.RULE, failed.getMessage());
    }
  }

  private static JsonNode scalar(FhirPath then, Element element, Work work) {
    List<Value> found = values(then, element, work);
    if (found.isEmpty()) return null;
    if (found.size() > 1) throw work.failed(Kind.RULE, "the expression of a case gives several values");
    JsonNode value = found.get(0).json();
    if (!value.isValueNode()) throw work.failed(Kind.RULE, "the expression of a case gives no single value");
    return value.isNull() || value.isMissingNode() ? null : value;
  }
}

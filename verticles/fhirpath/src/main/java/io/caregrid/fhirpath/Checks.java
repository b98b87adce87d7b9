package io.caregrid.fhirpath;

import static io.caregrid.fhirpath.Existence.entry;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.fhirpath.Environment.Terminology;
import io.caregrid.fhirpath.FhirPathException.Unfit;
import io.caregrid.fhirpath.Functions.Signature;
import io.caregrid.fhirpath.Value.Text;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Questions that FHIR's invariants ask (FHIR R4 fhirpath.html#functions): of profiles, codes, modifiers and narratives. */
final class Checks {
  private static final String DEFINITIONS = "http://hl7.org/fhir/StructureDefinition/";

  static final Map<String, Signature> FUNCTIONS = Map.ofEntries(
      entry("checkModifiers", 0, 20, Checks::checkModifiers),
      entry("conformsTo", 1, 1, Checks::conformsTo),
      entry("memberOf", 1, 1, Checks::memberOf),
      entry("subsumes", 1, 1, (in, args, scope) -> subsumes(in, scope.argument(args.get(0)), scope)),
      entry("subsumedBy", 1, 1, (in, args, scope) -> subsumes(scope.argument(args.get(0)), in, scope)),
      entry("htmlChecks", 0, 0, (in, args, scope) -> htmlChecks(in)),
      entry("comparable", 1, 1, Checks::comparable));

  private Checks() {}

  /** The input where it has no modifier extension but those that are named; else an error: whoever goes on would misread it. */
  private static List<Value> checkModifiers(List<Value> in, List<Expression> args, Scope scope) {
    Set<String> known = new HashSet<>();
    for (Expression arg : args) known.add(Items.text(scope.argument(arg), "the URL of a modifier extension"));
    for (Value item : in) {
      if (!(item instanceof Node node)) continue;
      for (Value extension : node.member("modifierExtension", false)) {
        if (!known.contains(((Node) extension).json().path("url").asText()))
          throw new Unfit("there is a modifier extension that checkModifiers() does not name");
      }
    }
    return in;
  }

  /** FHIR's own types; other profiles are asked of the environment. */
  private static List<Value> conformsTo(List<Value> in, List<Expression> args, Scope scope) {
    Value one = Items.one(in, "what conformsTo() is called on");
    String url = Items.text(scope.argument(args.get(0)), "the profile of conformsTo()");
    if (one == null || url == null) return Items.NONE;
    if (!(one instanceof Node node)) return Items.of(Boolean.FALSE);
    Environment.Profiles profiles = scope.run().environment.profiles();
    if (profiles == null || isOwn(url)) return Items.of((Boolean) node.isA(ownType(url)));
    Boolean told = profiles.conforms(node.json(), url);
    if (told == null) throw new Unfit("conformsTo() is given a profile that is not known");
    return Items.of(told);
  }

  private static boolean isOwn(String url) {
    return url.startsWith(DEFINITIONS) && Model.R4.type(url.substring(DEFINITIONS.length())) != null;
  }

  static String ownType(String url) {
    if (isOwn(url)) return url.substring(DEFINITIONS.length());
    throw new Unfit("conformsTo() knows FHIR's own types only, not this profile: there are no profiles here");
  }

  private static List<Value> memberOf(List<Value> in, List<Expression> args, Scope scope) {
    Value one = Items.one(in, "what memberOf() is called on");
    String valueSet = Items.text(scope.argument(args.get(0)), "the value set of memberOf()");
    if (one == null || valueSet == null) return Items.NONE;
    boolean coded = one.atom() instanceof Text || isCoded(one);
    if (!coded) throw new Unfit("memberOf() is called on a code, Coding or CodeableConcept, not on " + one.typeName());
    return Items.of(scope.run().environment.terminology().memberOf(one.json(), valueSet));
  }

  private static boolean isCoded(Value value) {
    return value instanceof Node node && (node.isA("Coding") || node.isA("CodeableConcept"));
  }

  private static List<Value> subsumes(List<Value> general, List<Value> special, Scope scope) {
    JsonNode above = coded(general);
    JsonNode below = coded(special);
    Terminology terminology = scope.run().environment.terminology();
    return above == null || below == null ? Items.NONE : Items.of(terminology.subsumes(above, below));
  }

  private static JsonNode coded(List<Value> items) {
    Value one = Items.one(items, "a side of subsumption");
    if (one == null) return null;
    if (!isCoded(one)) throw new Unfit("subsumption is between Codings or CodeableConcepts, not " + one.typeName());
    return one.json();
  }

  /** Of one xhtml whether it keeps FHIR's rules; of anything else empty. */
  private static List<Value> htmlChecks(List<Value> in) {
    Value one = Items.one(in, "what htmlChecks() is called on");
    if (!(one instanceof Node node) || !node.isA("xhtml") || !node.json().isTextual()) return Items.NONE;
    return Items.of((Boolean) Narrative.keepsRules(node.json().textValue()));
  }

  private static List<Value> comparable(List<Value> in, List<Expression> args, Scope scope) {
    Value one = Items.single(in, "what comparable() is called on");
    Value other = Items.single(scope.argument(args.get(0)), "the argument of comparable()");
    if (one == null || other == null) return Items.NONE;
    return Items.of((Boolean) (one instanceof Quantity a && other instanceof Quantity b && a.isComparable(b)));
  }
}

package io.caregrid.fhirpath;

import java.util.List;
import java.util.function.Predicate;

/** Where ours and HAPI's engine differ on purpose, each with the text that decides it. */
final class Differences {
  private record Case(String expression, String ours, String hapis) {}

  private record Difference(String reason, Predicate<Case> is) {}

  private static final List<Difference> ALL = List.of(
      new Difference("N1 \"Conversion\": of an empty collection convertsToX() is empty; HAPI gives false",
          one -> one.expression.contains(".convertsTo") && one.ours.equals("[]")
              && one.hapis.equals("[boolean false]")),
      new Difference(
          "N1 \"Conversion\": a String of digits is a Decimal, whatever the first digit; HAPI takes no zero in front",
          one -> one.expression.endsWith(".convertsToDecimal()") && one.ours.equals("[boolean true]")
              && one.hapis.equals("[boolean false]")),
      new Difference("N1 \"Math\": of an empty collection the result is empty; HAPI fails",
          one -> one.expression.matches(".*\\.(abs|ceiling|floor|round|truncate)\\(\\)") && one.ours.equals("[]")
              && one.hapis.equals("error")),
      new Difference("N1 \"Types\" and FHIR R4 fhirpath.html#types: positiveInt and unsignedInt are Integers, which "
          + "have an order with Decimals; HAPI fails",
          one -> one.hapis.equals("error") && one.expression.matches(".*(<|>|<=|>=) -?[0-9.]+.*")),
      new Difference("N1 \"Equivalent\": of two Times it is as with =; HAPI fails",
          one -> one.expression.contains("~ @T") && one.hapis.equals("error")),
      new Difference(
          "extensions are children of every element (FHIR R4 element.html); HAPI leaves out those of Timing and "
              + "Dosage",
          one -> one.expression.endsWith(".descendants().count()") && count(one.hapis) > 0
              && count(one.ours) > count(one.hapis)),
      new Difference("N1 \"where\": $index is the index of the item; HAPI has none there and keeps all",
          one -> one.expression.contains("where($index = 0)")),
      new Difference("N1 \"abs\": of an Integer it is an Integer; HAPI makes a Decimal of a positiveInt or unsignedInt",
          one -> one.expression.endsWith(".abs()") && one.ours.replace("integer", "decimal").equals(one.hapis)),
      new Difference("the type of Narrative.div is xhtml (FHIR R4 narrative.html); HAPI makes a string of it",
          one -> one.ours.replace("xhtml <", "string <").equals(one.hapis) || one.expression.contains(" is xhtml)")),
      new Difference("xhtml is a primitive type and has no elements; HAPI counts what is inside of it",
          one -> one.expression.contains(".descendants()") && one.expression.contains(".text")));

  private Differences() {}

  private static int count(String values) {
    return values.matches("\\[integer \\d+]") ? Integer.parseInt(values.substring(9, values.length() - 1)) : 0;
  }

  /** Null when nothing here explains it. */
  static String reason(String expression, String ours, String hapis) {
    Case found = new Case(expression, ours, hapis);
    return ALL.stream().filter(one -> one.is.test(found)).map(Difference::reason).findFirst().orElse(null);
  }
}

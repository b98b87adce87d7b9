package io.caregrid.fhirpath;

import io.caregrid.fhirpath.FhirPathException.Place;
import io.caregrid.fhirpath.FhirPathException.Unfit;
import io.caregrid.fhirpath.Token.Kind;
import io.caregrid.fhirpath.Value.Bool;
import io.caregrid.fhirpath.Value.Decimal;
import io.caregrid.fhirpath.Value.Text;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** Words into a tree of evaluators, by precedence climbing (FHIRPath N1, "Operator Precedence" and the grammar). */
final class Parser {
  private static final int DEEPEST = 100;
  /** How tightly an operator binds, from implies to the multiplicative ones. */
  private static final Map<String, Integer> LEVELS = Map.ofEntries(
      Map.entry("implies", 1), Map.entry("or", 2), Map.entry("xor", 2), Map.entry("and", 3),
      Map.entry("in", 4), Map.entry("contains", 4),
      Map.entry("=", 5), Map.entry("~", 5), Map.entry("!=", 5), Map.entry("!~", 5),
      Map.entry("<=", 6), Map.entry("<", 6), Map.entry(">", 6), Map.entry(">=", 6), Map.entry("|", 7),
      Map.entry("is", 8), Map.entry("as", 8), Map.entry("+", 9), Map.entry("-", 9), Map.entry("&", 9),
      Map.entry("*", 10), Map.entry("/", 10), Map.entry("div", 10), Map.entry("mod", 10));

  private final List<Token> words;
  private final Environment environment;
  private final boolean strict;
  private int at;
  private int depth;
  /** Of the piece read last. */
  private Shape shape = Shape.UNKNOWN;
  /** Of what the next path begins on. */
  private Shape focus = Shape.UNKNOWN;

  Parser(String text, Environment environment) {
    this.words = Lexer.words(text);
    this.environment = environment;
    this.strict = environment.reading() == Environment.Reading.STRICT;
  }

  Expression whole() {
    Expression all = expression(1);
    if (peek().kind() != Kind.END) throw bad("an operator or the end should be here, not " + peek().shown());
    return all;
  }

  private Expression expression(int least) {
    if (++depth > DEEPEST) throw bad("the expression is nested more than " + DEEPEST + " deep");
    Expression left = signed();
    while (LEVELS.getOrDefault(operator(), 0) >= least) {
      Token operator = words.get(at++);
      left = new Placed(operator.place(), operation(operator.text(), left));
    }
    depth--;
    return left;
  }

  private String operator() {
    return peek().kind() == Kind.SYMBOL || peek().kind() == Kind.NAME ? peek().text() : "";
  }

  private Expression operation(String operator, Expression left) {
    if (operator.equals("is") || operator.equals("as")) {
      Expression test = Functions.ofType(operator, type(), environment);
      return chain(left, test);
    }
    Expression right = expression(LEVELS.get(operator) + 1);
    shape = Shape.UNKNOWN;
    return Operators.of(operator, left, right);
  }

  private Expression signed() {
    Place place = peek().place();
    if (take("-")) return new Placed(place, new Negation(nested()));
    if (!take("+")) return path();
    Expression same = new Negation(new Negation(nested()));
    return new Placed(place, same);
  }

  private Expression nested() {
    if (++depth > DEEPEST) throw bad("the expression is nested more than " + DEEPEST + " deep");
    Expression inner = signed();
    depth--;
    return inner;
  }

  private Expression path() {
    Expression path = term();
    while (true) {
      Place place = peek().place();
      if (take(".")) {
        path = chain(path, invocation(false));
      } else if (take("[")) {
        Shape items = shape;
        path = new Placed(place, indexed(path, expression(1)));
        shape = items;
        expect("]");
      } else {
        return path;
      }
    }
  }

  private static Expression chain(Expression path, Expression step) {
    return (input, scope) -> step.evaluate(path.evaluate(input, scope), scope);
  }

  private static Expression indexed(Expression path, Expression index) {
    return (input, scope) -> {
      List<Value> items = path.evaluate(input, scope);
      Integer at = Items.whole(scope.argument(index), "an index");
      return at == null || at < 0 || at >= items.size() ? Items.NONE : List.of(items.get(at));
    };
  }

  private Expression term() {
    Token word = peek();
    shape = Shape.UNKNOWN;
    switch (word.kind()) {
      case STRING :
        at++;
        return literal(new Text(word.text()));
      case NUMBER :
        at++;
        return literal(number(word));
      case CALENDAR :
        at++;
        return literal(moment(word, word.text().contains("T") ? Moment.Kind.DATETIME : Moment.Kind.DATE));
      case CLOCK :
        at++;
        return literal(moment(word, Moment.Kind.TIME));
      case VARIABLE :
        at++;
        return variable(word);
      default :
        return bracketed(word);
    }
  }

  private Expression bracketed(Token word) {
    if (take("(")) {
      Expression inner = expression(1);
      expect(")");
      return inner;
    }
    if (take("{")) {
      expect("}");
      return new Literal(Items.NONE);
    }
    if (word.kind() == Kind.NAME && (word.text().equals("true") || word.text().equals("false"))) {
      at++;
      return literal(Bool.of(word.text().equals("true")));
    }
    return invocation(true);
  }

  private static Expression literal(Value value) {
    return new Literal(List.of(value));
  }

  /** A unit may follow: {@code 4 days}, {@code 10 'mg'}. */
  private Value number(Token word) {
    BigDecimal value = new BigDecimal(word.text());
    Token unit = peek();
    if (unit.kind() == Kind.STRING) {
      at++;
      return new Quantity(value, unit.text());
    }
    if (unit.kind() == Kind.NAME && Quantity.calendar(unit.text()) != null) {
      at++;
      return new Quantity(value, Quantity.calendar(unit.text()));
    }
    Value number = word.text().contains(".") ? new Decimal(value) : Arithmetic.number(value, true);
    if (number == null) throw new FhirPathException(word.place(), "an integer has 32 bits: this one is too large");
    return number;
  }

  private static Value moment(Token word, Moment.Kind kind) {
    Moment moment = Moment.read(word.text(), kind);
    if (moment == null) throw new FhirPathException(word.place(), "there is no such date or time");
    return moment;
  }

  private Expression variable(Token word) {
    String name = word.text();
    Expression own = Variables.of(name);
    if (own != null) return own;
    if (!environment.constants().contains(name))
      throw new FhirPathException(word.place(), "there is no constant %" + name);
    return (input, scope) -> scope.run().variables.getOrDefault(name, Items.NONE);
  }

  /** @param first it begins a path, and may be the name of the resource's type */
  private Expression invocation(boolean first) {
    Token word = words.get(at++);
    Shape on = first ? focus : shape;
    if (word.kind() == Kind.DOLLAR) {
      shape = word.text().equals("this") ? focus : Shape.UNKNOWN;
      return Variables.ofLoop(word);
    }
    if (!word.isName()) {
      at--;
      throw bad("a name or a value should be here, not " + word.shown());
    }
    if (peek().is("(")) return new Placed(word.place(), call(word, on));
    if (first && Paths.isType(word.text())) {
      shape = Shape.of(Model.R4.type(word.text()));
      return new Placed(word.place(), Paths.start(word.text()));
    }
    shape = at(word, () -> on.member(word.text(), strict));
    return new Placed(word.place(), new Step(word.text()));
  }

  private Expression call(Token name, Shape on) {
    expect("(");
    if (Functions.takesType(name.text()) && !peek().is(")")) {
      TypeTest type = peek().kind() == Kind.STRING ? known(words.get(at++), null) : type();
      expect(")");
      return Functions.ofType(name.text(), type, environment);
    }
    List<Expression> arguments = arguments(on);
    shape = at(name, () -> on.call(name.text(), strict));
    if (name.text().equals("resolve") && asksForType())
      return at(name, () -> Functions.of("resolve", arguments,
          environment, true));
    return at(name, () -> Functions.of(name.text(), arguments, environment, false));
  }

  private List<Expression> arguments(Shape on) {
    List<Expression> arguments = new ArrayList<>();
    if (take(")")) return arguments;
    Shape outer = focus;
    focus = on;
    do {
      arguments.add(expression(1));
    } while (take(","));
    focus = outer;
    expect(")");
    return arguments;
  }

  /** Whether what was read is asked for its type and nothing else: {@code resolve() is Patient}. */
  private boolean asksForType() {
    if (peek().is("is")) return true;
    return peek().is(".") && words.get(at + 1).is("is") && words.get(at + 2).is("(");
  }

  private static <T> T at(Token word, Supplier<T> made) {
    try {
      return made.get();
    } catch (Unfit wrong) {
      throw new FhirPathException(word.place(), wrong.getMessage());
    }
  }

  private TypeTest type() {
    TypeTest type = named();
    shape = Shape.of("System".equals(type.namespace()) ? null : Model.R4.type(type.name()));
    return type;
  }

  private TypeTest named() {
    Token first = words.get(at++);
    if (!first.isName()) {
      at--;
      throw bad("the name of a type should be here, not " + first.shown());
    }
    if (!take(".")) return known(first, null);
    Token second = words.get(at++);
    if (!second.isName()) {
      at--;
      throw bad("the name of a type should be here, not " + second.shown());
    }
    return known(second, first.text());
  }

  private static TypeTest known(Token name, String namespace) {
    TypeTest type = new TypeTest(namespace, name.text());
    if (!type.isKnown()) throw new FhirPathException(name.place(), "there is no type " + name.text());
    return type;
  }

  private Token peek() {
    return words.get(at);
  }

  private boolean take(String symbol) {
    boolean there = peek().kind() == Kind.SYMBOL && peek().text().equals(symbol);
    if (there) at++;
    return there;
  }

  private void expect(String symbol) {
    if (!take(symbol)) throw bad("'" + symbol + "' should be here, not " + peek().shown());
  }

  private FhirPathException bad(String reason) {
    return new FhirPathException(peek().place(), reason);
  }
}

package io.caregrid.templates.jmespath;

import io.caregrid.templates.jmespath.Lexer.Kind;
import io.caregrid.templates.jmespath.Lexer.Token;
import java.util.ArrayList;
import java.util.List;

/**
 * Top-down operator precedence over the tokens of one expression. What binds: {@code |} least, then {@code ||}, {@code &&}, comparisons, {@code !}, {@code []}, projections,
 * dots, brackets.
 */
final class Parser {
  private static final int LONGEST = 10_000;
  private static final int DEEPEST = 100;
  /** What binds less than this ends a projection. */
  private static final int PROJECTION_ENDS = 10;
  private static final int FLATTEN = 9;
  private static final int STAR = 20;
  private static final int FILTER = 21;
  private static final int DOT = 40;
  private static final int NOT = 6;
  private final String text;
  private final List<Token> tokens;
  private int at;
  private int depth;
  private boolean namesDocument;

  Parser(String text) {
    if (text.length() > LONGEST) {
      throw new JmesPathSyntaxException(text.substring(0, 40) + "…", LONGEST, "longer than " + LONGEST + " characters");
    }
    this.text = text;
    this.tokens = new Lexer(text).tokens();
  }

  Expr expression() {
    Expr whole = parse(0);
    if (token().kind() != Kind.END) throw unexpected();
    return whole;
  }

  /** True when {@code $} stood in what has been read. */
  boolean namesDocument() {
    return namesDocument;
  }

  private Expr parse(int power) {
    if (++depth > DEEPEST) throw error(token(), "nested more than " + DEEPEST + " deep");
    Expr left = first();
    while (power < power(token())) left = next(left);
    depth--;
    return left;
  }

  private static int power(Token token) {
    if (token.kind() != Kind.SIGN) return 0;
    return switch (token.text()) {
      case "|" -> 1;
      case "||" -> 2;
      case "&&" -> 3;
      case "==", "!=", "<", "<=", ">", ">=" -> 5;
      case "[]" -> FLATTEN;
      case "[?" -> FILTER;
      case "." -> DOT;
      case "[" -> 55;
      default -> 0;
    };
  }

  private Expr first() {
    Token token = advance();
    return switch (token.kind()) {
      case NAME -> token().is("(") ? call(token) : new Expr.Field(token.text());
      case QUOTED -> new Expr.Field(token.text());
      case LITERAL -> new Expr.Literal(token.value());
      case SIGN -> firstSign(token);
      default -> throw error(token, "unexpected " + token.text());
    };
  }

  private Expr firstSign(Token token) {
    return switch (token.text()) {
      case "@" -> new Expr.Current();
      case "$" -> {
        namesDocument = true;
        yield new Expr.Root();
      }
      case "*" -> new Expr.Projection(new Expr.Current(), true, null, each(STAR));
      case "[]" -> flatten(new Expr.Current());
      case "[?" -> filter(new Expr.Current());
      case "[" -> opensIndex() ? index(new Expr.Current()) : list();
      case "{" -> hash();
      case "!" -> new Expr.Not(parse(NOT));
      case "(" -> {
        Expr inner = parse(0);
        expect(")");
        yield inner;
      }
      default -> throw error(token, "unexpected '" + token.text() + "'");
    };
  }

  private Expr next(Expr left) {
    Token token = advance();
    return switch (token.text()) {
      case "." -> token().is("*") ? objectValues(left) : new Expr.Sub(left, afterDot(DOT));
      case "|" -> new Expr.Pipe(left, parse(1));
      case "||" -> new Expr.Or(left, parse(2));
      case "&&" -> new Expr.And(left, parse(3));
      case "[]" -> flatten(left);
      case "[?" -> filter(left);
      case "[" -> index(left);
      default -> new Expr.Compare(left, token.text(), parse(5));
    };
  }

  private Expr objectValues(Expr left) {
    advance();
    return new Expr.Projection(left, true, null, each(STAR));
  }

  private Expr flatten(Expr left) {
    return new Expr.Projection(new Expr.Flatten(left), false, null, each(FLATTEN));
  }

  private Expr filter(Expr left) {
    Expr test = parse(0);
    expect("]");
    return new Expr.Projection(left, false, test, each(FILTER));
  }

  /** What a projection does with each element: everything up to what binds less. */
  private Expr each(int power) {
    if (power(token()) < PROJECTION_ENDS) return new Expr.Current();
    if (!token().is(".")) return parseOnCurrent(power);
    advance();
    return afterDot(power);
  }

  /** A bracket directly behind a projection: it is read as if {@code @} stood before it. */
  private Expr parseOnCurrent(int power) {
    if (token().is("[") && !opensIndex(1)) throw error(token(), "a dot is needed before a list");
    return parse(power);
  }

  private Expr afterDot(int power) {
    Token token = token();
    if (token.kind() == Kind.NAME || token.kind() == Kind.QUOTED || token.is("*")) return parse(power);
    advance();
    if (token.is("[")) return list();
    if (token.is("{")) return hash();
    throw error(token, "a name, '*', '[' or '{' is expected after the dot");
  }

  /** True when what follows the bracket is a number, a colon or {@code *]}. */
  private boolean opensIndex() {
    return opensIndex(0);
  }

  private boolean opensIndex(int ahead) {
    Token token = tokens.get(Math.min(at + ahead, tokens.size() - 1));
    return token.kind() == Kind.NUMBER || token.is(":")
        || token.is("*") && tokens.get(Math.min(at + ahead + 1, tokens.size() - 1)).is("]");
  }

  /** Behind the opening bracket. */
  private Expr index(Expr left) {
    if (token().is("*")) {
      advance();
      expect("]");
      return new Expr.Projection(left, false, null, each(STAR));
    }
    Integer[] numbers = new Integer[3];
    int colons = 0;
    while (!token().is("]")) {
      Token token = advance();
      if (token.is(":") && colons < 2) {
        colons++;
      } else if (token.kind() == Kind.NUMBER && numbers[colons] == null) {
        numbers[colons] = integer(token);
      } else {
        throw error(token, "an index or slice is expected");
      }
    }
    Token close = advance();
    if (colons == 0 && numbers[0] == null) throw error(close, "an index or slice is expected");
    if (colons == 0) return new Expr.Sub(left, new Expr.Index(numbers[0]));
    if (numbers[2] != null && numbers[2] == 0) throw error(close, "a slice's step cannot be zero");
    Expr slice = new Expr.Slice(numbers[0], numbers[1], numbers[2] == null ? 1 : numbers[2]);
    return new Expr.Projection(new Expr.Sub(left, slice), false, null, each(STAR));
  }

  private int integer(Token token) {
    try {
      return Integer.parseInt(token.text());
    } catch (NumberFormatException tooLarge) {
      throw error(token, token.text() + " is no index");
    }
  }

  private Expr list() {
    List<Expr> items = new ArrayList<>();
    do items.add(parse(0)); while (more("]"));
    return new Expr.MultiList(List.copyOf(items));
  }

  private Expr hash() {
    List<String> names = new ArrayList<>();
    List<Expr> values = new ArrayList<>();
    do {
      Token name = advance();
      if (name.kind() != Kind.NAME && name.kind() != Kind.QUOTED) throw error(name, "a name is expected");
      names.add(name.text());
      expect(":");
      values.add(parse(0));
    } while (more("}"));
    return new Expr.MultiHash(List.copyOf(names), List.copyOf(values));
  }

  /** True after a comma, false after the closing sign. */
  private boolean more(String close) {
    Token token = advance();
    if (token.is(",")) return true;
    if (token.is(close)) return false;
    throw error(token, "',' or '" + close + "' is expected");
  }

  private Expr call(Token name) {
    advance();
    List<Expr> arguments = new ArrayList<>();
    if (token().is(")")) {
      advance();
    } else {
      do arguments.add(argument()); while (more(")"));
    }
    try {
      return Functions.call(name.text(), arguments);
    } catch (IllegalArgumentException wrong) {
      throw error(name, wrong.getMessage());
    }
  }

  private Expr argument() {
    if (!token().is("&")) return parse(0);
    advance();
    return new Expr.Reference(parse(0));
  }

  private Token token() {
    return tokens.get(at);
  }

  private Token advance() {
    Token token = tokens.get(at);
    if (token.kind() != Kind.END) at++;
    return token;
  }

  private void expect(String sign) {
    Token token = advance();
    if (!token.is(sign)) throw error(token, "'" + sign + "' is expected");
  }

  private JmesPathSyntaxException unexpected() {
    return error(token(), "unexpected '" + token().text() + "'");
  }

  private JmesPathSyntaxException error(Token token, String what) {
    return new JmesPathSyntaxException(text, token.at(), what);
  }
}

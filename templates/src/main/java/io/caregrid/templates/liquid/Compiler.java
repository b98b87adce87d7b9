package io.caregrid.templates.liquid;

import io.caregrid.templates.liquid.Lexer.Kind;
import io.caregrid.templates.liquid.Lexer.Token;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Turns the pieces of one template into closures. What is wrong in the text is found here, with its line, and not when the template is used. */
final class Compiler {
  private static final Set<String> IF_PARTS = Set.of("elsif", "elseif", "else");
  private static final int DEEPEST = 200;
  private final String template;
  private final List<Token> tokens;
  private final Symbols symbols;
  private final Filters filters;
  private final Map<String, Integer> schemas = new LinkedHashMap<>();
  private int at;
  private int depth;

  private Compiler(String template, List<Token> tokens, Symbols symbols, Filters filters) {
    this.template = template;
    this.tokens = tokens;
    this.symbols = symbols;
    this.filters = filters;
  }

  static Template template(String key, String source, Symbols symbols, Filters filters) {
    Compiler compiler = new Compiler(key, Lexer.tokens(key, source), symbols, filters);
    Node body = compiler.block(Set.of());
    if (compiler.at < compiler.tokens.size())
      throw compiler.wrong(compiler.tokens.get(compiler.at), "nothing is open that it ends");
    return new Template(key, body, Map.copyOf(compiler.schemas));
  }

  /** Pieces up to a tag of {@code ends}, which is left to the caller, or to the end of the file when {@code ends} is empty. */
  private Node block(Set<String> ends) {
    if (++depth > DEEPEST) {
      throw new ConversionException(ErrorCode.TEMPLATE_SYNTAX_ERROR,
          "more than " + DEEPEST + " blocks inside each other",
          template, tokens.get(at - 1).line());
    }
    Node block = nodes(ends);
    depth--;
    return block;
  }

  private Node nodes(Set<String> ends) {
    List<Node> nodes = new ArrayList<>();
    while (at < tokens.size()) {
      Token token = tokens.get(at);
      if (token.kind() == Kind.TAG && ends.contains(token.name())) return Nodes.all(nodes);
      at++;
      if (token.kind() == Kind.TEXT) nodes.add(Nodes.text(token.text()));
      if (token.kind() == Kind.OUTPUT) nodes.add(placed(token, Nodes.output(piped(token, token.text()))));
      if (token.kind() == Kind.TAG) nodes.add(placed(token, tag(token)));
    }
    if (!ends.isEmpty())
      throw new ConversionException(ErrorCode.TEMPLATE_SYNTAX_ERROR, "a block is not ended: " + ends, template,
          lastLine());
    return Nodes.all(nodes);
  }

  private int lastLine() {
    return tokens.isEmpty() ? 1 : tokens.get(tokens.size() - 1).line();
  }

  private Node placed(Token token, Node node) {
    return Nodes.placed(node, template, token.line());
  }

  private Node tag(Token token) {
    return switch (token.name()) {
      case "assign" -> assign(token);
      case "capture" -> capture(token);
      case "evaluate" -> evaluate(token);
      case "include" -> include(token);
      case "if" -> ifs(token, false);
      case "unless" -> ifs(token, true);
      case "for" -> loop(token);
      case "case" -> cases(token);
      case "comment", "raw" -> raw(token);
      case "break" -> run -> Node.BREAK;
      case "continue" -> run -> Node.CONTINUE;
      case "mergeDiff" -> mergeDiff(token);
      case "validate" -> validate(token);
      default -> throw wrong(token, "unknown tag '" + token.name() + "'");
    };
  }

  private Node assign(Token token) {
    Markup.Assignment read = found(Markup.assignment(token.markup()), token, "assign variable = value");
    return Nodes.assign(symbols.of(read.variable()), piped(token, read.value()));
  }

  private Node capture(Token token) {
    String variable = token.markup().strip();
    if (!isPlain(variable)) throw wrong(token, "write: capture variable");
    Node body = block(Set.of("endcapture"));
    at++;
    return Nodes.capture(symbols.of(variable), body);
  }

  /** A name without dots and brackets. */
  private static boolean isPlain(String name) {
    Scan scan = new Scan(name);
    return scan.run("-") != null && scan.ended();
  }

  private Node evaluate(Token token) {
    Markup.Evaluation read = found(Markup.evaluation(token.markup()), token,
        "evaluate variable using 'Template' name: value");
    String name = read.template();
    return Nodes.evaluate(symbols.of(read.variable()), new Nodes.Link(run -> name, name), bindings(token));
  }

  private Nodes.Binding[] bindings(Token token) {
    List<Nodes.Binding> bindings = new ArrayList<>();
    for (Map.Entry<String, String> each : Markup.attributes(token.markup()).entrySet()) {
      bindings.add(new Nodes.Binding(symbols.of(each.getKey()), Expression.of(each.getValue(), symbols)));
    }
    return bindings.toArray(new Nodes.Binding[0]);
  }

  private Node include(Token token) {
    Markup.Inclusion read = found(Markup.inclusion(token.markup()), token,
        "include 'Template' with value name: value");
    String fragment = read.template();
    String name = Markup.unquoted(fragment);
    String inside = fragment.length() < 2 ? "" : fragment.substring(1, fragment.length() - 1);
    Expression with = read.with() == null ? implied(inside) : Expression.of(read.with(), symbols);
    int slot = isPlain(inside) ? symbols.of(inside) : -1;
    Expression called = Expression.of(fragment, symbols);
    return Nodes.include(new Nodes.Link(called, name), with, slot, bindings(token));
  }

  /** Without {@code with}, a variable that happens to have the template's name is meant. */
  private Expression implied(String name) {
    return Expression.of(name, symbols);
  }

  private Node ifs(Token token, boolean unless) {
    String end = unless ? "endunless" : "endif";
    List<Condition> conditions = new ArrayList<>();
    List<Node> bodies = new ArrayList<>();
    Condition first = condition(token);
    conditions.add(unless ? run -> !first.holds(run) : first);
    Set<String> ends = Set.of("elsif", "elseif", "else", end);
    bodies.add(block(ends));
    Token next = tokens.get(at++);
    while (IF_PARTS.contains(next.name())) {
      conditions.add(next.name().equals("else") ? run -> true : condition(next));
      bodies.add(block(ends));
      next = tokens.get(at++);
    }
    return Nodes.first(conditions.toArray(new Condition[0]), bodies.toArray(new Node[0]));
  }

  private Condition condition(Token token) {
    Condition condition = Condition.of(token.markup(), symbols);
    if (condition == null) throw wrong(token, "write: if value operator value");
    return condition;
  }

  private Node loop(Token token) {
    Markup.Loop read = found(Markup.loop(token.markup()), token, "for item in collection");
    Map<String, String> attributes = Markup.attributes(token.markup());
    Node body = block(Set.of("endfor", "else"));
    Node otherwise = run -> Node.GO_ON;
    if (tokens.get(at).name().equals("else")) {
      at++;
      otherwise = block(Set.of("endfor"));
    }
    at++;
    Nodes.Window window = new Nodes.Window(optional(attributes.get("OFFSET")), optional(attributes.get("LIMIT")),
        read.reversed());
    return Nodes.loop(symbols.of(read.item()), symbols.of("forloop"), Expression.of(read.collection(), symbols), window,
        body, otherwise);
  }

  private Expression optional(String markup) {
    return markup == null ? null : Expression.of(markup, symbols);
  }

  private Node cases(Token token) {
    String left = found(new Scan(token.markup()).nextFragment(), token, "case value");
    List<Condition> conditions = new ArrayList<>();
    List<Node> bodies = new ArrayList<>();
    Set<String> ends = Set.of("when", "else", "endcase");
    block(ends);
    Token next = tokens.get(at++);
    while (!next.name().equals("endcase")) {
      List<Condition> any = next.name().equals("else") ? null : whens(left, next);
      Node body = block(ends);
      if (any == null) {
        conditions.add(null);
        bodies.add(body);
      } else {
        for (Condition each : any) {
          conditions.add(each);
          bodies.add(body);
        }
      }
      next = tokens.get(at++);
    }
    return Nodes.every(conditions.toArray(new Condition[0]), bodies.toArray(new Node[0]));
  }

  private List<Condition> whens(String left, Token token) {
    List<Condition> any = new ArrayList<>();
    for (String each : Markup.choices(token.markup())) any.add(Condition.equal(left, each, symbols));
    if (any.isEmpty()) throw wrong(token, "write: when value");
    return any;
  }

  private Node raw(Token token) {
    String text = "";
    if (at < tokens.size() && tokens.get(at).kind() == Kind.TEXT) text = tokens.get(at++).text();
    if (at >= tokens.size() || !tokens.get(at).name().equals("end" + token.name()))
      throw wrong(token, "it is not ended");
    at++;
    return token.name().equals("raw") ? Nodes.text(text) : run -> Node.GO_ON;
  }

  private Node mergeDiff(Token token) {
    String variable = token.markup().trim();
    if (!Markup.isName(variable)) throw wrong(token, "write: mergeDiff variable");
    Node body = block(Set.of("endmergeDiff"));
    at++;
    return MergeDiff.node(Expression.of(variable, symbols), body);
  }

  private Node validate(Token token) {
    String schema = Markup.unquoted(token.markup().strip());
    if (!token.markup().strip().matches("'[^']+'|\"[^\"]+\"")) throw wrong(token, "write: validate 'X.schema.json'");
    schemas.putIfAbsent(schema, token.line());
    Node body = block(Set.of("endvalidate"));
    at++;
    return Validate.node(schema, body);
  }

  private Expression piped(Token token, String markup) {
    Markup.Piped piped = Markup.piped(markup);
    if (piped.value() == null) return run -> null;
    Expression value = Expression.of(piped.value(), symbols);
    for (Markup.Call call : piped.calls()) value = filtered(token, value, call);
    return value;
  }

  /** A filter that does not exist is an error when it is reached, not before: Microsoft's own set names one in a branch that is never taken. */
  private Expression filtered(Token token, Expression value, Markup.Call call) {
    Filters.Named named = filters.find(call.filter());
    if (named == null) {
      return run -> {
        throw new ConversionException(ErrorCode.TEMPLATE_RENDERING_ERROR, "unknown filter '" + call.filter() + "'");
      };
    }
    Expression[] given = call.arguments().stream().map(each -> Expression.of(each, symbols)).toArray(Expression[]::new);
    if (given.length < named.fewest() || given.length > named.most()) {
      throw wrong(token,
          "filter '" + call.filter() + "' takes " + named.fewest() + " to " + named.most() + " arguments");
    }
    return Nodes.filtered(value, named.filter(), given);
  }

  private <T> T found(T read, Token token, String syntax) {
    if (read == null) throw wrong(token, "write: " + syntax);
    return read;
  }

  private ConversionException wrong(Token token, String why) {
    String tag = token.text().strip();
    String shown = tag.length() > 100 ? tag.substring(0, 100) + "..." : tag;
    return new ConversionException(ErrorCode.TEMPLATE_SYNTAX_ERROR, "'" + shown + "': " + why, template, token.line());
  }
}

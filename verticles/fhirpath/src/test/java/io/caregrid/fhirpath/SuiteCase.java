package io.caregrid.fhirpath;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/**
 * One test of HL7's suite.
 *
 * @param invalid {@code syntax}, {@code semantic} or {@code execution} when it must fail, else empty
 * @param outputs type (may be empty) and value, in order
 */
record SuiteCase(String name, String input, boolean strict, boolean predicate, String invalid, String expression,
    List<Output> outputs) {

  private static final JsonMapper JSON = JsonMapper.builder()
      .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
      .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
      .nodeFactory(JsonNodeFactory.withExactBigDecimals(true))
      .build();

  record Output(String type, String value) {}

  static List<SuiteCase> read(Path suite) throws Exception {
    NodeList tests;
    try (InputStream in = Files.newInputStream(suite)) {
      tests = DocumentBuilderFactory.newDefaultInstance().newDocumentBuilder().parse(in).getElementsByTagName("test");
    }
    List<SuiteCase> cases = new ArrayList<>();
    for (int i = 0; i < tests.getLength(); i++) {
      Element test = (Element) tests.item(i);
      if (test.getElementsByTagName("expression").getLength() > 0) cases.add(of(test, i));
    }
    return cases;
  }

  private static SuiteCase of(Element test, int at) {
    Element expression = (Element) test.getElementsByTagName("expression").item(0);
    NodeList outputs = test.getElementsByTagName("output");
    String invalid = expression.getAttribute("invalid") + test.getAttribute("invalid");
    List<Output> wanted = IntStream.range(0, outputs.getLength())
        .mapToObj(outputs::item)
        .map(Element.class::cast)
        .map(output -> new Output(output.getAttribute("type"), output.getTextContent()))
        .toList();
    String name = test.hasAttribute("name") ? test.getAttribute("name") : "unnamed-" + at;
    return new SuiteCase(name, test.getAttribute("inputfile"),
        (test.getAttribute("mode") + expression.getAttribute("mode")).equals("strict"),
        test.getAttribute("predicate").equals("true"), invalid, expression.getTextContent(), wanted);
  }

  /** Null when it passes, else what came instead. */
  String failure(Path inputs) throws Exception {
    FhirPath path;
    try {
      path = FhirPath.compile(expression,
          strict ? Environment.PLAIN.with(Environment.Reading.STRICT) : Environment.PLAIN);
    } catch (FhirPathException refused) {
      return invalid.isEmpty() ? "refused: " + refused.getMessage() : null;
    }
    if (invalid.equals("syntax")) return "was compiled";
    List<Value> found;
    try {
      Node root = input.isEmpty() ? null : Node.resource(resource(inputs.resolve(input)));
      found = path.evaluate(root, root, FhirPath.Context.PLAIN);
    } catch (FhirPathException failed) {
      return invalid.isEmpty() ? "failed: " + failed.getMessage() : null;
    }
    if (!invalid.isEmpty()) return "did not fail";
    return compared(predicate ? Items.of((Boolean) !found.isEmpty()) : found);
  }

  private String compared(List<Value> found) {
    List<String> got = found.stream().map(SuiteCase::shown).toList();
    List<String> wanted = outputs.stream().map(Output::value).toList();
    if (!got.equals(wanted)) return "gave " + got + " instead of " + wanted;
    for (int i = 0; i < found.size(); i++) {
      String type = outputs.get(i).type();
      String own = found.get(i).type().name();
      if (!type.isEmpty() && !own.equalsIgnoreCase(type)) return "gave a " + own + " instead of a " + type;
    }
    return null;
  }

  /** As the suite writes values. */
  private static String shown(Value value) {
    Value atom = value.atom();
    if (!(atom instanceof Moment moment)) return String.valueOf(atom == null ? value : atom);
    return "@" + (moment.kind() == Moment.Kind.TIME ? "T" : "") + moment;
  }

  private static JsonNode resource(Path file) throws Exception {
    Path json = Path.of(file.toString().replaceAll("\\.xml$", ".json"));
    if (Files.exists(json)) return JSON.readTree(Files.readAllBytes(json));
    try (InputStream in = Files.newInputStream(file)) {
      return XmlResource.read(in);
    }
  }
}

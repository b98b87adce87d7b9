package io.caregrid.perf.fhirpath;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import ca.uhn.fhir.parser.IParser;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.fhir.ucum.UcumEssenceService;
import org.fhir.ucum.UcumException;
import org.fhir.ucum.UcumService;
import org.hl7.fhir.r4.context.IWorkerContext;
import org.hl7.fhir.r4.fhirpath.BaseHostServices;
import org.hl7.fhir.r4.fhirpath.ExpressionNode;
import org.hl7.fhir.r4.fhirpath.FHIRPathEngine;
import org.hl7.fhir.r4.hapi.ctx.HapiWorkerContext;
import org.hl7.fhir.r4.model.Base;
import org.hl7.fhir.r4.model.Resource;
import org.hl7.fhir.r4.model.ResourceFactory;
import org.hl7.fhir.r4.model.ValueSet;
import org.hl7.fhir.utilities.fhirpath.FHIRPathConstantEvaluationMode;

/** HAPI's, on its own model, set up as its server's indexing does: expressions parsed once, references resolved to empty resources. */
final class Hapis implements Engine<Resource> {
  private final FhirContext context = FhirContext.forR4Cached();
  private final IParser parser = context.newJsonParser();
  private final FHIRPathEngine engine;
  private final Map<String, List<ExpressionNode>> paths = new LinkedHashMap<>();

  Hapis(Map<String, List<String>> expressions) {
    IWorkerContext worker = withUcum(new HapiWorkerContext(context, new DefaultProfileValidationSupport(context)));
    engine = new FHIRPathEngine(worker);
    engine.setDoNotEnforceAsSingletonRule(true);
    engine.setHostServices(new Host(worker));
    expressions.forEach((type, all) -> paths.put(type, all.stream().map(engine::parse).toList()));
  }

  @Override
  public Resource parsed(byte[] json) {
    return (Resource) parser.parseResource(new String(json, StandardCharsets.UTF_8));
  }

  @Override
  public int compiled(List<String> expressions) {
    int seen = 0;
    for (String expression : expressions) seen += engine.parse(expression).hashCode() & 1;
    return seen;
  }

  @Override
  public int evaluated(Resource resource, String type) {
    int values = 0;
    for (ExpressionNode path : paths.get(type))
      values += engine.evaluate(resource, resource, resource, resource, path).size();
    return values;
  }

  /** HAPI's own context has no units, and fails on a union of quantities, which its server splits beforehand. */
  private static IWorkerContext withUcum(IWorkerContext context) {
    UcumService ucum = ucum();
    return (IWorkerContext) Proxy.newProxyInstance(Hapis.class.getClassLoader(), new Class<?>[] {IWorkerContext.class},
        (proxy, method, args) -> method.getName().equals("getUcumService") ? ucum : method.invoke(context, args));
  }

  private static UcumService ucum() {
    try (InputStream essence = UcumService.class.getResourceAsStream("/ucum-essence.xml")) {
      return new UcumEssenceService(essence);
    } catch (IOException | UcumException broken) {
      throw new IllegalStateException("the table of UCUM cannot be read", broken);
    }
  }

  private static final class Host extends BaseHostServices {
    private static final Pattern REFERENCE = Pattern.compile("(?:.*/)?([A-Z][A-Za-z]+)/[A-Za-z0-9\\-.]{1,64}");

    Host(IWorkerContext worker) {
      super(worker);
    }

    @Override
    public Base resolveReference(FHIRPathEngine of, Object application, String url, Base from) {
      Matcher found = REFERENCE.matcher(url);
      return found.matches() ? ResourceFactory.createResource(found.group(1)) : null;
    }

    /** There are none: a name that begins a path is asked for here first. */
    @Override
    public List<Base> resolveConstant(FHIRPathEngine of, Object application, String name,
        FHIRPathConstantEvaluationMode mode) {
      return List.of();
    }

    @Override
    public boolean log(String argument, List<Base> focus) {
      return true;
    }

    @Override
    public boolean conformsToProfile(FHIRPathEngine of, Object application, Base item, String url) {
      return false;
    }

    @Override
    public ValueSet resolveValueSet(FHIRPathEngine of, Object application, String url) {
      return null;
    }

    @Override
    public boolean paramIsType(String name, int index) {
      return false;
    }
  }
}

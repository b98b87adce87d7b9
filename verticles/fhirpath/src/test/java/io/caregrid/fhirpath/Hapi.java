package io.caregrid.fhirpath;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import ca.uhn.fhir.parser.LenientErrorHandler;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Proxy;
import java.util.List;
import org.fhir.ucum.UcumEssenceService;
import org.fhir.ucum.UcumException;
import org.fhir.ucum.UcumService;
import org.hl7.fhir.instance.model.api.IBaseResource;
import org.hl7.fhir.r4.context.IWorkerContext;
import org.hl7.fhir.r4.fhirpath.BaseHostServices;
import org.hl7.fhir.r4.fhirpath.FHIRPathEngine;
import org.hl7.fhir.r4.hapi.ctx.HapiWorkerContext;
import org.hl7.fhir.r4.model.Base;
import org.hl7.fhir.r4.model.Resource;
import org.hl7.fhir.r4.model.ResourceFactory;
import org.hl7.fhir.r4.model.ValueSet;
import org.hl7.fhir.utilities.fhirpath.FHIRPathConstantEvaluationMode;

/** HAPI's FHIRPath engine, set up as its server's indexing sets it up: a reference resolves to an empty resource of the type in its text. */
final class Hapi {
  static final Hapi ENGINE = new Hapi();
  private final FhirContext context = FhirContext.forR4();
  private final FHIRPathEngine engine;

  private Hapi() {
    context.setParserErrorHandler(new LenientErrorHandler(false).setErrorOnInvalidValue(false));
    IWorkerContext worker = withUcum(new HapiWorkerContext(context, new DefaultProfileValidationSupport(context)));
    engine = new FHIRPathEngine(worker);
    engine.setDoNotEnforceAsSingletonRule(true);
    engine.setHostServices(new Host(worker));
  }

  /** Lenient: a code that its type does not have is dropped. */
  Resource read(String json) {
    return (Resource) context.newJsonParser().parseResource(json);
  }

  String write(Resource resource) {
    return context.newJsonParser().encodeResourceToString(resource);
  }

  List<Base> evaluate(Resource resource, String expression) {
    return engine.evaluate(resource, resource, resource, resource, engine.parse(expression));
  }

  JsonNode json(Base value) throws Exception {
    boolean resource = value instanceof IBaseResource;
    String text = resource
        ? context.newJsonParser().encodeResourceToString((IBaseResource) value)
        : context.newJsonParser().encodeToString((org.hl7.fhir.instance.model.api.IBase) value);
    return Rendered.JSON.readTree(text);
  }

  /** HAPI's own context has no units, and fails on a union of quantities, which its server splits beforehand. */
  private static IWorkerContext withUcum(IWorkerContext context) {
    UcumService ucum = ucum();
    return (IWorkerContext) Proxy.newProxyInstance(Hapi.class.getClassLoader(), new Class<?>[] {IWorkerContext.class},
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
    Host(IWorkerContext worker) {
      super(worker);
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
    public Base resolveReference(FHIRPathEngine of, Object application, String url, Base from) {
      Target target = Target.of(url);
      if (target == null || Model.R4.type(target.type()) == null) return null;
      Resource there = ResourceFactory.createResource(target.type());
      there.setId(target.id());
      return there;
    }

    @Override
    public boolean conformsToProfile(FHIRPathEngine of, Object application, Base item, String url) {
      throw new UnsupportedOperationException("no profiles here");
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

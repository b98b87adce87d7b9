package io.caregrid.api.fhir;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.IValidationSupport;
import ca.uhn.fhir.parser.DataFormatException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.api.fhir.r4.Trees;
import io.caregrid.contract.Caller;
import io.caregrid.store.FhirStore;
import io.caregrid.store.SearchQuery;
import io.caregrid.store.SearchQuery.Param;
import io.vertx.core.Future;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.hl7.fhir.instance.model.api.IBaseResource;
import org.hl7.fhir.r4.model.CodeSystem;
import org.hl7.fhir.r4.model.StructureDefinition;
import org.hl7.fhir.r4.model.ValueSet;

/** Profiles, value sets and code systems by their canonical URLs: those that came with the request, then those in the store that its caller may read. */
final class KnownDefinitions {
  private static final List<String> TYPES = List.of("StructureDefinition", "ValueSet", "CodeSystem");
  private static final long PATIENCE_SECONDS = 10;
  private final FhirStore store;
  private final Caller caller;
  /** Type and URL → JSON. */
  private final Map<String, String> posted = new HashMap<>();

  /** @param posted resources of any type; those that are definitions are used */
  KnownDefinitions(FhirStore store, Caller caller, List<ObjectNode> posted) {
    this.store = store;
    this.caller = caller;
    for (ObjectNode resource : posted) {
      this.posted.put(resource.path("resourceType").asText() + " " + resource.path("url").asText(),
          new String(Trees.write(resource), StandardCharsets.UTF_8));
    }
  }

  /** What HAPI's validator asks, on a thread that may wait; each thing is looked for once. */
  IValidationSupport in(FhirContext context) {
    return new Support(context);
  }

  private String json(String type, String url) {
    String sent = posted.get(type + " " + url);
    if (sent != null) return sent;
    if (!TYPES.contains(type) || !FhirStore.types().contains(type)
        || url.startsWith("http://hl7.org/fhir/StructureDefinition/"))
      return null;
    SearchQuery query = new SearchQuery(type, List.of(new Param("url", url.replaceAll("([\\\\,$|])", "\\\\$1"))), 1,
        "none", null);
    return waited(store.search(caller, query)
        .map(page -> page.entries().isEmpty()
            ? null
            : page.entries().get(0).body().toString(StandardCharsets.UTF_8)));
  }

  private static String waited(Future<String> future) {
    try {
      return future.toCompletionStage().toCompletableFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException failed) {
      throw new IllegalStateException("a definition could not be read from the store");
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("stopped");
    }
  }

  private final class Support implements IValidationSupport {
    private final FhirContext context;
    private final Map<String, IBaseResource> found = new HashMap<>();

    Support(FhirContext context) {
      this.context = context;
    }

    @Override
    public FhirContext getFhirContext() {
      return context;
    }

    @Override
    public IBaseResource fetchStructureDefinition(String url) {
      return of(StructureDefinition.class, url);
    }

    @Override
    public IBaseResource fetchValueSet(String url) {
      return of(ValueSet.class, url);
    }

    @Override
    public IBaseResource fetchCodeSystem(String url) {
      return of(CodeSystem.class, url);
    }

    @Override
    public boolean isValueSetSupported(ca.uhn.fhir.context.support.ValidationSupportContext root, String url) {
      return fetchValueSet(url) != null;
    }

    @Override
    public boolean isCodeSystemSupported(ca.uhn.fhir.context.support.ValidationSupportContext root, String url) {
      return fetchCodeSystem(url) != null;
    }

    private IBaseResource of(Class<? extends IBaseResource> type, String url) {
      if (url == null) return null;
      String bare = url.contains("|") ? url.substring(0, url.indexOf('|')) : url;
      String key = type.getSimpleName() + " " + bare;
      synchronized (found) {
        if (!found.containsKey(key)) found.put(key, parsed(type, json(type.getSimpleName(), bare)));
        return found.get(key);
      }
    }

    private IBaseResource parsed(Class<? extends IBaseResource> type, String json) {
      if (json == null) return null;
      try {
        return context.newJsonParser().parseResource(type, json);
      } catch (DataFormatException unreadable) {
        return null;
      }
    }
  }
}

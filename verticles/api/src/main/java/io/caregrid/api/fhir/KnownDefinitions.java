package io.caregrid.api.fhir;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.IValidationSupport;
import ca.uhn.fhir.parser.DataFormatException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.api.fhir.r4.Trees;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.store.FhirStore;
import io.caregrid.store.SearchQuery;
import io.caregrid.store.SearchQuery.Param;
import io.vertx.core.Future;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.hl7.fhir.instance.model.api.IBaseResource;
import org.hl7.fhir.r4.model.CodeSystem;
import org.hl7.fhir.r4.model.StructureDefinition;
import org.hl7.fhir.r4.model.ValueSet;

/**
 * Profiles, value sets and code systems by their canonical URLs: those that came with the request, then those in the store that its caller may read; without the
 * rules of theirs that may run for ever. Of one request.
 */
final class KnownDefinitions {
  private static final List<String> TYPES = List.of("StructureDefinition", "ValueSet", "CodeSystem");
  private static final long PATIENCE_SECONDS = 10;
  /** A resource may name any number of them. */
  private static final int MOST_LOOKED_FOR = 500;
  /** Of a StructureDefinition; those of R4 and US Core have less than half of it, snapshot included. */
  private static final int MOST_BYTES = 2 << 20;
  /** Elements held against slices: some seconds. */
  private static final long MOST_SLICED = 50_000;
  private final FhirStore store;
  private final Caller caller;
  private final List<ObjectNode> posted;
  private final List<String> left = new ArrayList<>();
  private volatile Failure refused;

  /** @param posted resources of any type; those that are definitions are used */
  KnownDefinitions(FhirStore store, Caller caller, List<ObjectNode> posted) {
    this.store = store;
    this.caller = caller;
    this.posted = posted;
  }

  /** What HAPI's validator asks, on a thread that may wait; each thing is looked for once. @param resource that is held against them */
  IValidationSupport in(FhirContext context, Deadline deadline, ObjectNode resource) {
    return new Support(context, deadline, new SlicingCost(resource));
  }

  /** Throws why there was no answer to what it asked, such as what the store said: the validator would make a finding of it. */
  void requireAnswered() {
    if (refused != null) throw refused;
  }

  /** What of them was not used, in words. */
  List<String> left() {
    return List.copyOf(left);
  }

  /** @param version null for any */
  private ObjectNode tree(String type, String url, String version) {
    for (ObjectNode sent : posted) {
      boolean wanted = sent.path("resourceType").asText().equals(type) && sent.path("url").asText().equals(url)
          && (version == null || sent.path("version").asText().equals(version));
      if (wanted) return sent.deepCopy();
    }
    if (!TYPES.contains(type) || !FhirStore.types().contains(type)
        || url.startsWith("http://hl7.org/fhir/StructureDefinition/"))
      return null;
    List<Param> params = new ArrayList<>(List.of(new Param("url", escaped(url))));
    if (version == null) params.add(new Param("_sort", "-_lastUpdated"));
    else params.add(new Param("version", escaped(version)));
    return waited(store.search(caller, new SearchQuery(type, params, 1, "none", null))
        .map(page -> page.entries().isEmpty() ? null : Trees.own(page.entries().get(0).body().getBytes())));
  }

  private static String escaped(String value) {
    return value.replaceAll("([\\\\,$|])", "\\\\$1");
  }

  private ObjectNode waited(Future<ObjectNode> future) {
    try {
      return future.toCompletionStage().toCompletableFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException failed) {
      if (failed.getCause() instanceof Failure refused) this.refused = refused;
      if (refused != null) throw refused;
      throw new IllegalStateException("a definition could not be read from the store");
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("stopped");
    }
  }

  private final class Support implements IValidationSupport {
    private final FhirContext context;
    private final Deadline deadline;
    private final SlicingCost slicing;
    private final Map<String, IBaseResource> found = new HashMap<>();
    /** What was found under one name may be found under another again, such as with its version. */
    private final Set<String> counted = new HashSet<>();
    private long slices;

    Support(FhirContext context, Deadline deadline, SlicingCost slicing) {
      this.context = context;
      this.deadline = deadline;
      this.slicing = slicing;
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

    private synchronized IBaseResource of(Class<? extends IBaseResource> type, String url) {
      if (url == null) return null;
      deadline.check();
      String key = type.getSimpleName() + " " + url;
      if (!found.containsKey(key)) {
        if (found.size() == MOST_LOOKED_FOR)
          throw new Failure.TooCostly(
              "it names more than " + MOST_LOOKED_FOR + " profiles, value sets and code systems");
        int bar = url.indexOf('|');
        ObjectNode tree = tree(type.getSimpleName(), bar < 0 ? url : url.substring(0, bar),
            bar < 0 ? null : url.substring(bar + 1));
        found.put(key, tree == null ? null : parsed(type, HarmlessDefinition.of(tree)));
      }
      return found.get(key);
    }

    private void requireCheap(ObjectNode profile) {
      String same = String.join("|", profile.path("url").asText(), profile.path("version").asText(),
          profile.path("id").asText());
      if (!counted.add(same)) return;
      slices += slicing.of(profile);
      if (slices <= MOST_SLICED) return;
      refused = new Failure.TooCostly(
          "its profiles have so many slices, and the resource so many elements for them, that "
              + slices + " times one had to be held against the other, and " + MOST_SLICED + " is the most");
      throw new Deadline.Over();
    }

    private IBaseResource parsed(Class<? extends IBaseResource> type, HarmlessDefinition definition) {
      left.addAll(definition.left());
      if (definition.resource() == null) return null;
      byte[] json = Trees.write(definition.resource());
      if (type == StructureDefinition.class && json.length > MOST_BYTES)
        throw new Failure.TooLarge("a profile of more than " + (MOST_BYTES >> 20) + " MB is not applied");
      if (type == StructureDefinition.class) requireCheap(definition.resource());
      deadline.check();
      try {
        return context.newJsonParser().parseResource(type, new String(json, StandardCharsets.UTF_8));
      } catch (DataFormatException unreadable) {
        return null;
      }
    }
  }
}

package io.caregrid.api.fhir;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import ca.uhn.fhir.context.support.IValidationSupport;
import ca.uhn.fhir.validation.FhirValidator;
import ca.uhn.fhir.validation.ResultSeverityEnum;
import ca.uhn.fhir.validation.SingleValidationMessage;
import ca.uhn.fhir.validation.ValidationOptions;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.api.fhir.r4.Trees;
import io.caregrid.contract.Failure;
import io.caregrid.contract.OperationOutcome.Issue;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.hl7.fhir.common.hapi.validation.support.CommonCodeSystemsTerminologyService;
import org.hl7.fhir.common.hapi.validation.support.InMemoryTerminologyServerValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.SnapshotGeneratingValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;

/**
 * HAPI's validator, for profiles: what they ask for beyond R4 itself. It takes seconds to begin with and some hundred megabytes to stay, so nobody pays for it
 * who does not ask; it works on two threads of its own, for so many requests at a time and no more.
 */
final class ProfileValidator {
  private static final int THREADS = 2;
  private static final int MOST_WAITING = 16;
  private static final int MOST_BYTES = 1 << 20;
  private static final int MOST_ISSUES = 200;
  private static final long PATIENCE_SECONDS = 60;
  private final AtomicInteger waiting = new AtomicInteger();
  private final WorkerExecutor threads;
  private volatile Base base;

  /** What is the same for all requests: R4's own profiles, value sets and code systems. */
  private record Base(FhirContext context, IValidationSupport profiles, IValidationSupport codes) {
    static Base read() {
      FhirContext context = FhirContext.forR4();
      return new Base(context, new DefaultProfileValidationSupport(context),
          new CommonCodeSystemsTerminologyService(context));
    }
  }

  ProfileValidator(Vertx vertx) {
    threads = vertx.createSharedWorkerExecutor("fhir-validate", THREADS, 5, TimeUnit.MINUTES);
  }

  /**
   * @param profiles canonical URLs to hold it against, beside those in its meta
   * @param known    where profiles, value sets and code systems that are not R4's own are found; asked on a worker thread
   * @return its findings in its own words; empty when there is nothing to say
   */
  Future<List<Issue>> check(ObjectNode resource, List<String> profiles, KnownDefinitions known) {
    byte[] json = Trees.write(resource);
    if (json.length > MOST_BYTES)
      return Future.failedFuture(new Failure.TooLarge("a resource of more than 1 MB is not held against profiles"));
    if (waiting.incrementAndGet() > MOST_WAITING) {
      waiting.decrementAndGet();
      return Future.failedFuture(
          new Failure.Busy("more resources wait to be held against profiles than this node does at a time"));
    }
    return threads.executeBlocking(() -> found(new String(json, StandardCharsets.UTF_8), profiles, known), false)
        .onComplete(done -> waiting.decrementAndGet())
        .timeout(PATIENCE_SECONDS, TimeUnit.SECONDS)
        .recover(cause -> Future.failedFuture(cause instanceof TimeoutException
            ? new Failure.Busy("holding the resource against its profiles takes more than " + PATIENCE_SECONDS + " s")
            : cause));
  }

  private List<Issue> found(String json, List<String> profiles, KnownDefinitions known) {
    Base own = base();
    IValidationSupport others = known.in(own.context());
    ValidationSupportChain chain = new ValidationSupportChain(own.profiles(), others, own.codes(),
        new InMemoryTerminologyServerValidationSupport(own.context()),
        new SnapshotGeneratingValidationSupport(own.context()));
    FhirInstanceValidator module = new FhirInstanceValidator(chain);
    module.setAnyExtensionsAllowed(true);
    module.setErrorForUnknownProfiles(true);
    FhirValidator validator = own.context().newValidator().registerValidatorModule(module);
    ValidationOptions options = new ValidationOptions();
    profiles.forEach(options::addProfile);
    return validator.validateWithResult(json, options)
        .getMessages()
        .stream()
        .limit(MOST_ISSUES)
        .map(ProfileValidator::issue)
        .toList();
  }

  private synchronized Base base() {
    if (base == null) base = Base.read();
    return base;
  }

  private static Issue issue(SingleValidationMessage message) {
    ResultSeverityEnum severity = message.getSeverity();
    String place = message.getLocationString();
    return new Issue(severity == null ? "information" : severity.getCode().toLowerCase(Locale.ROOT),
        severity == ResultSeverityEnum.INFORMATION ? "informational" : "processing", message.getMessage(),
        place == null || place.isBlank() ? null : place);
  }
}

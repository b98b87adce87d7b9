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
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.hl7.fhir.common.hapi.validation.support.CommonCodeSystemsTerminologyService;
import org.hl7.fhir.common.hapi.validation.support.InMemoryTerminologyServerValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.SnapshotGeneratingValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;
import org.hl7.fhir.utilities.http.ManagedWebAccess;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * HAPI's validator, for profiles: what they ask for beyond R4 itself. It takes seconds to begin with and some hundred megabytes to stay, so nobody pays for it
 * who does not ask; it works on two threads of its own, for so many requests at a time and no more, each of which ends when its time is over. It never goes to
 * the network, whatever address a profile has: what is not R4's own is in {@link KnownDefinitions} or unknown.
 */
final class ProfileValidator {
  static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Logger log = LoggerFactory.getLogger(ProfileValidator.class);
  private static final int THREADS = 2;
  private static final int MOST_WAITING = 16;
  private static final int MOST_BYTES = 1 << 20;
  private static final int MOST_ISSUES = 200;
  private final Duration patience;
  private final AtomicInteger waiting = new AtomicInteger();
  private final WorkerExecutor threads;
  private volatile Base base;

  static {
    ManagedWebAccess.setAccessPolicy(ManagedWebAccess.WebAccessPolicy.PROHIBITED);
  }

  /** What is the same for all requests: R4's own profiles, value sets and code systems. */
  private record Base(FhirContext context, IValidationSupport profiles, IValidationSupport codes) {
    static Base read() {
      FhirContext context = FhirContext.forR4();
      return new Base(context, new DefaultProfileValidationSupport(context),
          new CommonCodeSystemsTerminologyService(context));
    }
  }

  ProfileValidator(Vertx vertx, Duration patience) {
    this.patience = patience;
    threads = vertx.createSharedWorkerExecutor("fhir-validate", THREADS, 5, TimeUnit.MINUTES);
  }

  /**
   * @param profiles canonical URLs to hold it against, beside those in its meta
   * @param known    where profiles, value sets and code systems that are not R4's own are found; asked on a worker thread
   * @return its findings in its own words; empty when there is nothing to say
   */
  Future<List<Issue>> check(ObjectNode resource, List<String> profiles, KnownDefinitions known) {
    if (waiting.incrementAndGet() > MOST_WAITING) {
      waiting.decrementAndGet();
      return Future.failedFuture(
          new Failure.Busy("more resources wait to be held against profiles than this node does at a time"));
    }
    Deadline deadline = new Deadline(patience);
    return threads.executeBlocking(() -> found(Trees.write(resource), profiles, known, deadline), false)
        .onComplete(done -> waiting.decrementAndGet())
        .timeout(patience.plusSeconds(1).toMillis(), TimeUnit.MILLISECONDS)
        .recover(cause -> Future.failedFuture(cause instanceof TimeoutException ? tooCostly() : cause));
  }

  private Failure tooCostly() {
    return new Failure.TooCostly(
        "holding the resource against its profiles takes more than " + patience.toSeconds() + " s");
  }

  private List<Issue> found(byte[] json, List<String> profiles, KnownDefinitions known, Deadline deadline) {
    if (json.length > MOST_BYTES)
      throw new Failure.TooLarge("a resource of more than 1 MB is not held against profiles");
    try {
      deadline.check();
      List<Issue> found = found(new String(json, StandardCharsets.UTF_8), profiles,
          known.in(base().context(), deadline), deadline);
      known.requireAnswered();
      Stream<Issue> left = known.left()
          .stream()
          .map(what -> new Issue("warning", "not-supported", what
              + " of a profile is not looked at: its regular expression may run without an end", null));
      return Stream.concat(found.stream(), left).limit(MOST_ISSUES).toList();
    } catch (Deadline.Over over) {
      throw tooCostly();
    } catch (Failure refused) {
      throw refused;
    } catch (RuntimeException | StackOverflowError broken) {
      known.requireAnswered();
      log.warn("profile not applied cause={}", broken.getClass().getName());
      return List.of(Issue.error("processing", "HAPI's validator cannot apply these profiles ("
          + broken.getClass().getSimpleName() + "): look whether they are whole and do not go round in a circle",
          null));
    }
  }

  private List<Issue> found(String json, List<String> profiles, IValidationSupport others, Deadline deadline) {
    Base own = base();
    ValidationSupportChain chain = new ValidationSupportChain(own.profiles(), others, own.codes(),
        new InMemoryTerminologyServerValidationSupport(own.context()),
        new SnapshotGeneratingValidationSupport(own.context()));
    FhirInstanceValidator module = new FhirInstanceValidator(chain);
    module.setAnyExtensionsAllowed(true);
    module.setErrorForUnknownProfiles(true);
    module.setValidatorPolicyAdvisor(deadline);
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

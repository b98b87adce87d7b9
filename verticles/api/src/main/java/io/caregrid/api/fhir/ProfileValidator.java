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
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.internal.VertxInternal;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
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
 * who does not ask. It never goes to the network, whatever address a profile has: what is not R4's own is in {@link KnownDefinitions} or unknown.
 *
 * <p>Bounded is how many work at a time and wait for it ({@link Workbench}), what a profile may ask of a resource ({@link SlicingCost}), and the time of each, from within ({@link Deadline}) and, where
 * that is not asked, from without. R4's own definitions are read before any of that begins to count.
 */
final class ProfileValidator {
  /** Less than the half minute after which many clients and proxies give up. */
  static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final Logger log = LoggerFactory.getLogger(ProfileValidator.class);
  private static final int THREADS = 2;
  /** Of which each takes a processor. */
  private static final int MOST_LOST = 2;
  private static final int MOST_WAITING = 16;
  private static final Duration IN_LINE = Duration.ofSeconds(20);
  private static final int MOST_BYTES = 1 << 20;
  private static final int MOST_ISSUES = 200;
  private final Duration patience;
  private final Vertx vertx;
  private final AtomicInteger waiting = new AtomicInteger();
  final Workbench bench;
  private Future<Base> base;

  static {
    ManagedWebAccess.setAccessPolicy(ManagedWebAccess.WebAccessPolicy.PROHIBITED);
  }

  /** What is the same for all requests: R4's own profiles, value sets and code systems. Takes seconds to read. */
  private record Base(FhirContext context, IValidationSupport profiles, IValidationSupport codes) {
    static Base read() {
      FhirContext context = FhirContext.forR4();
      Base base = new Base(context, new DefaultProfileValidationSupport(context),
          new CommonCodeSystemsTerminologyService(context));
      base.use();
      return base;
    }

    /** It reads most when it is first asked. */
    private void use() {
      found(this, "{\"resourceType\":\"Patient\",\"gender\":\"female\"}", List.of(), () -> context,
          new Deadline(Duration.ofMinutes(5)));
    }
  }

  ProfileValidator(Vertx vertx, Duration patience) {
    this.vertx = vertx;
    this.patience = patience;
    // a little later than the deadline within, which knows better what it was about
    this.bench = new Workbench(vertx, "holding a resource against profiles",
        new Workbench.Bounds(THREADS, MOST_LOST, MOST_WAITING, IN_LINE, patience.plusSeconds(1)));
  }

  /**
   * @param profiles canonical URLs to hold it against, beside those in its meta
   * @param known    where profiles, value sets and code systems that are not R4's own are found; asked on a thread that may wait
   * @return its findings in its own words; empty when there is nothing to say
   */
  Future<List<Issue>> check(ObjectNode resource, List<String> profiles, KnownDefinitions known) {
    if (waiting.incrementAndGet() > MOST_WAITING) {
      waiting.decrementAndGet();
      return Future.failedFuture(
          new Failure.Crowded("more resources wait to be held against profiles than this node does at a time"));
    }
    Promise<Base> ready = ((VertxInternal) vertx).promise();
    base().onComplete(ready);
    return ready.future()
        .compose(own -> bench.run(() -> found(own, resource, profiles, known, new Deadline(patience))))
        .onComplete(done -> waiting.decrementAndGet());
  }

  /** Threads that go on after their time: whatever interrupts the validator, it does not look. */
  int lost() {
    return bench.lost();
  }

  private Failure tooCostly() {
    return new Failure.TooCostly(
        "holding the resource against its profiles takes more than " + patience.toSeconds() + " s");
  }

  private List<Issue> found(Base own, ObjectNode resource, List<String> profiles, KnownDefinitions known,
      Deadline deadline) {
    byte[] json = Trees.write(resource);
    if (json.length > MOST_BYTES)
      throw new Failure.TooLarge("a resource of more than 1 MB is not held against profiles");
    try {
      List<Issue> found = found(own, new String(json, StandardCharsets.UTF_8), profiles,
          known.in(own.context(), deadline, resource), deadline);
      known.requireAnswered();
      Stream<Issue> left = known.left()
          .stream()
          .map(what -> new Issue("warning", "not-supported", what
              + " of a profile is not looked at: its regular expression may run without an end", null));
      return Stream.concat(found.stream(), left).limit(MOST_ISSUES).toList();
    } catch (Deadline.Over over) {
      known.requireAnswered();
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

  private static List<Issue> found(Base own, String json, List<String> profiles, IValidationSupport others,
      Deadline deadline) {
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

  /** Read once, by who asks first; whoever comes meanwhile waits for the same. */
  private synchronized Future<Base> base() {
    if (base == null || base.failed()) base = vertx.executeBlocking(Base::read, false);
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

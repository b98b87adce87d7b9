package io.caregrid.api.fhir;

import io.caregrid.api.Rejected;
import io.caregrid.api.fhir.Bundled.Entry;
import io.caregrid.contract.Failure;
import io.caregrid.contract.OperationOutcome.Issue;
import io.caregrid.store.FhirStore;
import io.caregrid.store.Reading;
import io.caregrid.store.Step;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Does what a bundle asks for. A batch's entries are done as single requests would be, each by itself, some at once: deletes first, then creates, updates and
 * patches, then questions, of which those that may take seconds follow each other. A transaction is done by the store, all of it or nothing. What comes back has the entries' order.
 *
 * <p>A few bytes can ask for many megabytes: what all entries of a bundle answer together is bounded ({@link Answered}).
 */
final class BundleRun {
  private static final Logger log = LoggerFactory.getLogger(BundleRun.class);
  private static final int TRIES = 4;
  private static final int PAUSE_MILLIS = 500;
  private static final int AT_ONCE = 64;
  /** After which none of the operations that may take seconds is begun: many clients and proxies wait no longer. */
  private static final Duration LONG = Duration.ofSeconds(60);
  private static final List<List<String>> ORDER = List.of(List.of("DELETE"), List.of("POST"), List.of("PUT", "PATCH"));

  private final FhirStore store;
  private final Interactions interactions;
  private final EntryOperations operations;
  private final long most;

  /** @param most bytes that the entries of one bundle may answer */
  BundleRun(FhirStore store, Interactions interactions, EntryOperations operations, long most) {
    this.store = store;
    this.interactions = interactions;
    this.operations = operations;
    this.most = most;
  }

  /** What became of each entry, in their order. */
  Future<List<Reply>> of(Ask asked, Bundled bundle) {
    return of(asked, bundle, () -> false);
  }

  /**
   * What became of each entry, in their order.
   *
   * @param gone whether nobody waits for the answer any more: then a batch asks no more questions; what changes something is done all the same
   */
  Future<List<Reply>> of(Ask asked, Bundled bundle, BooleanSupplier gone) {
    Answered answered = new Answered(BundleRoom.ANSWERS, most, bundle.entries.size());
    return Future.succeededFuture()
        .compose(now -> bundle.isTransaction
            ? transaction(asked, bundle.entries, answered)
            : batch(bundle.entries, answered, gone))
        .onComplete(done -> answered.leave());
  }

  /**
   * A batch that is under way.
   *
   * @param gone  {@link #of(Ask, Bundled, BooleanSupplier)}
   * @param until nanoseconds of {@link System#nanoTime}: what is long is not begun any more
   */
  private record Batch(Reply[] replies, Answered answered, BooleanSupplier gone, long until) {
    void requireWanted(Entry entry) {
      if (gone.getAsBoolean()) throw new Failure.Busy("nobody waits for the answer any more");
      if (EntryOperations.isLong(entry.ask()) && System.nanoTime() - until > 0)
        throw new Failure.Busy("this bundle has taken " + LONG.toSeconds()
            + " s, and of its operations this one was not begun: ask it in another bundle");
    }
  }

  private Future<List<Reply>> batch(List<Entry> entries, Answered answered, BooleanSupplier gone) {
    Batch batch = new Batch(new Reply[entries.size()], answered, gone, System.nanoTime() + LONG.toNanos());
    Future<?> before = Future.succeededFuture();
    for (List<String> verbs : ORDER) {
      List<Entry> these = entries.stream()
          .filter(entry -> isOneOf(verbs, entry))
          .toList();
      before = before.compose(done -> all(these, batch));
    }
    List<Entry> rest = entries.stream()
        .filter(entry -> ORDER.stream().noneMatch(verbs -> isOneOf(verbs, entry)))
        .toList();
    Map<Boolean, List<Entry>> isLong = rest.stream().collect(Collectors.partitioningBy(BundleRun::isLong));
    return before
        .compose(done -> Future.all(all(isLong.get(false), batch), oneByOne(isLong.get(true), batch)))
        .map(done -> Arrays.asList(batch.replies()));
  }

  private static boolean isOneOf(List<String> verbs, Entry entry) {
    return entry.ask() != null && !entry.isQuestion() && verbs.contains(entry.ask().verb());
  }

  private static boolean isLong(Entry entry) {
    return entry.refused() == null && entry.isQuestion() && EntryOperations.isLong(entry.ask());
  }

  /** So many lines, each doing every so-manieth entry. */
  private Future<?> all(List<Entry> entries, Batch batch) {
    List<Future<?>> lines = new ArrayList<>();
    for (int line = 0; line < Math.min(AT_ONCE, entries.size()); line++) lines.add(next(entries, line, batch));
    return lines.isEmpty() ? Future.succeededFuture() : Future.all(lines);
  }

  private Future<?> next(List<Entry> entries, int at, Batch batch) {
    if (at >= entries.size()) return Future.succeededFuture();
    return told(entries.get(at), batch).compose(done -> next(entries, at + AT_ONCE, batch));
  }

  /** By halves: the stack stays low, however many there are. */
  private Future<?> oneByOne(List<Entry> entries, Batch batch) {
    int half = entries.size() / 2;
    if (half == 0) return entries.isEmpty() ? Future.succeededFuture() : told(entries.get(0), batch);
    return oneByOne(entries.subList(0, half), batch)
        .compose(done -> oneByOne(entries.subList(half, entries.size()), batch));
  }

  private Future<?> told(Entry entry, Batch batch) {
    return tried(entry, batch, TRIES).map(reply -> batch.replies()[entry.index()] = reply);
  }

  /**
   * A batch's entries crowd each other: what was sent away because of that before it was begun is asked again. Nothing else is, whatever its verb: an answer may
   * be lost after the work was done, and then a second time deletes more, or fails because of the first.
   */
  private Future<Reply> tried(Entry entry, Batch batch, int tries) {
    Context here = Vertx.currentContext();
    return Future.succeededFuture()
        .compose(now -> one(entry, batch))
        .recover(cause -> cause instanceof Failure.Crowded && tries > 1 && here != null && isOneStep(entry.ask())
            ? here.owner()
                .timer(PAUSE_MILLIS, TimeUnit.MILLISECONDS)
                .compose(again -> tried(entry, batch, tries - 1))
            : Future.succeededFuture(refused(entry, cause)));
  }

  /** What deletes all that a condition means does so one after the other, and may be sent away in between; who names a version decides for himself. */
  private static boolean isOneStep(Ask ask) {
    boolean deletesMany = ask.verb().equals("DELETE") && ask.path().size() < 2;
    return !deletesMany && ask.terms().ifMatch() == null && ask.terms().ifNoneMatch() == null;
  }

  private Future<Reply> one(Entry entry, Batch batch) {
    if (entry.refused() != null) throw entry.refused();
    if (entry.isQuestion()) {
      batch.requireWanted(entry);
      return question(store, entry, batch.answered());
    }
    if (Interactions.isPurge(entry.ask())) return interactions.purge(entry.ask());
    Step step = interactions.step(entry.fullUrl(), entry.ask(), entry.change());
    boolean isWanted = entry.ask().terms().prefers("representation") || Interactions.isOperation(step);
    return interactions.single(entry.ask(), step)
        .map(reply -> isWanted && batch.answered().fits(entry.index(), reply) ? reply : reply.withoutResource());
  }

  /** TooLarge 413, Busy 503. */
  private Future<Reply> question(Reading reading, Entry entry, Answered answered) {
    answered.requireRoom();
    return asked(reading, entry).map(reply -> {
      Reply seen = seen(entry, reply);
      if (!answered.fits(entry.index(), seen)) throw answered.tooLarge();
      return seen;
    });
  }

  private Future<Reply> asked(Reading reading, Entry entry) {
    if (entry.ask().operation() == null) return interactions.ask(reading, entry.ask());
    return operations.ask(reading, entry.ask(), entry.change() instanceof Change.Given given ? given.resource() : null);
  }

  private static Reply seen(Entry entry, Reply reply) {
    return entry.ask().verb().equals("HEAD") ? reply.withoutResource() : reply;
  }

  /** As a request of its own would have been answered. */
  private static Reply refused(Entry entry, Throwable cause) {
    if (cause instanceof Rejected rejected)
      return Reply.refused(rejected.status, within(entry, rejected.issues));
    if (cause instanceof Failure failure)
      return Reply.refused(failure.status,
          List.of(Issue.error(failure.issue, failure.getMessage(), failure.expression)));
    log.error("entry failed trace={} verb={} cause={}", entry.ask().caller().trace(), entry.ask().verb(),
        cause.getClass().getName());
    return Reply.refused(500, List.of(new Issue("fatal", "exception",
        "this node could not answer because of an error of its own; its log tells more", null)));
  }

  private Future<List<Reply>> transaction(Ask asked, List<Entry> entries, Answered answered) {
    List<Step> steps = new ArrayList<>(entries.size());
    for (Entry entry : entries) steps.add(step(entry, answered));
    return store.transaction(asked.caller(), steps)
        .compose(done -> {
          List<Future<Reply>> replies = new ArrayList<>(done.size());
          for (int i = 0; i < done.size(); i++)
            replies.add(reply(entries.get(i), steps.get(i), done.get(i), answered));
          return Future.all(replies).map(all -> all.<Reply>list());
        })
        .recover(cause -> Future.failedFuture(cause instanceof Step.Failed failed
            ? told(entries.get(failed.step), steps.get(failed.step), failed.getCause())
            : cause));
  }

  private Step step(Entry entry, Answered answered) {
    try {
      if (entry.refused() != null) throw entry.refused();
      if (!entry.isQuestion()) return interactions.step(entry.fullUrl(), entry.ask(), entry.change());
      String type = entry.ask().path().isEmpty() ? null : entry.ask().path().get(0);
      return new Step.Question(type, reading -> question(reading, entry, answered));
    } catch (Failure | Rejected refused) {
      throw told(entry, null, refused);
    }
  }

  private Future<Reply> reply(Entry entry, Step step, Step.Done done, Answered answered) {
    if (done.answer() instanceof Reply answer) return Future.succeededFuture(answer);
    Future<Reply> told = interactions.told(entry.ask(), step, done, false);
    if (!Interactions.isOperation(step)) return told;
    return told.map(reply -> answered.fits(entry.index(), reply) ? reply : reply.withoutResource());
  }

  /** The whole transaction fails: with whose fault it is. */
  private static RuntimeException told(Entry entry, Step step, Throwable cause) {
    Throwable refused = step == null ? cause : Interactions.rejected(step, cause);
    if (refused instanceof Rejected rejected) return new Rejected(rejected.status, within(entry, rejected.issues));
    if (!(refused instanceof Failure failure)) return new IllegalStateException(refused);
    if (failure instanceof Failure.Busy busy) return busy;
    return new Rejected(failure.status, List.of(Issue.error(failure.issue,
        "entry " + entry.index() + ": " + failure.getMessage(), entry.place())));
  }

  /** {@code Patient.birthDate} stands at {@code Bundle.entry[3].resource.birthDate}. */
  private static List<Issue> within(Entry entry, List<Issue> issues) {
    return issues.stream()
        .map(issue -> new Issue(issue.severity(), issue.code(), issue.text(),
            issue.expression() == null || issue.expression().startsWith("Bundle.")
                ? issue.expression()
                : entry.place() + ".resource" + behindType(issue.expression())))
        .toList();
  }

  private static String behindType(String expression) {
    int dot = expression.indexOf('.');
    return dot < 0 ? "" : expression.substring(dot);
  }
}

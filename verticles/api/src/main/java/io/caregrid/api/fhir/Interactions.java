package io.caregrid.api.fhir;

import io.caregrid.api.Rejected;
import io.caregrid.contract.Failure;
import io.caregrid.store.Criteria;
import io.caregrid.store.Demand;
import io.caregrid.store.FhirStore;
import io.caregrid.store.HistoryQuery;
import io.caregrid.store.Page;
import io.caregrid.store.Reading;
import io.caregrid.store.SearchQuery.Param;
import io.caregrid.store.Step;
import io.caregrid.store.Stored;
import io.vertx.core.Future;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * FHIR's interactions (R4 http.html), whoever asks for them: a request, an entry of a batch, an entry of a transaction. What is asked is read into a {@link Step};
 * a single one is handed to the store by itself, those of a transaction together.
 */
final class Interactions {
  static final String PURGE = "$purge-history";
  private static final String HISTORY = "_history";
  private static final Pattern HANDLING = Pattern.compile("handling=([a-z]*)");
  /** Parameters that say how to answer or to work, and are no condition. */
  private static final Set<String> MANNERS = Set.of("_format", "_pretty", "_summary", "_elements", "_count",
      "_hardDelete",
      "hardDelete", "_meta-history");
  private static final Pattern VERSION = Pattern.compile("\\d{1,9}");
  private static final String DAY = "\\d{4}-\\d{2}-\\d{2}";
  private static final int MOST_DELETED = 1_000;
  private static final Duration CLOCKS = Duration.ofMinutes(1);

  private final FhirStore store;

  Interactions(FhirStore store) {
    this.store = store;
  }

  /** What may be changed. NotSupported 405 when this address does not take that verb. */
  Step step(String fullUrl, Ask ask, Change change) {
    if (change instanceof Change.Part part && part.edit() instanceof MetaEdit)
      return new Step.Patch(fullUrl, ask.type(), ask.id(), null, part.edit(), demand(ask).seen());
    boolean one = ask.path().size() == 2;
    if (ask.path().isEmpty() || ask.path().size() > 2) throw wrong(ask);
    return switch (ask.verb()) {
      case "POST" -> create(fullUrl, ask, change, one);
      case "PUT" -> update(fullUrl, ask, change, one);
      case "PATCH" -> {
        if (!(change instanceof Change.Part part)) throw new Failure.Invalid("a patch is missing");
        yield new Step.Patch(fullUrl, ask.type(), one ? ask.id() : null, one ? null : criteria(ask), part.edit(),
            demand(ask));
      }
      case "DELETE" -> new Step.Delete(ask.type(), one ? ask.id() : null, one ? null : criteria(ask), ifMatch(ask),
          ask.is("_hardDelete") || ask.is("hardDelete"));
      default -> throw wrong(ask);
    };
  }

  private static Failure wrong(Ask ask) {
    return new Failure.NotSupported(ask.verb() + " is not possible at this address");
  }

  private Step create(String fullUrl, Ask ask, Change change, boolean one) {
    if (one) throw wrong(ask);
    if (!(change instanceof Change.Whole whole)) throw new Failure.Invalid("the resource is missing");
    String condition = ask.terms().ifNoneExist();
    return new Step.Create(fullUrl, ask.type(), condition == null ? null : criteria(ask, condition),
        whole.resource());
  }

  private Step update(String fullUrl, Ask ask, Change change, boolean one) {
    if (!(change instanceof Change.Whole whole)) throw new Failure.Invalid("the resource is missing");
    if (!one) return new Step.Update(fullUrl, ask.type(), null, criteria(ask), whole.resource(), demand(ask));
    if (!whole.resource().path("id").asText().equals(ask.id()))
      throw new Failure.Invalid("the resource's id must be there and equal the id in the address", "id");
    return new Step.Update(fullUrl, ask.type(), ask.id(), null, whole.resource(), demand(ask));
  }

  /** {@code If-None-Exist: identifier=a|b}, also with the type and a question mark in front, as some write it. */
  private static Criteria criteria(Ask ask, String condition) {
    String type = ask.type();
    String query = condition.startsWith(type + "?") ? condition.substring(type.length() + 1) : condition;
    return new Criteria(type, own(ask, selecting(Query.parse(query.startsWith("?") ? query.substring(1) : query))));
  }

  private static Criteria criteria(Ask ask) {
    if (selecting(ask.query()).isEmpty())
      throw new Failure.Invalid(ask.verb() + " of a type needs a condition, as in " + ask.type()
          + "?identifier=..., or an id in the address");
    return new Criteria(ask.type(), own(ask, selecting(ask.query())));
  }

  private static List<Param> own(Ask ask, List<Param> query) {
    return new OwnAddress(ask.base()).relative(ask.type(), query);
  }

  private static List<Param> selecting(List<Param> query) {
    return query.stream().filter(param -> !MANNERS.contains(param.name())).toList();
  }

  private static Demand demand(Ask ask) {
    String none = ask.terms().ifNoneMatch();
    if (none != null && !none.trim().equals("*"))
      throw new Failure.Invalid("If-None-Match of a write can only be *: nothing may be there");
    return new Demand(ifMatch(ask), none != null, "false".equalsIgnoreCase(ask.param("_meta-history")));
  }

  private static OptionalInt ifMatch(Ask ask) {
    return Versions.ifMatch(ask.terms().ifMatch());
  }

  /** Whether it asks that the versions before the current one are removed: {@code DELETE Patient/7/$purge-history}. */
  static boolean isPurge(Ask ask) {
    return ask.verb().equals("DELETE") && ask.path().size() == 3 && ask.path().get(2).equals(PURGE);
  }

  /** As Microsoft's server does it. */
  Future<Reply> purge(Ask ask) {
    return store.forgetPast(ask.caller(), ask.type(), ask.id(), ifMatch(ask)).map(Reply::done);
  }

  /** By itself. */
  Future<Reply> single(Ask ask, Step step) {
    if (step instanceof Step.Delete delete && delete.where() != null) return deleteMany(ask, delete);
    return done(ask, step)
        .compose(done -> told(ask, step, done, true))
        .recover(cause -> Future.failedFuture(rejected(step, cause)));
  }

  /** Whether it answers what was asked, and not only what became of the resource. */
  static boolean isOperation(Step step) {
    return step instanceof Step.Patch patch && patch.edit() instanceof MetaEdit;
  }

  /** @param whole what is written comes back unless it was said otherwise */
  Future<Reply> told(Ask ask, Step step, Step.Done done, boolean whole) {
    return isOperation(step)
        ? MetaOperations.told(done.stored())
        : Future.succeededFuture(reply(ask, step, done, whole));
  }

  /** Together with another one that refers to it: both or none. */
  Future<Reply> with(Step other, Ask ask, Change change) {
    Step step = step(Provenances.TARGET, ask, change);
    if (step instanceof Step.Delete)
      throw new Failure.Invalid(Provenances.HEADER + " goes with what is created, updated or patched");
    return store.transaction(ask.caller(), List.of(step, other))
        .map(done -> reply(ask, step, done.get(0), true))
        .recover(cause -> Future.failedFuture(
            cause instanceof Step.Failed failed ? rejected(step, failed.getCause()) : cause));
  }

  private Future<Step.Done> done(Ask ask, Step step) {
    if (step instanceof Step.Create create) {
      return (create.where() == null
          ? store.create(ask.caller(), create.type(), create.resource())
          : store.create(ask.caller(), create.where(), create.resource())).map(Interactions::done);
    } else if (step instanceof Step.Update update) {
      return (update.where() == null
          ? store.update(ask.caller(), update.type(), update.id(), update.resource(), update.demand())
          : store.update(ask.caller(), update.where(), update.resource(), update.demand())).map(Interactions::done);
    } else if (step instanceof Step.Patch patch) {
      return (patch.where() == null
          ? store.patch(ask.caller(), patch.type(), patch.id(), patch.edit(), patch.demand())
          : store.patch(ask.caller(), patch.where(), patch.edit(), patch.demand())).map(Interactions::done);
    }
    Step.Delete delete = (Step.Delete) step;
    return (delete.erases()
        ? store.erase(ask.caller(), delete.type(), delete.id(), delete.ifMatch())
        : store.delete(ask.caller(), delete.type(), delete.id(), delete.ifMatch())).map(Interactions::done);
  }

  private static Step.Done done(Stored stored) {
    return new Step.Done(stored, stored != null && stored.created(), null, List.of());
  }

  /** All that is wrong with a patched resource, not only the first. */
  static Throwable rejected(Step step, Throwable cause) {
    boolean checked = step instanceof Step.Patch patch && patch.edit() instanceof CheckedEdit edit
        && cause instanceof Failure.Unprocessable && !edit.issues().isEmpty();
    return checked ? new Rejected(422, ((CheckedEdit) ((Step.Patch) step).edit()).issues()) : cause;
  }

  private static Reply reply(Ask ask, Step step, Step.Done done, boolean whole) {
    Stored stored = done.stored();
    if (step instanceof Step.Delete) return Reply.deleted(step.type(), stored);
    boolean made = done.changed() && stored.created();
    boolean located = made || step instanceof Step.Create;
    return Reply.written(made ? 201 : 200, stored, located, ask.terms(), whole);
  }

  private Future<Reply> deleteMany(Ask ask, Step.Delete delete) {
    String count = ask.param("_count");
    int most = count == null ? 1 : many(count);
    return store.delete(ask.caller(), delete.where(), most, delete.ifMatch(), delete.erases())
        .map(gone -> count == null && gone.size() == 1
            ? Reply.deleted(delete.type(), gone.get(0))
            : Reply.deleted(delete.type(), gone.size()));
  }

  private static int many(String count) {
    if (count.matches("[1-9]\\d{0,3}") && Integer.parseInt(count) <= MOST_DELETED) return Integer.parseInt(count);
    throw new Failure.Invalid("_count of a conditional delete is 1.." + MOST_DELETED);
  }

  /** What is only asked. @param reading the store, or a transaction's view of it */
  Future<Reply> ask(Reading reading, Ask ask) {
    List<String> path = ask.path();
    if (path.isEmpty()) return search(reading, ask, null, null, ask.query());
    if (path.equals(List.of(HISTORY))) return history(reading, ask, null);
    boolean versions = path.get(path.size() - 1).equals(HISTORY);
    if (path.size() == 1) return search(reading, ask, ask.type(), null, ask.query());
    if (path.size() == 2 && versions) return history(reading, ask, ask.type());
    if (path.size() == 2) return read(reading, ask);
    if (path.size() == 3 && versions) return historyOfOne(reading, ask);
    if (path.size() == 3) return compartment(reading, ask, path.get(2));
    if (path.size() == 4 && path.get(2).equals(HISTORY)) return vread(reading, ask, path.get(3));
    throw wrong(ask);
  }

  private Future<Reply> compartment(Reading reading, Ask ask, String what) {
    boolean all = what.equals("*");
    if (!all && (!ResourceTypes.has(what) || what.equals(AuditRoutes.TYPE))) throw wrong(ask);
    return search(reading, ask, all ? null : what, path(ask), ask.query());
  }

  private static String path(Ask ask) {
    return ask.type() + "/" + ask.id();
  }

  Future<Reply> read(Reading reading, Ask ask) {
    return reading.read(ask.caller(), ask.type(), ask.id()).compose(stored -> given(ask, stored));
  }

  private Future<Reply> vread(Reading reading, Ask ask, String version) {
    if (!VERSION.matcher(version).matches())
      throw new Failure.NotFound("no such version: versions are whole numbers from 1");
    return reading.vread(ask.caller(), ask.type(), ask.id(), Integer.parseInt(version))
        .compose(stored -> given(ask, stored));
  }

  private static Future<Reply> given(Ask ask, Stored stored) {
    if (Versions.isFresh(stored, ask.terms().ifNoneMatch(), ask.terms().ifModifiedSince()))
      return Future.succeededFuture(Reply.unchanged(stored));
    Selection part = Selection.of(ask.param("_elements"), ask.param("_summary"));
    return part.cut(stored.body().length(), () -> part.apply(stored.body())).map(cut -> Reply.found(stored, cut));
  }

  private Future<Reply> historyOfOne(Reading reading, Ask ask) {
    HistoryQuery query = historyQuery(ask);
    return reading.history(ask.caller(), ask.type(), ask.id(), query)
        .compose(page -> history(ask, query, page));
  }

  private static Future<Reply> history(Ask ask, HistoryQuery query, Page page) {
    Selection part = Selection.of(ask.param("_elements"), ask.param("_summary"));
    return part.cut(Selection.bytes(page), () -> Bundles.history(ask, query, page, part)).map(Reply::bundle);
  }

  private Future<Reply> history(Reading reading, Ask ask, String type) {
    if (!at(ask).isEmpty())
      throw new Failure.Invalid("_at is for the history of one resource: ask others with _since");
    HistoryQuery query = historyQuery(ask);
    return reading.history(ask.caller(), type, query).compose(page -> history(ask, query, page));
  }

  private static HistoryQuery historyQuery(Ask ask) {
    int count = "count".equalsIgnoreCase(ask.param("_summary")) ? 0 : SearchRequest.count(ask.param("_count"));
    return new HistoryQuery(count, instant(ask, "_since"), before(ask), oldestFirst(ask.param("_sort")),
        ask.param(SearchRequest.PAGE)).at(at(ask));
  }

  private static List<String> at(Ask ask) {
    return ask.query()
        .stream()
        .filter(param -> param.name().equals("_at") && !param.value().isEmpty())
        .map(Param::value)
        .toList();
  }

  /** Of what is still to come nobody knows yet; a minute is for clocks that are not quite together. */
  private static Instant before(Ask ask) {
    Instant before = instant(ask, "_before");
    if (before != null && before.isAfter(Instant.now().plus(CLOCKS)))
      throw new Failure.Invalid("_before is in the future");
    return before;
  }

  private static boolean oldestFirst(String sort) {
    if (sort == null || sort.equals("-_lastUpdated")) return false;
    if (sort.equals("_lastUpdated")) return true;
    throw new Failure.Invalid("_sort of a history is _lastUpdated or -_lastUpdated");
  }

  private static Instant instant(Ask ask, String name) {
    String text = ask.param(name);
    if (text == null) return null;
    try {
      if (text.matches(DAY)) return LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant(); // as others take it
      return OffsetDateTime.parse(text.replace(' ', '+')).toInstant();
    } catch (DateTimeException unreadable) {
      throw new Failure.Invalid(
          name + " must be an instant such as 2026-11-20T10:00:00Z, or a day such as 2026-11-20, which begins in UTC");
    }
  }

  /** @param type null for all @param within {@code Type/id} of a compartment, or null */
  Future<Reply> search(Reading reading, Ask ask, String type, String within, List<Param> params) {
    SearchRequest asked = SearchRequest.of(type, within, new OwnAddress(ask.base()).relative(type, params));
    if (isStrict(ask)) asked.requireKnown();
    return reading.search(ask.caller(), asked.query())
        .compose(page -> Selection.cut(ask.base(), asked, page))
        .map(Reply::bundle);
  }

  static boolean isStrict(Ask ask) {
    Matcher handling = HANDLING.matcher(ask.terms().prefer() == null ? "" : ask.terms().prefer());
    if (!handling.find()) return false;
    return switch (handling.group(1)) {
      case "strict" -> true;
      case "lenient" -> false;
      default -> throw new Failure.Invalid("Prefer: handling must be strict or lenient");
    };
  }
}

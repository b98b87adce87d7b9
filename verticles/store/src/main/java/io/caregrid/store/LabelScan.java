package io.caregrid.store;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Which profiles, security labels and tags current resources have: those that have any are found by their tokens, and read; what has none costs nothing. Tokens are hashes, so
 * nobody can tell the labels from them alone. All of it or nothing: when there are too many to be read in time, it is {@link Failure.TooCostly}.
 */
final class LabelScan implements Scan.Visitor {
  private static final List<String> KINDS = List.of("_profile", "_security", "_tag");
  /** Of a Coding: extensions and ids are of the resource that has it. */
  private static final List<String> TOLD = List.of("system", "version", "code", "display", "userSelected");
  /** Different ones. */
  private static final int MOST = 100_000;
  /** Of all of them, as JSON. */
  private static final long MOST_CHARACTERS = 8 << 20;
  private static final int BATCH = 500;

  private final Asking asking;
  private final Reindexing reindexing;
  private final int most;
  private final Set<String> profiles = new TreeSet<>();
  private final Map<String, ObjectNode> security = new TreeMap<>();
  private final Map<String, ObjectNode> tags = new TreeMap<>();
  private final List<String> notes = new ArrayList<>();
  private int unreadable;
  private long characters;

  LabelScan(Asking asking, Reindexing reindexing) {
    this(asking, reindexing, Scan.MOST);
  }

  /** @param most resources of a type that are looked at */
  LabelScan(Asking asking, Reindexing reindexing, int most) {
    this.asking = asking;
    this.reindexing = reindexing;
    this.most = most;
  }

  /** Of all these types together. */
  Future<Labels> run(List<String> types) {
    Future<Void> done = Future.succeededFuture();
    for (String type : types) done = done.compose(before -> of(type));
    return done.map(all -> {
      if (unreadable > 0)
        notes.add(unreadable + " resources that have labels cannot be read: some of theirs may be missing here");
      return new Labels(List.copyOf(profiles), List.copyOf(security.values()), List.copyOf(tags.values()), notes);
    }).recover(cause -> Future.failedFuture(cause instanceof Failure.TooCostly ? tooCostly() : cause));
  }

  private Future<Void> of(String type) {
    Definition definition = Definition.of(type);
    Criterion labelled = Criterion.any(KINDS.stream().map(Postings::present).toList(), true, values -> true);
    SearchPlan plan = new SearchPlan(definition, List.of(labelled), Sort.NONE, 0);
    return new Scan(asking, plan, Order.NEWEST, most, Scan.SECONDS, this).run(null, Math.min(BATCH, most))
        .compose(end -> reindexing.isLeft(type))
        .map(left -> {
          if (left) notes.add(Reindexing.note(type));
          return null;
        });
  }

  @Override
  public boolean meant(Row row, Stored stored, Values values) {
    JsonNode meta = values.resource().path("meta");
    for (JsonNode profile : meta.path("profile")) {
      if (profile.isTextual() && profiles.add(profile.textValue())) characters += profile.textValue().length();
    }
    gather(meta.path("security"), security);
    gather(meta.path("tag"), tags);
    boolean many = profiles.size() + security.size() + tags.size() > MOST || characters > MOST_CHARACTERS;
    if (many) throw tooCostly();
    return true;
  }

  private void gather(JsonNode codings, Map<String, ObjectNode> into) {
    for (JsonNode coding : codings) {
      if (!(coding instanceof ObjectNode whole)) continue;
      ObjectNode label = whole.deepCopy().retain(TOLD);
      if (into.putIfAbsent(key(label), label) == null) characters += label.toString().length();
    }
  }

  /** What has no code is told by what it says. */
  private static String key(ObjectNode label) {
    String code = label.path("code").asText();
    return label.path("system").asText() + "\u001f"
        + (code.isEmpty() ? "\u001f" + label.path("display").asText() : code);
  }

  @Override
  public void unreadable(Stored stored) {
    unreadable++;
  }

  private Failure tooCostly() {
    return new Failure.TooCostly(
        "More resources have labels, or more different ones, than can be looked through at once ("
            + Scan.SECONDS + " s and " + most + " resources of a type, " + Search.LABELS_TIME.toSeconds()
            + " s of all together, " + MOST + " labels): ask for one type, or search by _tag, _security or _profile");
  }
}

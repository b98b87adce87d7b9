package io.caregrid.templates.device;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.templates.cost.Budget;
import io.caregrid.templates.cost.TooCostly;
import io.caregrid.templates.jmespath.SharedFilter;
import io.caregrid.templates.jsonpath.SharedScan;
import java.util.List;

/**
 * Where the measurements of every template are: most templates of a mapping ask the same of a message, each for another name, and share the answer.
 * Immutable, safe for any number of threads.
 */
final class Matching {
  private final Expression[] matches;
  /** Null when no two templates could share it. */
  private final SharedScan scan;
  /** Null when no template has a filter of that kind. */
  private final SharedFilter filter;

  Matching(List<ContentTemplate> templates) {
    this.matches = templates.stream().map(ContentTemplate::match).toArray(Expression[]::new);
    this.scan = SharedScan.of(templates.stream().map(template -> template.match().path()).toList());
    this.filter = SharedFilter.of(templates.stream().map(template -> template.match().jmesPath()).toList());
  }

  /** @param budget of the message */
  Found over(JsonNode root, Budget budget) {
    return new Found(root, budget);
  }

  /** The matches in one message. Of one thread. */
  final class Found {
    private final JsonNode root;
    private final Budget budget;
    private final SharedScan.Found scanned;
    private final SharedFilter.Found filtered;

    private Found(JsonNode root, Budget budget) {
      this.root = root;
      this.budget = budget;
      this.scanned = scan == null ? null : scanned();
      this.filtered = filter == null ? null : filter.over(root);
    }

    /** Null when the templates shall walk the message themselves: then whatever is wrong with it is said of each. */
    private SharedScan.Found scanned() {
      try {
        return scan.over(root, budget);
      } catch (TooCostly | StackOverflowError tooMuch) {
        return null;
      }
    }

    /** What the n-th template's match expression selects. */
    List<JsonNode> tokens(int n) throws Unreadable {
      if (scanned != null && scan.answers(n)) return scanned.select(n);
      List<JsonNode> tokens = filtered == null ? null : filtered.select(n);
      return tokens == null ? matches[n].all(root, budget) : tokens;
    }
  }
}

package io.caregrid.templates.liquid;

import java.time.Clock;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * One rendering: its variables, its output so far, and what is left of its limits. One thread, used once.
 *
 * <p>Variables live in slots numbered by {@link Symbols}. A slot has an outermost value, which {@code assign}, {@code capture} and {@code evaluate} write, and
 * maybe an inner one, which {@code for} and {@code include} put over it until they end. Ending a scope undoes its inner values in reverse order.
 */
public final class Run {
  private static final Object ABSENT = new Object();
  private static final int LOOK_AT_CLOCK_EVERY = 512;
  private final Templates templates;
  private final Limits limits;
  private final long deadline;
  private final Object[] outermost;
  private final Object[] inner;
  private final List<Object> undo = new ArrayList<>();
  private int depth;
  private int steps;
  private long rendered;
  private Map<String, Integer> met;
  StringBuilder out = new StringBuilder(16_384);
  /** The zone of times that are written without one. */
  final ZoneId zone;
  final Clock clock;

  /** Null when the input's texts are escaped for JSON already. */
  final Quoting quoting;

  Run(Templates templates, Limits limits, ZoneId zone, Clock clock, Map<String, ?> variables, boolean plain) {
    quoting = plain ? new Quoting() : null;
    this.templates = templates;
    this.limits = limits;
    this.zone = zone;
    this.clock = clock;
    deadline = System.nanoTime() + limits.time().toNanos();
    outermost = new Object[templates.symbols.size()];
    inner = new Object[outermost.length];
    Arrays.fill(inner, ABSENT);
    variables.forEach((name, value) -> {
      int slot = templates.symbols.find(name);
      if (slot >= 0) outermost[slot] = value;
    });
  }

  public Templates templates() {
    return templates;
  }

  Object get(int slot) {
    Object value = inner[slot];
    return value == ABSENT ? outermost[slot] : value;
  }

  void assign(int slot, Object value) {
    outermost[slot] = value;
  }

  int open() {
    return undo.size();
  }

  void bind(int slot, Object value) {
    undo.add(inner[slot]);
    undo.add(slot);
    inner[slot] = value;
  }

  /** Changes what {@link #bind} put into the innermost scope. */
  void rebind(int slot, Object value) {
    inner[slot] = value;
  }

  void close(int mark) {
    while (undo.size() > mark) {
      int slot = (Integer) undo.remove(undo.size() - 1);
      inner[slot] = undo.remove(undo.size() - 1);
    }
  }

  /** Renders a template into the output; its scope is the caller's. */
  int render(Template template) {
    if (++depth > limits.depth()) {
      throw new ConversionException(ErrorCode.TEMPLATE_RENDERING_ERROR,
          "more than " + limits.depth() + " templates inside each other");
    }
    int signal = template.body().render(this);
    depth--;
    return signal;
  }

  int mark() {
    return mark(false);
  }

  /** @param json whether what follows is read as JSON of its own, so that texts must stay texts in it as well */
  int mark(boolean json) {
    if (quoting != null) quoting.open(json);
    return out.length();
  }

  /** Takes back what was written since {@code mark}. */
  String cut(int mark) {
    if (quoting != null) quoting.close();
    String text = out.substring(mark);
    out.setLength(mark);
    return text;
  }

  void write(String text) {
    charge(text.length());
    out.append(text);
  }

  /** What a list's item counts for, in characters. */
  static final int ITEM = 32;

  /** Counts what is made against the longest output: what is written, and what filters give. */
  void charge(long characters) {
    rendered += characters;
    if (rendered > limits.output()) throw tooLong();
  }

  /** Before something of this size is made, which is counted afterwards. */
  void foresee(long characters) {
    if (rendered + characters > limits.output()) throw tooLong();
  }

  private ConversionException tooLong() {
    return new ConversionException(ErrorCode.TEMPLATE_RENDERING_ERROR,
        "what is rendered has more than " + limits.output() + " characters");
  }

  /** {@code text} when it is met for the first time, later with how often it was. */
  String distinct(String text) {
    if (text == null) return null;
    int met = met().merge(text, 1, Integer::sum);
    return met == 1 ? text : text + " " + met;
  }

  private Map<String, Integer> met() {
    if (met == null) met = new HashMap<>();
    return met;
  }

  void iterations(int count) {
    if (count > limits.iterations()) {
      throw new ConversionException(ErrorCode.TEMPLATE_RENDERING_ERROR,
          "a loop has more than " + limits.iterations() + " items");
    }
  }

  /** Called for each step of a rendering, and for each character a regular expression looks at. */
  void step() {
    if (++steps >= LOOK_AT_CLOCK_EVERY) {
      steps = 0;
      checkTime();
    }
  }

  void checkTime() {
    if (System.nanoTime() - deadline > 0 || Thread.currentThread().isInterrupted()) {
      throw new ConversionException(ErrorCode.TIMEOUT_ERROR,
          "the templates take longer than " + limits.time().toMillis() + " ms");
    }
  }
}

package io.caregrid.ingest.load;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.zip.ZipException;

/**
 * Loads one file into a target: transactions and batches as they are, NDJSON in batches of PUTs, so that each line stands for itself. Blocks; one thread.
 *
 * <p>Sent twice, when the load was killed between the target's answer and our note of it: a PUT changes nothing then. A bundle that adds something each time
 * is not sent a second time: it becomes a reject that says so.
 */
public final class FileLoad {
  /** Bytes of a line or a document; more than a node's door takes. */
  private static final int LONGEST = 16 << 20;
  private static final int BATCH_BYTES = 4 << 20;
  private static final Set<Integer> AGAIN = Set.of(408, 429, 502, 503, 504);
  private static final int ROUNDS = 8;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path file;
  private final Target target;
  private final int most;
  private final Pace pace;
  private final Watch watch;
  private Place place;
  private Rejects rejects;
  private Unpacked.Piece piece;

  /** Hears how far it is, after each batch. */
  @FunctionalInterface
  public interface Watch {
    /**
     * @param bytes unpacked, of the piece that is being loaded
     * @return false: no further
     */
    boolean at(Report report, long bytes);

    /** Asked before something is noted. False: the file is another's by now, and so is what stands beside it. */
    default boolean isOurs() {
      return true;
    }
  }

  /** What has become of a file, rounds of earlier loads included. */
  public record Report(long loaded, long rejected) {}

  /** Somebody wanted it no further. */
  public static final class Stopped extends Exception {
    private static final long serialVersionUID = 1;
  }

  /** The file is not what it was when the load began: somebody writes it still. The next load of it begins anew. */
  public static final class Changed extends Exception {
    private static final long serialVersionUID = 1;

    Changed() {
      super("it was changed while it was loaded: somebody writes it still", null, false, false);
    }
  }

  /** Where a resource stands. */
  private record Sent(long line, byte[] raw, Resource resource) {}

  private record Wrong(Sent sent, int status, String why) {}

  /**
   * @param most      resources in one batch
   * @param perSecond resources, at most; 0 for as fast as the target takes them
   */
  public FileLoad(Path file, Target target, int most, int perSecond, Watch watch) {
    this.file = file;
    this.target = target;
    this.most = most;
    this.pace = new Pace(perSecond);
    this.watch = watch;
  }

  /** Forgets how far it was. */
  public static void forget(Path file) throws IOException {
    Place.forget(file);
  }

  /** Whether it was begun and not ended, or its name belongs to another file's load. */
  public static boolean isBeside(Path file) {
    String name = file.getFileName().toString();
    return name.endsWith(Place.SUFFIX) || name.endsWith(Place.SUFFIX + ".new") || name.endsWith(Rejects.REASONS)
        || name.endsWith(Rejects.LINES);
  }

  /** Whether its name says that it can be loaded. */
  public static boolean isOne(Path file) {
    return !isBeside(file) && Unpacked.isOne(file);
  }

  /**
   * From where it was to the end. Run again it does nothing more, until its place is forgotten ({@link #forget}).
   *
   * @throws Refused the file is none, or harmful; what came before that in it is loaded
   * @throws Changed it is not the file that it was at the beginning; what was in it then may be loaded, in part
   */
  public Report run() throws IOException, Refused, Away, InterruptedException, Stopped, Changed {
    place = Place.of(file, target.name());
    try {
      pieces();
    } catch (Refused refused) {
      if (!place.isOf(file)) throw new Changed();
      throw refused;
    }
    if (!place.isOf(file)) throw new Changed();
    return report();
  }

  private void pieces() throws IOException, Refused, Away, InterruptedException, Stopped {
    try (Unpacked unpacked = new Unpacked(file); Rejects opened = new Rejects(file, place)) {
      rejects = opened;
      List<Unpacked.Piece> pieces = unpacked.pieces();
      while (place.piece() < pieces.size()) {
        piece = pieces.get(place.piece());
        try (InputStream in = unpacked.open(piece)) {
          if (piece.lines()) lines(in);
          else document(in);
        } catch (Unpacked.Bomb | ZipException | EOFException damaged) {
          throw new Refused(damaged instanceof Unpacked.Bomb ? damaged.getMessage() : "it is packed, and damaged");
        }
        place = place.nextPiece();
        place.keep(file);
      }
    }
  }

  private Report report() {
    return new Report(place.loaded(), place.rejected());
  }

  private void lines(InputStream in) throws IOException, Away, InterruptedException, Stopped {
    in.skipNBytes(place.offset());
    Lines lines = new Lines(in, place.offset(), LONGEST);
    long number = place.line();
    long end = place.offset();
    List<Sent> batch = new ArrayList<>();
    List<Wrong> wrong = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (Lines.Line line = lines.next(); line != null; line = lines.next()) {
      boolean full = batch.size() + wrong.size() >= most || line.end() - place.offset() > BATCH_BYTES;
      if (full) flush(batch, names, wrong, end, number);
      number++;
      Sent sent = read(number, line, wrong);
      if (sent != null) {
        boolean alone = sent.resource().isBundle();
        if (alone || names.contains(name(sent))) flush(batch, names, wrong, end, number - 1);
        if (alone) {
          bundle(sent, line.end());
        } else {
          batch.add(sent);
          names.add(name(sent));
        }
      }
      end = line.end();
    }
    flush(batch, names, wrong, end, number);
  }

  /** All lines up to that one, good, bad and empty ones. */
  private void flush(List<Sent> batch, Set<String> names, List<Wrong> wrong, long end, long line)
      throws IOException, Away, InterruptedException, Stopped {
    loaded(batch, wrong, end, line);
    batch.clear();
    names.clear();
  }

  private static String name(Sent sent) {
    return sent.resource().type() + "/" + sent.resource().id();
  }

  /** Null for an empty line, and for one that is none. */
  private Sent read(long number, Lines.Line line, List<Wrong> wrong) {
    if (line.bytes() == null) {
      wrong.add(new Wrong(new Sent(number, null, null), 0, "the line is longer than " + LONGEST + " bytes"));
      return null;
    }
    if (new String(line.bytes(), 0, Math.min(line.bytes().length, 64), StandardCharsets.ISO_8859_1).isBlank()
        && new String(line.bytes(), StandardCharsets.ISO_8859_1).isBlank())
      return null;
    try {
      return new Sent(number, line.bytes(), Resource.of(line.bytes()));
    } catch (Refused refused) {
      wrong.add(new Wrong(new Sent(number, line.bytes(), null), 0, refused.getMessage()));
      return null;
    }
  }

  private void document(InputStream in) throws IOException, Away, InterruptedException, Stopped {
    if (place.offset() > 0) return;
    byte[] bytes = in.readNBytes(LONGEST + 1);
    List<Wrong> wrong = new ArrayList<>();
    Lines.Line whole = new Lines.Line(bytes.length > LONGEST ? null : bytes, bytes.length);
    Sent sent = read(1, whole, wrong);
    if (sent != null && sent.resource().isBundle()) bundle(sent, whole.end());
    else loaded(sent == null ? List.of() : List.of(sent), wrong, Math.max(1, whole.end()), 1);
  }

  private void bundle(Sent sent, long end) throws IOException, Away, InterruptedException, Stopped {
    String kind = sent.resource().kind();
    if (!"transaction".equals(kind) && !"batch".equals(kind)) {
      noted(0,
          List.of(new Wrong(sent, 0, "a Bundle that is no transaction and no batch does not say what to do with it")),
          end, sent.line());
      return;
    }
    if (place.doubtful()) {
      noted(0,
          List.of(new Wrong(sent, 0,
              "the load was stopped while this bundle was under way; it changes something each time it is"
                  + " sent, so look whether the target has them before you load it again")),
          end, sent.line());
      return;
    }
    if (sent.resource().adds()) {
      place = place.doubted();
      place.keep(file);
    }
    Target.Answer answer;
    try {
      answer = sent.resource().adds() ? target.sendOnce(sent.raw()) : target.send(sent.raw());
      understood(answer, sent.resource().adds());
    } catch (Away away) {
      if (sent.resource().adds() && !away.doubtful) undoubted();
      throw away;
    }
    if (answer.status() >= 300)
      noted(0, List.of(new Wrong(sent, answer.status(), why(answer.said()))), end, sent.line());
    else
      answered(sent, answer, end);
  }

  /** A 2xx without a Bundle is of somebody who is no FHIR server, such as the page of a proxy. */
  private void understood(Target.Answer answer, boolean doubtful) throws Away {
    if (answer.status() < 300 && !answer.isBundle())
      throw new Away(target.name() + " answers " + answer.status()
          + " without a Bundle: is that the base address of a FHIR server?", doubtful);
  }

  private void undoubted() throws IOException {
    place = place.after(place.offset(), place.line(), 0, 0, rejects);
    place.keep(file);
  }

  /** Of a batch each entry may have failed for itself; then the whole batch is kept, and the reason names the entry. */
  private void answered(Sent sent, Target.Answer answer, long end) throws IOException, InterruptedException, Stopped {
    JsonNode entries = answer.said().path("entry");
    if (entries.size() != sent.resource().entries()) {
      noted(0, List.of(new Wrong(sent, answer.status(), "the target answers for " + entries.size() + " of "
          + sent.resource().entries() + " entries: look what it has taken before you load it again")), end,
          sent.line());
      return;
    }
    int taken = 0;
    List<Wrong> wrong = new ArrayList<>();
    int n = 0;
    for (JsonNode entry : entries) {
      n++;
      int status = status(entry);
      if (status >= 200 && status < 300) taken++;
      else
        wrong.add(new Wrong(wrong.isEmpty() ? sent : new Sent(sent.line(), null, null), status,
            "entry " + n + ": " + why(entry.path("response").path("outcome"))));
    }
    noted(taken, wrong, end, sent.line());
  }

  /** Sends them until each was taken or refused. What is too busy for some is asked for those again. */
  private void loaded(List<Sent> batch, List<Wrong> before, long end, long line)
      throws IOException, Away, InterruptedException, Stopped {
    List<Wrong> wrong = new ArrayList<>(before);
    before.clear();
    int taken = 0;
    List<Sent> waiting = batch;
    for (int round = 0; !waiting.isEmpty(); round++) {
      List<Sent> again = new ArrayList<>();
      taken += sent(waiting, wrong, again);
      if (round == ROUNDS && !again.isEmpty())
        throw new Away(target.name() + " is too busy for single resources again and again; start the load again later");
      if (!again.isEmpty()) Thread.sleep(250L << round);
      waiting = again;
    }
    wrong.sort(java.util.Comparator.comparingLong(one -> one.sent().line()));
    if (end > place.offset() || taken > 0 || !wrong.isEmpty()) noted(taken, wrong, end, line);
  }

  private int sent(List<Sent> batch, List<Wrong> wrong, List<Sent> again)
      throws Away, InterruptedException, IOException {
    Target.Answer answer = target.send(batch(batch));
    if (answer.status() == 413 && batch.size() > 1) {
      int half = batch.size() / 2;
      return sent(batch.subList(0, half), wrong, again) + sent(batch.subList(half, batch.size()), wrong, again);
    }
    understood(answer, false);
    JsonNode entries = answer.said().path("entry");
    if (answer.status() >= 300 || entries.size() != batch.size()) {
      if (batch.size() > 1) {
        int taken = 0;
        for (Sent one : batch) taken += sent(List.of(one), wrong, again);
        return taken;
      }
      wrong.add(new Wrong(batch.get(0), answer.status(), why(answer.said())));
      return 0;
    }
    int taken = 0;
    for (int i = 0; i < batch.size(); i++) {
      int status = status(entries.get(i));
      if (status >= 200 && status < 300) taken++;
      else if (AGAIN.contains(status)) again.add(batch.get(i));
      else wrong.add(new Wrong(batch.get(i), status, why(entries.get(i).path("response").path("outcome"))));
    }
    return taken;
  }

  private static byte[] batch(List<Sent> batch) throws IOException {
    ByteArrayOutputStream bundle = new ByteArrayOutputStream(1 << 16);
    bundle.write(ascii("{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":["));
    for (int i = 0; i < batch.size(); i++) {
      bundle.write(ascii(i == 0 ? "{\"resource\":" : ",{\"resource\":"));
      bundle.write(batch.get(i).resource().json());
      bundle.write(ascii(",\"request\":{\"method\":\"PUT\",\"url\":\"" + name(batch.get(i)) + "\"}}"));
    }
    bundle.write(ascii("]}"));
    return bundle.toByteArray();
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private void noted(int taken, List<Wrong> wrong, long end, long line)
      throws IOException, InterruptedException, Stopped {
    if (!watch.isOurs()) throw new Stopped();
    for (Wrong one : wrong)
      rejects.add(piece.name(), one.sent().line(), one.status(), one.why(), one.sent().raw());
    if (!wrong.isEmpty()) rejects.force();
    place = place.after(end, line, taken, wrong.size(), rejects);
    place.keep(file);
    pace.took(taken + wrong.size());
    if (!watch.at(report(), end)) throw new Stopped();
  }

  /** An empty object when it is no JSON. */
  static JsonNode tree(byte[] body) {
    try {
      JsonNode tree = JSON.readTree(new InputStreamReader(new ByteArrayInputStream(body), StandardCharsets.UTF_8));
      return tree == null || tree.isMissingNode() ? JSON.createObjectNode() : tree;
    } catch (IOException unreadable) {
      return JSON.createObjectNode();
    }
  }

  private static int status(JsonNode entry) {
    String status = entry.path("response").path("status").asText();
    return status.matches("\\d{3}.*") ? Integer.parseInt(status.substring(0, 3)) : 0;
  }

  /** What an OperationOutcome says. */
  private static String why(JsonNode outcome) {
    List<String> told = new ArrayList<>();
    for (JsonNode issue : outcome.path("issue")) {
      String text = issue.path("diagnostics")
          .asText(issue.path("details").path("text").asText(issue.path("code").asText()));
      String where = issue.path("expression").path(0).asText("");
      if (told.size() < 5) told.add(where.isEmpty() ? text : text + " (" + where + ")");
    }
    return told.isEmpty() ? "the target does not say why" : String.join("; ", told);
  }
}

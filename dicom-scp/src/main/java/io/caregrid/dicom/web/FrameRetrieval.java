package io.caregrid.dicom.web;

import io.caregrid.contract.Failure;
import io.caregrid.dicom.InTurn;
import io.caregrid.dicom.archive.InstanceKey;
import io.caregrid.dicom.archive.Opened;
import io.caregrid.dicom.data.TransferSyntax;
import io.caregrid.dicom.data.Value;
import io.caregrid.dicom.pixel.Need;
import io.caregrid.dicom.pixel.PixelException;
import io.caregrid.dicom.pixel.Pixels;
import io.caregrid.dicom.web.Accept.Representation;
import io.caregrid.dicom.web.Instances.Read;
import io.caregrid.store.ImageIndex.Located;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongFunction;

/** WADO-RS frames (PS3.18 section 10.4.1.1.6), and pixel data as bulk data, which is all of them. One frame in memory at a time. */
final class FrameRetrieval {
  private static final int MOST_DIGITS = 9;
  private static final int MOST_AT_ONCE = 1_000_000;
  private final Instances instances;

  FrameRetrieval(Instances instances) {
    this.instances = instances;
  }

  /** Those the address names, in its order. */
  Future<Void> answer(Visit visit) {
    List<Integer> asked = frames(visit.routing().pathParam("frames"));
    return instances.named(visit).compose(found -> answer(visit, found.get(0), frames -> asked));
  }

  /** @param which from how many there are, those wanted */
  Future<Void> answer(Visit visit, Located where, LongFunction<List<Integer>> which) {
    Accept accept = visit.accept();
    if (where.frames() == 0) return Future.failedFuture(new Failure.NotFound("this instance has no pixel data"));
    List<Integer> wanted = which.apply(where.frames());
    if (!(wanted instanceof All) && wanted.stream().anyMatch(frame -> frame > where.frames()))
      return Future.failedFuture(new Failure.NotFound("this instance has frames 1 to " + where.frames()));
    return instances.open(where, file -> instances
        .look(visit, where, extent -> Pixels.open(file.source(), extent), Facts::of)
        .compose(read -> send(visit, where, file, read, wanted, accept)));
  }

  /**
   * One or more numbers from 1 on, separated by commas.
   *
   * @throws Failure.Invalid when it is something else
   */
  static List<Integer> frames(String list) {
    List<Integer> frames = new ArrayList<>();
    for (String one : list.split(",", -1)) {
      if (!one.matches("\\d{1," + MOST_DIGITS + "}") || Integer.parseInt(one) < 1)
        throw new Failure.Invalid("frames must be whole numbers from 1 on, separated by commas");
      frames.add(Integer.parseInt(one));
    }
    return frames;
  }

  /** One after the other; a million numbers in no memory. */
  private static final class All extends AbstractList<Integer> {
    private final int count;

    All(int count) {
      this.count = count;
    }

    @Override
    public Integer get(int index) {
      return index + 1;
    }

    @Override
    public int size() {
      return count;
    }
  }

  /** @throws Failure.NotAcceptable when an instance says it has more than any has */
  static List<Integer> all(long frames) {
    if (frames > MOST_AT_ONCE)
      throw new Failure.NotAcceptable(
          "more than " + MOST_AT_ONCE + " frames are not given at once, but by their numbers");
    return new All((int) frames);
  }

  /**
   * @param run     where native frames lie that go out as they are
   * @param stored  memory that a frame takes as it is kept, bytes
   * @param decoded memory that a frame takes to decode; -1: it cannot be
   */
  private record Facts(TransferSyntax syntax, Optional<Pixels.Run> run, long stored, long decoded) {
    static Facts of(Pixels pixels) {
      Optional<Pixels.Run> run = pixels.syntax().deflated() ? Optional.empty() : pixels.run();
      return new Facts(pixels.syntax(), run, Need.stored(pixels), decoding(pixels));
    }

    private static long decoding(Pixels pixels) {
      try {
        pixels.checkDecodable();
        return Need.decoding(pixels);
      } catch (PixelException opaque) {
        return -1;
      }
    }

    boolean isKept(Representation as) {
      return syntax.encapsulated() && as.syntax().equals(syntax.uid());
    }
  }

  private Future<Void> send(Visit visit, Located where, Opened file, Read<Pixels, Facts> read,
      List<Integer> wanted, Accept accept) {
    Facts facts = read.facts();
    Representation as = accept.best(Offers.frames(facts.syntax, facts.decoded >= 0, wanted.size() == 1))
        .orElseThrow(() -> new Failure.NotAcceptable(
            "these frames cannot be given in a form that Accept allows; as they are kept: "
                + "multipart/related; type=\"application/octet-stream\"; transfer-syntax=*"));
    Fingerprint print = Instances.fingerprint(List.of(where))
        .add(as.type())
        .add(as.syntax())
        .add(as.multipart() ? 1 : 0);
    if (wanted instanceof All) print.add("all");
    else wanted.forEach(print::add);
    String tag = print.hex();
    if (visit.holds(tag, true)) return visit.notModified();
    visit.response().putHeader(HttpHeaders.CONTENT_ENCODING, HttpHeaders.IDENTITY).setChunked(true);
    Way way = new Way(visit, instances.outlet(visit.response()), file, read, as);
    return as.multipart()
        ? parts(visit, where, way, wanted, MultipartBody.of(tag, as.type()))
        : single(visit, way, wanted.get(0));
  }

  private record Way(Client client, Outlet out, Opened file, Read<Pixels, Facts> read, Representation as) {}

  private Future<Void> single(Visit visit, Way way, int frame) {
    visit.response().putHeader(HttpHeaders.CONTENT_TYPE, way.as.type() + "; transfer-syntax=" + way.as.syntax());
    return frame(way, frame, null).compose(sent -> visit.response().end());
  }

  private Future<Void> parts(Visit visit, Located where, Way way, List<Integer> wanted, MultipartBody multipart) {
    multipart.announce(visit.response());
    String base = Addresses.instance(visit.base(), new InstanceKey(where.study(), where.series(), where.instance()));
    boolean[] first = {true};
    return InTurn.each(wanted.iterator(), frame -> {
      Buffer head = multipart.head(first[0], way.as.type(), way.as.syntax(), base + "/frames/" + frame);
      first[0] = false;
      return frame(way, frame, head);
    }).compose(sent -> visit.response().end(multipart.end()));
  }

  /** The head goes out after the frame is there, so that a first frame that is broken still gets an answer of its own. */
  private Future<Void> frame(Way way, int frame, Buffer head) {
    Facts facts = way.read.facts();
    if (facts.run.isPresent()) {
      Value.Bulk plain = facts.run.get().at(frame);
      return written(way, head)
          .compose(headed -> way.out.copy(way.file.source(), plain.position(), plain.length()));
    }
    boolean kept = facts.isKept(way.as);
    return instances
        .work(way.client, way.read, kept ? facts.stored : facts.decoded,
            (pixels, out) -> out.write(kept ? pixels.stored(frame) : pixels.decoded(frame)))
        .compose(made -> written(way, head).onFailure(gone -> made.close()).compose(headed -> way.out.send(made)));
  }

  private static Future<Void> written(Way way, Buffer head) {
    return head == null ? Future.succeededFuture() : way.out.write(head);
  }
}

package io.caregrid.dicom.web;

import io.caregrid.contract.Failure;
import io.caregrid.dicom.archive.InstanceKey;
import io.caregrid.dicom.archive.Opened;
import io.caregrid.dicom.data.Value;
import io.caregrid.dicom.pixel.PixelException;
import io.caregrid.dicom.pixel.Pixels;
import io.caregrid.dicom.web.Accept.Representation;
import io.caregrid.store.ImageIndex.Located;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongFunction;
import java.util.stream.IntStream;

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
    if (wanted.stream().anyMatch(frame -> frame > where.frames()))
      return Future.failedFuture(new Failure.NotFound("this instance has frames 1 to " + where.frames()));
    return instances.open(where, file -> instances.work(() -> Picture.of(file))
        .compose(picture -> send(visit, where, file, picture, wanted, accept)));
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

  /** @throws Failure.NotAcceptable when an instance says it has more than any has */
  static List<Integer> all(long frames) {
    if (frames > MOST_AT_ONCE)
      throw new Failure.NotAcceptable(
          "more than " + MOST_AT_ONCE + " frames are not given at once, but by their numbers");
    return IntStream.rangeClosed(1, (int) frames).boxed().toList();
  }

  private record Picture(Pixels pixels, boolean decodes) {
    static Picture of(Opened file) {
      Pixels pixels = Pixels.open(file.source());
      try {
        pixels.checkDecodable();
        return new Picture(pixels, true);
      } catch (PixelException opaque) {
        return new Picture(pixels, false);
      }
    }
  }

  private Future<Void> send(Visit visit, Located where, Opened file, Picture picture, List<Integer> wanted,
      Accept accept) {
    Representation as = accept.best(Offers.frames(picture.pixels.syntax(), picture.decodes, wanted.size() == 1))
        .orElseThrow(() -> new Failure.NotAcceptable(
            "these frames cannot be given in a form that Accept allows; as they are kept: "
                + "multipart/related; type=\"application/octet-stream\"; transfer-syntax=*"));
    Fingerprint print = Instances.fingerprint(List.of(where))
        .add(as.type())
        .add(as.syntax())
        .add(as.multipart() ? 1 : 0);
    wanted.forEach(print::add);
    String tag = print.hex();
    if (visit.holds(tag, true)) return visit.notModified();
    visit.response().putHeader(HttpHeaders.CONTENT_ENCODING, HttpHeaders.IDENTITY).setChunked(true);
    Way way = new Way(instances.outlet(visit.response()), file, picture.pixels, as);
    return as.multipart()
        ? parts(visit, where, way, wanted, MultipartBody.of(tag, as.type()))
        : single(visit, way, wanted.get(0));
  }

  private record Way(Outlet out, Opened file, Pixels pixels, Representation as) {}

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
    Optional<Value.Bulk> plain = way.pixels.syntax().deflated() ? Optional.empty() : way.pixels.whereNative(frame);
    if (plain.isPresent())
      return written(way, head)
          .compose(headed -> way.out.copy(way.file.source(), plain.get().position(), plain.get().length()));
    boolean kept = way.pixels.isEncapsulated() && way.as.syntax().equals(way.pixels.syntax().uid());
    return instances.work(() -> kept ? way.pixels.stored(frame) : way.pixels.decoded(frame))
        .compose(bytes -> written(way, head).compose(headed -> way.out.write(Buffer.buffer(bytes))));
  }

  private static Future<Void> written(Way way, Buffer head) {
    return head == null ? Future.succeededFuture() : way.out.write(head);
  }
}

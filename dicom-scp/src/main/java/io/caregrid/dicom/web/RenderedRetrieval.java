package io.caregrid.dicom.web;

import io.caregrid.contract.Failure;
import io.caregrid.dicom.pixel.Need;
import io.caregrid.dicom.pixel.Pixels;
import io.caregrid.dicom.pixel.Renderer;
import io.caregrid.dicom.pixel.Rendering;
import io.caregrid.dicom.pixel.Rendering.Media;
import io.caregrid.dicom.pixel.Viewport;
import io.caregrid.dicom.pixel.Window;
import io.caregrid.store.ImageIndex.Located;
import io.vertx.core.Future;
import io.vertx.core.http.HttpHeaders;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;

/**
 * WADO-RS rendered (PS3.18 section 10.4.1.1.3) of an instance's first or one of its frames, and thumbnails (10.4.1.1.4) of anything: of a study or series
 * that is the picture in its middle, which tells more than its first.
 */
final class RenderedRetrieval {
  private static final int THUMBNAIL = 128;
  /**
   * Our own keyword beside {@code patient} and {@code technique}, which the standard allows. Without it overlay planes are not drawn: no annotation is
   * where none is asked for (8.3.5.1.1), and a plane is shown when a presentation state says so (PS3.3 C.11.7), of which there is none.
   */
  private static final String OVERLAY = "overlay";
  /** Pictures tried for the thumbnail of a study or series: reports and broken ones have none. */
  private static final int TRIED = 5;
  private final Instances instances;

  RenderedRetrieval(Instances instances) {
    this.instances = instances;
  }

  Future<Void> rendered(Visit visit) {
    return answer(visit, rendering(visit, null), found -> found);
  }

  Future<Void> thumbnail(Visit visit) {
    Rendering how = rendering(visit, Viewport.of(THUMBNAIL, THUMBNAIL));
    if (how.viewport().x() != 0 || how.viewport().y() != 0 || how.viewport().regionWidth() != 0
        || how.viewport().regionHeight() != 0)
      throw new Failure.Invalid("viewport of a thumbnail is width,height");
    return answer(visit, how, RenderedRetrieval::fromTheMiddle);
  }

  /** PS3.18 section 8.3.5. */
  private static Rendering rendering(Visit visit, Viewport usual) {
    Media media = visit.accept()
        .best(Offers.PICTURE)
        .map(one -> one.type().equals("image/png") ? Media.PNG : Media.JPEG)
        .orElseThrow(
            () -> new Failure.NotAcceptable("pictures are image/jpeg or image/png, which Accept does not allow"));
    String quality = visit.parameter("quality");
    if (quality != null && !quality.matches("\\d{1,3}")) throw new Failure.Invalid("quality must be 1 to 100");
    try {
      return new Rendering(media, quality == null ? Rendering.GOOD : Integer.parseInt(quality),
          parsed(visit.parameter("window"), Window::parse, null),
          parsed(visit.parameter("viewport"), Viewport::parse, usual), annotations(visit).contains(OVERLAY));
    } catch (IllegalArgumentException wrong) {
      throw new Failure.Invalid(wrong.getMessage());
    }
  }

  /** PS3.18 section 8.3.5.1.1; those that are not known are not heeded. */
  private static List<String> annotations(Visit visit) {
    String asked = visit.parameter("annotation");
    return asked == null ? List.of() : List.of(asked.split(","));
  }

  private static <T> T parsed(String text, Function<String, T> reader, T usual) {
    return text == null ? usual : reader.apply(text);
  }

  private Future<Void> answer(Visit visit, Rendering how, Function<List<Located>, List<Located>> order) {
    String asked = visit.routing().pathParam("frames");
    List<Integer> frames = asked == null ? null : FrameRetrieval.frames(asked);
    if (frames != null && frames.size() > 1) throw new Failure.Invalid("one frame at a time is rendered");
    return instances.named(visit).compose(found -> {
      String tag = Instances.fingerprint(found).add(String.valueOf(how)).add(String.valueOf(frames)).hex();
      if (visit.holds(tag, true)) return visit.notModified();
      List<Located> candidates = order.apply(found).stream().filter(one -> one.frames() > 0).limit(TRIED).toList();
      return render(visit, candidates, 0, frames == null ? 0 : frames.get(0), how)
          .compose(picture -> send(visit, how, picture));
    });
  }

  private Future<Void> send(Visit visit, Rendering how, Spool picture) {
    visit.response()
        .putHeader(HttpHeaders.CONTENT_TYPE, how.media().type)
        .putHeader(HttpHeaders.CONTENT_ENCODING, HttpHeaders.IDENTITY)
        .putHeader(HttpHeaders.CONTENT_LENGTH, String.valueOf(picture.size()));
    return instances.outlet(visit.response()).send(picture).compose(sent -> visit.response().end());
  }

  /** The first that can be rendered; the failure of the last when none can. */
  private Future<Spool> render(Visit visit, List<Located> candidates, int at, int frame, Rendering how) {
    if (at >= candidates.size()) return Future.failedFuture(new Failure.NotFound("there is no picture to render"));
    return render(visit, candidates.get(at), frame, how)
        .recover(cause -> isNoPicture(cause) && at + 1 < candidates.size()
            ? render(visit, candidates, at + 1, frame, how)
            : Future.failedFuture(cause));
  }

  private static boolean isNoPicture(Throwable cause) {
    return Refusals.ofInstance(cause).isPresent();
  }

  /** @param frame 0: none was named, so the first */
  private Future<Spool> render(Visit visit, Located where, int frame, Rendering how) {
    if (frame > where.frames())
      return Future.failedFuture(new Failure.NotFound("this instance has frames 1 to " + where.frames()));
    int shown = Math.max(1, frame);
    return instances.open(where, file -> instances
        .look(visit, where, extent -> Pixels.open(file.source(), extent), pixels -> Need.rendering(pixels, shown, how))
        .compose(read -> instances.work(visit, read, read.facts(), (pixels, out) -> write(pixels, shown, how, out))));
  }

  private static void write(Pixels pixels, int frame, Rendering how, OutputStream out) throws IOException {
    try {
      Renderer.write(pixels, frame, how, out);
    } catch (IllegalArgumentException outside) {
      throw new Failure.Invalid(outside.getMessage());
    }
  }

  /** The middle one, then its neighbours. */
  private static List<Located> fromTheMiddle(List<Located> found) {
    List<Located> order = new ArrayList<>();
    int middle = found.size() / 2;
    for (int step = 0; step <= found.size(); step++)
      for (int at : step == 0 ? new int[] {middle} : new int[] {middle - step, middle + step})
        if (at >= 0 && at < found.size()) order.add(found.get(at));
    return Collections.unmodifiableList(order);
  }
}

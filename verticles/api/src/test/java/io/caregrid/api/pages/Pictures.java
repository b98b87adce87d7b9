package io.caregrid.api.pages;

import static io.caregrid.contract.Gate.needs;

import io.caregrid.contract.Access;
import io.caregrid.contract.Gate;
import io.caregrid.contract.Routes;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import javax.imageio.ImageIO;

/**
 * A DICOMweb door for the pages' tests, with studies whose every pixel is a sum: a CT of {@value #SLICES} slices of {@value #SIDE} × {@value #SIDE}, a colour
 * ultrasound of somebody whose name is a script, a report without pixels, and enough other studies for a second page.
 */
final class Pictures implements Routes {
  static final int SIDE = 64;
  static final int SLICES = 12;
  static final int FRAMES = 5;
  static final String CT = "1.2.3.1";
  static final String HOSTILE = "1.2.3.2";
  static final String BROKEN = "<img src=x onerror=window.broken=1>";
  static final int OTHERS = 40;
  /** Not in the list: a study of {@value #MANY_SERIES} series. */
  static final String MANY = "1.2.3.9";
  static final int MANY_SERIES = 300;

  /** What every question is answered with instead, or null. */
  record Refusal(int status, String words) {}

  private record Study(String uid, String name, String date, String modality, int images) {}

  volatile Refusal refusal;
  volatile boolean empty;
  final List<String> searches = new CopyOnWriteArrayList<>();
  private final List<Study> studies = new ArrayList<>();

  Pictures() {
    studies.add(new Study(CT, "Costa^Clara", "20260302", "CT", SLICES));
    studies.add(new Study(HOSTILE, BROKEN, "20260301", "US", 1));
    for (int i = 0; i < OTHERS; i++)
      studies.add(new Study("1.2.3.100." + i, "Other^Nr" + i, "2025" + (10 + i % 3) + (10 + i % 18), "MR", 3));
  }

  /** Stored value, 12 bits: HU + 1024. */
  static int stored(int slice, int x, int y) {
    return 1000 + x + 2 * y + 10 * slice;
  }

  @Override
  public void mount(Router router) {
    String study = "/dicom-web/studies/:study";
    String series = study + "/series/:series";
    String frame = series + "/instances/:instance/frames/:frame";
    Gate.filter(router.get("/dicom-web/*")).handler(this::refuse);
    needs(Access.OPEN, router.get("/dicom-web/studies")).handler(this::search);
    needs(Access.OPEN, router.get(study + "/series"))
        .handler(request -> json(request, seriesOf(request.pathParam("study"))));
    needs(Access.OPEN, router.get(series + "/metadata"))
        .handler(request -> json(request, metadata(request.pathParam("series"))));
    needs(Access.OPEN, router.get(study + "/thumbnail")).handler(request -> png(request, 0));
    needs(Access.OPEN, router.get(series + "/thumbnail")).handler(request -> png(request, 0));
    needs(Access.OPEN, router.get(frame)).handler(Pictures::frame);
    needs(Access.OPEN, router.get(frame + "/rendered"))
        .handler(request -> png(request, Integer.parseInt(request.pathParam("frame"))));
    needs(Access.OPEN, router.get(series + "/instances/:instance"))
        .handler(request -> request.response()
            .putHeader("Content-Type", "application/dicom")
            .end("as received: " + request.pathParam("instance")));
    needs(Access.OPEN, router.get("/fhir/ImagingStudy"))
        .handler(request -> json(request, new JsonObject().put("resourceType", "Bundle")
            .put("entry", new JsonArray().add(new JsonObject().put("resource",
                new JsonObject().put("resourceType", "ImagingStudy").put("id", "img-1"))))));
  }

  private void refuse(RoutingContext request) {
    if (refusal == null) request.next();
    else
      request.response()
          .setStatusCode(refusal.status())
          .putHeader("Retry-After", "5")
          .putHeader("Content-Type", "text/plain")
          .end(refusal.words());
  }

  private void search(RoutingContext request) {
    MultiMap asked = request.queryParams();
    searches.add(request.request().query());
    List<Study> found = studies.stream().filter(study -> !empty).filter(fits(asked)).toList();
    int from = Math.min(found.size(), Integer.parseInt(asked.get("offset") == null ? "0" : asked.get("offset")));
    List<Study> page = found.subList(from, Math.min(found.size(), from + Integer.parseInt(asked.get("limit"))));
    if (page.isEmpty()) request.response().setStatusCode(204).end();
    else json(request, new JsonArray(page.stream().map(Pictures::row).toList()));
  }

  private static Predicate<Study> fits(MultiMap asked) {
    String name = asked.get("PatientName"), kind = asked.get("ModalitiesInStudy"), uid = asked.get("StudyInstanceUID");
    String[] dates = asked.contains("StudyDate") ? asked.get("StudyDate").split("-", 2) : new String[] {"", ""};
    return study -> (name == null
        || study.name().toLowerCase().startsWith(name.substring(0, name.length() - 1).toLowerCase()))
        && (kind == null || study.modality().equals(kind)) && (uid == null || study.uid().equals(uid))
        && study.date().compareTo(dates[0]) >= 0 && (dates[1].isEmpty() || study.date().compareTo(dates[1]) <= 0);
  }

  private static JsonObject row(Study study) {
    return about(study.uid(), study.name()).put("00080020", element("DA", study.date()))
        .put("00080061", element("CS", study.modality()))
        .put("00201206", element("IS", study.uid().equals(CT) ? 2 : 1))
        .put("00201208", element("IS", study.images()));
  }

  private static JsonObject about(String uid, String name) {
    return new JsonObject().put("0020000D", element("UI", uid))
        .put("00100010", element("PN", new JsonObject().put("Alphabetic", name)))
        .put("00100020", element("LO", uid.equals(HOSTILE) ? "<b>7</b>" : "MRN-7"))
        .put("00100030", element("DA", "19610314"))
        .put("00081030", element("LO", uid.equals(HOSTILE) ? "<script>window.broken=1</script>" : "Sums"));
  }

  private static JsonArray seriesOf(String study) {
    JsonArray found = new JsonArray();
    if (study.equals(CT)) found.add(series("1.2.3.1.1", "CT", 1, SLICES)).add(series("1.2.3.1.2", "SR", 2, 1));
    if (study.equals(MANY)) for (int i = 1; i <= MANY_SERIES; i++) found.add(series(MANY + "." + i, "MR", i, 1));
    if (study.equals(HOSTILE)) found.add(series("1.2.3.2.1", "US", 1, 1));
    return found;
  }

  private static JsonObject series(String uid, String modality, int number, int images) {
    return new JsonObject().put("0020000E", element("UI", uid))
        .put("00080060", element("CS", modality))
        .put("00200011", element("IS", number))
        .put("0008103E", element("LO", uid.startsWith(HOSTILE) ? "<i>" + BROKEN : "Axial"))
        .put("00201209", element("IS", images));
  }

  /** In the wrong order, as an archive may answer. */
  private static JsonArray metadata(String series) {
    JsonArray found = new JsonArray();
    int images = series.equals("1.2.3.1.1") ? SLICES : 1;
    for (int i = images - 1; i >= 0; i--) {
      JsonObject set = about(series.substring(0, 7), series.startsWith(HOSTILE) ? BROKEN : "Costa^Clara")
          .put("0020000E", element("UI", series))
          .put("00080018", element("UI", series + "." + i))
          .put("00200013", element("IS", i + 1))
          .put("00080060", element("CS", series.startsWith(HOSTILE) ? "US" : series.endsWith(".2") ? "SR" : "CT"))
          .put("00400275", element("SQ", new JsonObject().put("00400009", element("SH", "step <b>1</b>"))));
      if (series.startsWith(HOSTILE)) set.mergeIn(pixels(3, "RGB", 8)).put("00280008", element("IS", FRAMES));
      else if (series.endsWith(".1.1")) set.mergeIn(pixels(1, "MONOCHROME2", 12)).mergeIn(ct());
      found.add(set);
    }
    return found;
  }

  private static JsonObject pixels(int samples, String photometric, int bits) {
    return new JsonObject().put("00280002", element("US", samples))
        .put("00280004", element("CS", photometric))
        .put("00280010", element("US", SIDE))
        .put("00280011", element("US", SIDE))
        .put("00280100", element("US", bits > 8 ? 16 : 8))
        .put("00280101", element("US", bits))
        .put("00280102", element("US", bits - 1))
        .put("00280103", element("US", 0))
        .put("7FE00010", new JsonObject().put("vr", "OW").put("BulkDataURI", "bulk"));
  }

  private static JsonObject ct() {
    return new JsonObject().put("00281050", element("DS", 100))
        .put("00281051", element("DS", 200))
        .put("00281052", element("DS", -1024))
        .put("00281053", element("DS", 1))
        .put("00200037", element("DS", 1, 0, 0, 0, 1, 0))
        .put("00280030", element("DS", 2, 2));
  }

  private static JsonObject element(String vr, Object... values) {
    return new JsonObject().put("vr", vr).put("Value", new JsonArray(List.of(values)));
  }

  private static void frame(RoutingContext request) {
    String instance = request.pathParam("instance");
    int slice = Integer.parseInt(instance.substring(instance.lastIndexOf('.') + 1));
    Buffer body = Buffer.buffer("--sum\r\nContent-Type: application/octet-stream\r\n\r\n");
    for (int y = 0; y < SIDE; y++) for (int x = 0; x < SIDE; x++) body.appendShortLE((short) stored(slice, x, y));
    request.response()
        .putHeader("Content-Type", "multipart/related; type=\"application/octet-stream\"; boundary=sum")
        .end(body.appendString("\r\n--sum--\r\n"));
  }

  /** Red is the frame, green and blue the place. */
  private static void png(RoutingContext request, int frame) {
    BufferedImage image = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < SIDE; y++) for (int x = 0; x < SIDE; x++) image.setRGB(x, y, 40 * frame << 16 | x << 9 | 2 * y);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      ImageIO.write(image, "png", out);
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
    request.response().putHeader("Content-Type", "image/png").end(Buffer.buffer(out.toByteArray()));
  }

  private static void json(RoutingContext request, Object body) {
    request.response()
        .putHeader("Content-Type", "application/dicom+json")
        .end(body instanceof JsonArray array ? array.toBuffer() : ((JsonObject) body).toBuffer());
  }
}

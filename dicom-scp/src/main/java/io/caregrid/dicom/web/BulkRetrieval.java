package io.caregrid.dicom.web;

import io.caregrid.contract.Failure;
import io.caregrid.dicom.archive.InstanceKey;
import io.caregrid.dicom.archive.Opened;
import io.caregrid.dicom.data.DataSet;
import io.caregrid.dicom.data.DataSetWriter;
import io.caregrid.dicom.data.Element;
import io.caregrid.dicom.data.Limits;
import io.caregrid.dicom.data.Part10;
import io.caregrid.dicom.data.Source;
import io.caregrid.dicom.data.Tag;
import io.caregrid.dicom.data.TransferSyntax;
import io.caregrid.dicom.data.Value;
import io.caregrid.dicom.data.Vr;
import io.caregrid.dicom.web.Accept.Representation;
import io.caregrid.store.ImageIndex.Located;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;

/**
 * WADO-RS bulk data (PS3.18 section 10.4.1.1.5): what a BulkDataURI of our metadata names, in little endian. Compressed pixel data is one part a frame,
 * and negotiated as frames are.
 */
final class BulkRetrieval {
  private static final Set<Vr> LONG_HEADS = EnumSet.of(Vr.OB, Vr.OD, Vr.OF, Vr.OL, Vr.OV, Vr.OW, Vr.SV, Vr.UC, Vr.UN,
      Vr.UR,
      Vr.UT, Vr.UV);
  private static final int SHORT_VALUE = 0xFFFE;
  private final Instances instances;
  private final FrameRetrieval frames;

  BulkRetrieval(Instances instances, FrameRetrieval frames) {
    this.instances = instances;
    this.frames = frames;
  }

  Future<Void> answer(Visit visit) {
    String path = visit.routing().pathParam("*");
    if (path == null || !path.matches("[0-9A-Fa-f]{8}(/[1-9]\\d{0,8}/[0-9A-Fa-f]{8})*"))
      throw new Failure.Invalid(
          "bulk data is named by a tag, such as 7FE00010, or by tags and items, such as 00081140/1/00091010");
    return instances.named(visit)
        .compose(found -> instances.open(found.get(0), file -> instances
            .read(() -> Found.at(file, path))
            .compose(element -> send(visit, found.get(0), element, path))));
  }

  /** @param source where bulk values are */
  private record Found(Element element, Source source, TransferSyntax syntax) {

    /** NotFound when there is no such element, or it holds items. */
    static Found at(Opened file, String path) {
      Part10 part10 = Part10.read(file.source());
      DataSet set = part10.dataSet(file.source(), Limits.WHOLE);
      String[] steps = path.split("/");
      for (int step = 0; step + 2 < steps.length; step += 2) {
        List<DataSet> items = set.items(HexFormat.fromHexDigits(steps[step]));
        int item = Integer.parseInt(steps[step + 1]);
        if (item > items.size()) throw new Failure.NotFound("there is no item " + item + " of " + steps[step]);
        set = items.get(item - 1);
      }
      Element element = set.get(HexFormat.fromHexDigits(steps[steps.length - 1]));
      if (element == null || element.value() instanceof Value.Items)
        throw new Failure.NotFound("this instance has no bulk data there");
      return new Found(element, part10.source(file.source()), part10.syntax());
    }

    boolean isFrames(String path) {
      boolean outermost = path.length() == 8 && element.tag() == Tag.PIXEL_DATA;
      return outermost && (element.value() instanceof Value.Fragments || syntax.bigEndian());
    }

    /** Of the element as Explicit VR Little Endian writes it, before its value (PS3.5 7.1.2). */
    int head(long length) {
      return length > SHORT_VALUE || LONG_HEADS.contains(element.vr()) ? 12 : 8;
    }
  }

  private Future<Void> send(Visit visit, Located where, Found found, String path) {
    if (found.isFrames(path)) return frames.answer(visit, where, FrameRetrieval::all);
    Representation as = visit.accept()
        .best(Offers.octets())
        .orElseThrow(
            () -> new Failure.NotAcceptable("bulk data is application/octet-stream, which Accept does not allow"));
    String tag = Instances.fingerprint(List.of(where)).add(path).add(as.multipart() ? 1 : 0).hex();
    if (visit.holds(tag, true)) return visit.notModified();
    visit.response().putHeader(HttpHeaders.CONTENT_ENCODING, HttpHeaders.IDENTITY).setChunked(true);
    Outlet out = instances.outlet(visit.response());
    if (!as.multipart()) {
      visit.response().putHeader(HttpHeaders.CONTENT_TYPE, Offers.OCTETS);
      return value(out, found).compose(sent -> visit.response().end());
    }
    MultipartBody multipart = MultipartBody.of(tag, Offers.OCTETS);
    multipart.announce(visit.response());
    String location = Addresses.instance(visit.base(),
        new InstanceKey(where.study(), where.series(), where.instance()));
    return out.write(multipart.head(true, Offers.OCTETS, null, location + "/bulkdata/" + path))
        .compose(headed -> value(out, found))
        .compose(sent -> visit.response().end(multipart.end()));
  }

  private Future<Void> value(Outlet out, Found found) {
    Value value = found.element.value();
    if (value instanceof Value.Fragments icon)
      return InTurn.each(icon.fragments().iterator(), one -> out.copy(found.source, one.position(), one.length()));
    if (found.syntax.bigEndian()) return turned(out, found);
    if (value instanceof Value.Bulk bulk) return out.copy(found.source, bulk.position(), bulk.length());
    return out.write(Buffer.buffer(((Value.Bytes) value).bytes()));
  }

  /** Big endian words are turned by the writer, which writes the whole element. */
  private static Future<Void> turned(Outlet out, Found found) {
    Value value = found.element.value();
    long length = value instanceof Value.Bulk bulk ? bulk.length() : ((Value.Bytes) value).bytes().length;
    DataSet alone = new DataSet(found.syntax).put(found.element);
    return out.piped(
        to -> DataSetWriter.write(alone, TransferSyntax.EXPLICIT_LE, found.source, new Behind(to, found.head(length))));
  }

  /** Leaves out the first bytes. */
  private static final class Behind extends FilterOutputStream {
    private int head;

    Behind(OutputStream out, int head) {
      super(out);
      this.head = head;
    }

    @Override
    public void write(int one) throws IOException {
      if (head > 0) head--;
      else out.write(one);
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
      int left = Math.min(head, length);
      head -= left;
      out.write(bytes, from + left, length - left);
    }
  }
}

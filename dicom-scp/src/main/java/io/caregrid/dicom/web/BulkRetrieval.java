package io.caregrid.dicom.web;

import io.caregrid.contract.Failure;
import io.caregrid.dicom.InTurn;
import io.caregrid.dicom.archive.InstanceKey;
import io.caregrid.dicom.archive.Opened;
import io.caregrid.dicom.data.DataSet;
import io.caregrid.dicom.data.Element;
import io.caregrid.dicom.data.Part10;
import io.caregrid.dicom.data.Source;
import io.caregrid.dicom.data.Tag;
import io.caregrid.dicom.data.TransferSyntax;
import io.caregrid.dicom.data.Value;
import io.caregrid.dicom.pixel.Extent;
import io.caregrid.dicom.pixel.LittleEndian;
import io.caregrid.dicom.pixel.Pixels;
import io.caregrid.dicom.web.Accept.Representation;
import io.caregrid.store.ImageIndex.Located;
import io.vertx.core.Future;
import io.vertx.core.http.HttpHeaders;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * WADO-RS bulk data (PS3.18 section 10.4.1.1.5): what a BulkDataURI of our metadata names, in little endian. Compressed pixel data is one part a frame,
 * and negotiated as frames are; a video is one part.
 */
final class BulkRetrieval {
  private static final int PIECE = 64 << 10;
  /** Inflated at a time. */
  private static final int PART = 1 << 20;
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
            .reading(visit, found.get(0), 0, extent -> Found.at(file, path, extent))
            .compose(element -> send(visit, found.get(0), file, element, path))));
  }

  /** An element, or where its value is; no more of its data set. */
  private record Found(Element element, TransferSyntax syntax) {

    /** NotFound when there is no such element, or it holds items. */
    static Found at(Opened file, String path, Extent extent) {
      Part10 part10 = Part10.read(file.source());
      DataSet set = part10.dataSet(file.source(), extent.copying());
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
      return new Found(element, part10.syntax());
    }

    boolean isFrames(String path, long frames) {
      boolean outermost = path.length() == 8 && element.tag() == Tag.PIXEL_DATA;
      return outermost && (element.value() instanceof Value.Fragments || syntax.bigEndian())
          && !isStream(path, frames);
    }

    /** A video (PS3.5 8.2.5 to 8.2.8 and their like): its frames are no pieces of it. */
    boolean isStream(String path, long frames) {
      return path.length() == 8 && element.tag() == Tag.PIXEL_DATA && !Pixels.decodes(syntax)
          && element.value() instanceof Value.Fragments video && video.fragments().size() < frames;
    }
  }

  private Future<Void> send(Visit visit, Located where, Opened file, Found found, String path) {
    if (found.isFrames(path, where.frames())) return frames.answer(visit, where, FrameRetrieval::all);
    boolean stream = found.isStream(path, where.frames());
    Representation as = stream
        ? accepted(visit, Offers.frames(found.syntax, false, true))
        : accepted(visit, Offers.octets());
    String syntax = stream ? as.syntax() : null;
    String tag = Instances.fingerprint(List.of(where)).add(path).add(as.type()).add(as.multipart() ? 1 : 0).hex();
    if (visit.holds(tag, true)) return visit.notModified();
    visit.response().putHeader(HttpHeaders.CONTENT_ENCODING, HttpHeaders.IDENTITY).setChunked(true);
    Outlet out = instances.outlet(visit.response());
    if (!as.multipart()) {
      visit.response()
          .putHeader(HttpHeaders.CONTENT_TYPE,
              stream ? as.type() + "; transfer-syntax=" + syntax : as.type());
      return value(visit, where, file, out, found).compose(sent -> visit.response().end());
    }
    MultipartBody multipart = MultipartBody.of(tag, as.type());
    multipart.announce(visit.response());
    String location = Addresses.instance(visit.base(),
        new InstanceKey(where.study(), where.series(), where.instance()));
    return out.write(multipart.head(true, as.type(), syntax, location + "/bulkdata/" + path))
        .compose(headed -> value(visit, where, file, out, found))
        .compose(sent -> visit.response().end(multipart.end()));
  }

  private static Representation accepted(Visit visit, List<Representation> offers) {
    return visit.accept()
        .best(offers)
        .orElseThrow(() -> new Failure.NotAcceptable(
            "this bulk data is "
                + offers.stream().map(one -> one.type() + "; transfer-syntax=" + one.syntax()).distinct().toList()
                + ", which Accept does not allow"));
  }

  private Future<Void> value(Visit visit, Located where, Opened file, Outlet out, Found found) {
    Value value = found.element.value();
    if (found.syntax.deflated() && !(value instanceof Value.Bytes)) return inflated(visit, where, file, out, found);
    if (value instanceof Value.Fragments icon)
      return InTurn.each(icon.fragments().iterator(), one -> out.copy(file.source(), one.position(), one.length()));
    Source source = value instanceof Value.Bytes bytes ? Source.of(ByteBuffer.wrap(bytes.bytes())) : file.source();
    long from = value instanceof Value.Bulk bulk ? bulk.position() : 0;
    long length = value instanceof Value.Bulk bulk ? bulk.length() : source.size();
    return out.copy(found.syntax.bigEndian() ? LittleEndian.of(source, from, length, found.element.vr()) : source,
        found.syntax.bigEndian() ? 0 : from, length);
  }

  /** What is inflated takes memory, and what waits for its client takes disk: so a part is inflated when the one before it has gone out. */
  private Future<Void> inflated(Visit visit, Located where, Opened file, Outlet out, Found found) {
    List<Value.Bulk> pieces = found.element.value() instanceof Value.Fragments icon
        ? icon.fragments()
        : List.of((Value.Bulk) found.element.value());
    return instances.look(visit, where, extent -> Part10.read(file.source()).source(file.source()), Source::size)
        .compose(read -> InTurn.each(pieces.stream().flatMap(BulkRetrieval::parts).iterator(),
            part -> instances.work(visit, read, PIECE, (source, to) -> copy(source, part, to)).compose(out::send)));
  }

  private static Stream<Value.Bulk> parts(Value.Bulk whole) {
    return LongStream.iterate(0L, done -> done < whole.length(), done -> done + PART)
        .mapToObj(done -> new Value.Bulk(whole.position() + done, Math.min((long) PART, whole.length() - done)));
  }

  private static void copy(Source source, Value.Bulk value, OutputStream to) throws IOException {
    byte[] piece = new byte[PIECE];
    for (long done = 0; done < value.length(); done += piece.length) {
      int count = (int) Math.min(piece.length, value.length() - done);
      source.read(value.position() + done, ByteBuffer.wrap(piece, 0, count));
      to.write(piece, 0, count);
    }
  }
}

package io.caregrid.dicom.web;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.contract.Failure;
import io.caregrid.dicom.archive.InstanceKey;
import io.caregrid.dicom.data.DataSet;
import io.caregrid.dicom.data.DicomJson;
import io.caregrid.dicom.data.Element;
import io.caregrid.dicom.data.Limits;
import io.caregrid.dicom.data.Part10;
import io.caregrid.dicom.data.Source;
import io.caregrid.dicom.data.Value;
import io.caregrid.store.ImageIndex.Located;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * WADO-RS metadata of a study, a series or an instance (PS3.18 section 10.4.1.1.2): all but group 2 and long binary values, which are BulkDataURIs that
 * {@link BulkRetrieval} answers. Read from the files, one instance after the other, and sent as it is read.
 */
final class MetadataRetrieval {
  /** Binary values up to here stand in the JSON. */
  private static final int INLINE_BYTES = 256;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Instances instances;

  MetadataRetrieval(Instances instances) {
    this.instances = instances;
  }

  Future<Void> answer(Visit visit) {
    String type = visit.accept()
        .best(Offers.JSON)
        .orElseThrow(() -> new Failure.NotAcceptable("metadata is application/dicom+json, which Accept does not allow"))
        .type();
    return instances.named(visit).compose(found -> send(visit, type, found));
  }

  private Future<Void> send(Visit visit, String type, List<Located> found) {
    String tag = Instances.fingerprint(found).add(visit.base()).add(type).hex();
    if (visit.holds(tag, false)) return visit.notModified();
    visit.response().putHeader(HttpHeaders.CONTENT_TYPE, type).setChunked(true);
    Outlet out = instances.outlet(visit.response());
    return InTurn.each(found.iterator(), one -> read(visit, one)
        .compose(json -> out.write(Buffer.buffer(json.length + 1)
            .appendByte((byte) (one == found.get(0) ? '[' : ','))
            .appendBytes(json))))
        .compose(sent -> visit.response().end("]"));
  }

  private Future<byte[]> read(Visit visit, Located where) {
    String bulk = Addresses.instance(visit.base(), new InstanceKey(where.study(), where.series(), where.instance()))
        + "/bulkdata/";
    return instances.open(where,
        file -> instances.read(() -> JSON.writeValueAsBytes(json(file.source(), bulk::concat))));
  }

  /** Pure. */
  static ObjectNode json(Source file, UnaryOperator<String> bulkUri) {
    DataSet set = Part10.read(file).dataSet(file, Limits.HEADER);
    shorten(set);
    return DicomJson.of(set, bulkUri);
  }

  private static void shorten(DataSet set) {
    List<Element> all = new java.util.ArrayList<>();
    set.forEach(all::add);
    for (Element element : all) {
      if (element.value() instanceof Value.Items items) items.items().forEach(MetadataRetrieval::shorten);
      else
        if (element.value() instanceof Value.Bytes bytes && element.vr().isBinary()
            && bytes.bytes().length > INLINE_BYTES)
          set.put(new Element(element.tag(), element.vr(), new Value.Bulk(0, bytes.bytes().length)));
    }
  }
}

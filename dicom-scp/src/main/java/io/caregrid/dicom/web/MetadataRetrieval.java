package io.caregrid.dicom.web;

import io.caregrid.contract.Failure;
import io.caregrid.dicom.InTurn;
import io.caregrid.dicom.archive.InstanceKey;
import io.caregrid.dicom.data.DataSet;
import io.caregrid.dicom.data.Limits;
import io.caregrid.dicom.data.Part10;
import io.caregrid.store.ImageIndex.Located;
import io.vertx.core.Future;
import io.vertx.core.http.HttpHeaders;
import java.util.List;

/**
 * WADO-RS metadata of a study, a series or an instance (PS3.18 section 10.4.1.1.2): all but group 2 and long values, which are BulkDataURIs that
 * {@link BulkRetrieval} answers. Read from the files, one instance after the other, and sent as it is read.
 */
final class MetadataRetrieval {
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
    return InTurn.each(found.iterator(), one -> made(visit, one, one == found.get(0) ? '[' : ',').compose(out::send))
        .compose(sent -> visit.response().end("]"));
  }

  private Future<Spool> made(Visit visit, Located where, char before) {
    String bulk = Addresses.instance(visit.base(), new InstanceKey(where.study(), where.series(), where.instance()))
        + "/bulkdata/";
    return instances.open(where, file -> instances.reading(visit, where, MetadataJson.NEED, extent -> {
      DataSet set = Part10.read(file.source())
          .dataSet(file.source(), extent.limits(MetadataJson.INLINE_BYTES, Limits.HEADER.stopBefore()));
      return instances.spooled(to -> {
        to.write(before);
        MetadataJson.write(set, bulk::concat, to);
      });
    }));
  }
}

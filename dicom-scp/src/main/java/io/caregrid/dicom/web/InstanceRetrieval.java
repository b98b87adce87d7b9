package io.caregrid.dicom.web;

import io.caregrid.contract.Failure;
import io.caregrid.dicom.InTurn;
import io.caregrid.dicom.archive.InstanceKey;
import io.caregrid.dicom.archive.Opened;
import io.caregrid.dicom.data.TransferSyntax;
import io.caregrid.dicom.pixel.Pixels;
import io.caregrid.dicom.pixel.Transcoding;
import io.caregrid.dicom.pixel.Transcoding.Progress;
import io.caregrid.dicom.web.Accept.Representation;
import io.caregrid.dicom.web.Instances.Read;
import io.caregrid.store.ImageIndex.Located;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * WADO-RS, instances of a study, of a series, or one (PS3.18 section 10.4.1.1.1): as kept, or in the transfer syntax asked for.
 *
 * <p>Whether all of them can be given is known before the first byte is sent. A part that fails later breaks the connection.
 */
final class InstanceRetrieval {
  private final Instances instances;

  InstanceRetrieval(Instances instances) {
    this.instances = instances;
  }

  Future<Void> answer(Visit visit) {
    boolean alone = visit.instance() != null;
    Accept accept = visit.accept();
    return instances.named(visit)
        .compose(found -> plan(visit, accept, found, alone, new LinkedHashMap<>()))
        .compose(plan -> send(visit, plan));
  }

  /** One instance and how it is given. */
  private record Item(Located where, Representation as) {
    boolean isAsKept() {
      return where.transferSyntax().equals(as.syntax());
    }
  }

  /** @param opaque SOP Instance UIDs of those whose pixels cannot be decoded, as far as is known, and why */
  private Future<List<Item>> plan(Visit visit, Accept accept, List<Located> found, boolean alone,
      Map<String, Failure> opaque) {
    Map<String, List<Representation>> offers = new LinkedHashMap<>();
    for (Located one : found) offers.computeIfAbsent(kind(one, opaque), kind -> offers(one, alone, opaque));
    Map<String, Representation> chosen = accept.best(offers)
        .orElseThrow(() -> refusal(opaque.values()));
    List<Item> items = found.stream().map(one -> new Item(one, chosen.get(kind(one, opaque)))).toList();
    int known = opaque.size();
    return InTurn.each(items.iterator(), item -> tryOut(visit, item, opaque))
        .compose(tried -> opaque.size() == known
            ? Future.succeededFuture(items)
            : plan(visit, accept, found, alone, opaque));
  }

  /** What is too large for this node is so for every client, whatever he accepts but as it is kept. */
  private static Failure refusal(Collection<Failure> opaque) {
    return opaque.stream()
        .filter(Failure.TooLarge.class::isInstance)
        .findFirst()
        .orElseGet(() -> new Failure.NotAcceptable(
            "these instances cannot be given in a form that Accept allows; as they are kept: multipart/related; type=\"application/dicom\"; "
                + "transfer-syntax=*"));
  }

  private static String kind(Located one, Map<String, Failure> opaque) {
    return one.transferSyntax() + (opaque.containsKey(one.instance()) ? " opaque" : "");
  }

  private static List<Representation> offers(Located one, boolean alone, Map<String, Failure> opaque) {
    TransferSyntax stored = TransferSyntax.of(one.transferSyntax());
    return Offers.instance(stored, Pixels.decodes(stored) && !opaque.containsKey(one.instance()), alone);
  }

  /** Looks into what is to be decoded or compressed: some of it cannot be, or takes more memory than there ever is. */
  private Future<Void> tryOut(Visit visit, Item item, Map<String, Failure> opaque) {
    TransferSyntax target = TransferSyntax.of(item.as.syntax());
    boolean certain = item.isAsKept()
        || !TransferSyntax.of(item.where.transferSyntax()).encapsulated() && !target.encapsulated();
    if (certain) return Future.succeededFuture();
    return instances.open(item.where, file -> look(visit, file, item))
        .map(read -> instances.tooLarge(read.bytes() + read.facts()))
        .recover(cause -> Refusals.ofInstance(cause)
            .map(why -> Future.succeededFuture(Optional.of(why)))
            .orElseGet(() -> Future.failedFuture(cause)))
        .map(why -> {
          why.ifPresent(known -> opaque.put(item.where.instance(), known));
          return null;
        });
  }

  private Future<Read<Transcoding, Long>> look(Visit visit, Opened file, Item item) {
    TransferSyntax target = TransferSyntax.of(item.as.syntax());
    return instances.look(visit, item.where, extent -> Transcoding.of(file.source(), target, extent),
        Transcoding::need);
  }

  private Future<Void> send(Visit visit, List<Item> items) {
    Fingerprint print = Instances.fingerprint(items.stream().map(Item::where).toList());
    items.forEach(item -> print.add(item.as.syntax()));
    boolean multipart = items.get(0).as.multipart();
    String tag = print.add(multipart ? 1 : 0).hex();
    if (visit.holds(tag, true)) return visit.notModified();
    visit.response().putHeader(HttpHeaders.CONTENT_ENCODING, HttpHeaders.IDENTITY);
    return multipart ? parts(visit, items, MultipartBody.of(tag, Offers.DICOM)) : single(visit, items.get(0));
  }

  private Future<Void> single(Visit visit, Item item) {
    Outlet out = instances.outlet(visit.response());
    return instances.open(item.where, file -> {
      visit.response().putHeader(HttpHeaders.CONTENT_TYPE, Offers.DICOM + "; transfer-syntax=" + item.as.syntax());
      length(visit, item.isAsKept() ? file.length() : -1);
      return body(visit, out, file, item);
    }).compose(sent -> visit.response().end());
  }

  private Future<Void> parts(Visit visit, List<Item> items, MultipartBody multipart) {
    multipart.announce(visit.response());
    length(visit, total(visit, items, multipart));
    Outlet out = instances.outlet(visit.response());
    Iterator<Item> all = items.iterator();
    return InTurn.each(all, item -> instances.open(item.where, file -> out
        .write(head(visit, multipart, item, item == items.get(0)))
        .compose(headed -> body(visit, out, file, item)))).compose(sent -> visit.response().end(multipart.end()));
  }

  private static Buffer head(Visit visit, MultipartBody multipart, Item item, boolean first) {
    InstanceKey key = new InstanceKey(item.where.study(), item.where.series(), item.where.instance());
    return multipart.head(first, Offers.DICOM, item.as.syntax(), Addresses.instance(visit.base(), key));
  }

  private static long total(Visit visit, List<Item> items, MultipartBody multipart) {
    long total = multipart.end().length();
    for (Item item : items) {
      if (!item.isAsKept()) return -1;
      total += head(visit, multipart, item, item == items.get(0)).length() + item.where.length();
    }
    return total;
  }

  /** @param bytes -1: nobody knows before the end */
  private static void length(Visit visit, long bytes) {
    if (bytes < 0) visit.response().setChunked(true);
    else visit.response().putHeader(HttpHeaders.CONTENT_LENGTH, String.valueOf(bytes));
  }

  private Future<Void> body(Visit visit, Outlet out, Opened file, Item item) {
    if (item.isAsKept()) return out.copy(file.source(), 0, file.length());
    return look(visit, file, item).compose(read -> parts(visit, out, read));
  }

  /** A part is made when the one before it has gone out: between them, however long that takes, no memory and no thread is held. */
  private Future<Void> parts(Visit visit, Outlet out, Read<Transcoding, Long> read) {
    Progress progress = new Progress();
    Iterator<Progress> untilDone = Stream.generate(() -> progress).takeWhile(at -> !at.isDone()).iterator();
    return InTurn.each(untilDone,
        at -> instances.work(visit, read, read.facts(), (transcoding, to) -> transcoding.write(at, to))
            .compose(out::send))
        .onComplete(over -> progress.close());
  }
}

package io.caregrid.dicom.dimse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.dicom.archive.Incoming;
import io.caregrid.dicom.ul.Association;
import io.caregrid.dicom.ul.Limits;
import io.caregrid.dicom.ul.Pdu;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** One association of ours over a channel without a network and a clock that is turned by hand: what comes back, and in how many writes. */
class ProviderTest {
  private final Drawer drawer = new Drawer();
  private final Deque<Promise<Incoming.Receipt>> waiting = new ArrayDeque<>();
  private final EmbeddedChannel channel = new EmbeddedChannel();
  private final Presence presence = new Presence();
  private boolean hasRoom = true;

  @BeforeEach
  void open() {
    SimpleMeterRegistry metrics = new SimpleMeterRegistry();
    Admission admission = new Admission(Port.DEFAULT, () -> true);
    House house = new House(admission, new Negotiation(16_384, false), drawer, () -> hasRoom,
        entry -> Future.succeededFuture(), new DimseMetrics(metrics, admission), presence);
    Association association = Association
        .acceptor(new Limits(16_384, Duration.ofSeconds(10), Duration.ofSeconds(60)), Runnable::run);
    Provider provider = new Provider(association, house);
    presence.connected(association, provider);
    channel.freezeTime();
    channel.pipeline().addLast(association.with(provider));
    drawer.answer = expected -> {
      Promise<Incoming.Receipt> later = Promise.promise();
      waiting.add(later);
      return later.future();
    };
    gets(RawPeer.request("CAREGRID", "SENDER"));
    assertEquals(List.of(Pdu.ASSOCIATE_AC), writes());
  }

  @AfterEach
  void close() {
    channel.finishAndReleaseAll();
  }

  @Test
  void eachAnswerIsOneWrite() {
    gets(RawPeer.command(1, CommandSet.echo(7)));

    ByteBuf write = channel.readOutbound();
    CommandSet answer = answer(write);
    assertEquals(Status.SUCCESS, answer.number(CommandSet.STATUS).orElseThrow());
    assertEquals(7, answer.number(CommandSet.MESSAGE_ID_RESPONDED_TO).orElseThrow());
    assertTrue(channel.outboundMessages().isEmpty(), "an answer in more than one write");
  }

  @Test
  void nothingIsAnsweredBeforeTheArchiveHasKeptIt() {
    store(1);
    assertEquals(List.of(), writes());

    keepFirst();

    assertEquals(List.of(Pdu.DATA_TF), writes());
  }

  @Test
  void whoOverrunsTheWindowIsNotReadUntilSomethingIsAnswered() {
    for (int id = 1; id <= Negotiation.INVOKED; id++) {
      assertTrue(channel.config().isAutoRead(), "stopped before the window was full: " + id);
      store(id);
    }
    assertEquals(Negotiation.INVOKED, waiting.size());
    assertFalse(channel.config().isAutoRead());
    store(99);
    assertEquals(Negotiation.INVOKED, waiting.size(), "read beyond the window");

    keepFirst();

    assertEquals(Negotiation.INVOKED, waiting.size(), "the next one");
  }

  @Test
  void aSilentPeerIsAbortedUnlessItWaitsForTheArchive() {
    store(1);
    wait(Duration.ofMinutes(5));
    assertEquals(List.of(), writes());

    keepFirst();
    writes();
    wait(Duration.ofSeconds(80));

    assertEquals(List.of(Pdu.ABORT), writes());
  }

  @Test
  void whoDoesNotTakeAnswersIsNotReadUntilHeDoes() {
    channel.unsafe().outboundBuffer().setUserDefinedWritability(1, false);
    gets(RawPeer.command(1, CommandSet.echo(1)));
    gets(RawPeer.command(1, CommandSet.echo(2)));
    assertFalse(channel.config().isAutoRead());
    assertEquals(List.of(Pdu.DATA_TF), writes());

    channel.unsafe().outboundBuffer().setUserDefinedWritability(1, true);
    channel.runPendingTasks();

    assertTrue(channel.config().isAutoRead());
    assertEquals(List.of(Pdu.DATA_TF), writes());
  }

  @Test
  void whoNeverTakesAnswersIsSentAway() {
    channel.unsafe().outboundBuffer().setUserDefinedWritability(1, false);
    gets(RawPeer.command(1, CommandSet.echo(1)));
    writes();

    wait(Duration.ofSeconds(80));

    assertEquals(List.of(Pdu.ABORT), writes());
  }

  @Test
  void halfADataSetIsNoReasonToWaitForEver() {
    gets(RawPeer.command(3, CommandSet.store(1, Slides.CT, "1.2.3")));
    gets(RawPeer.data(3, false, new byte[1000]));

    wait(Duration.ofSeconds(80));

    assertEquals(List.of(Pdu.ABORT), writes());
    assertEquals(1, drawer.abandoned.get());
  }

  @Test
  void whileThereIsNoRoomTheAnswerIsA700AndTheAssociationGoesOn() {
    hasRoom = false;
    store(1);

    CommandSet answer = answer(channel.readOutbound());
    assertEquals(Status.OUT_OF_RESOURCES, answer.number(CommandSet.STATUS).orElseThrow());
    assertTrue(drawer.files.isEmpty());
    hasRoom = true;
    store(2);
    keepFirst();
    assertEquals(Status.SUCCESS, answer(channel.readOutbound()).number(CommandSet.STATUS).orElseThrow());
  }

  @Test
  void whatIsWrongWithACommandIsAnswered() {
    String instance = "1.2.3";
    assertEquals(Status.SOP_CLASS_NOT_SUPPORTED, status(CommandSet.store(1, Slides.MR, instance)));
    assertEquals(Status.INVALID_SOP_INSTANCE, status(CommandSet.store(2, Slides.CT, "no uid at all")));
    assertEquals(Status.MISSING_ATTRIBUTE, status(CommandSet.store(3, Slides.CT, "")));
    assertEquals(Status.UNRECOGNIZED_OPERATION, status(CommandSet.store(4, Slides.CT, instance)
        .put(CommandSet.COMMAND_FIELD, 0x0020)));
  }

  @Test
  void commandsThatCannotBeUnderstoodAbort() {
    for (byte[] wrong : List.of(RawPeer.data(3, true, new byte[8]), RawPeer.command(5, CommandSet.echo(1)))) {
      ProviderTest other = new ProviderTest();
      other.open();
      other.gets(wrong);
      assertEquals(List.of(Pdu.ABORT), other.writes());
      other.close();
    }
  }

  @Test
  void aNodeThatLeavesAnswersWhatItHasAndAbortsWhatIsHalf() {
    store(1);
    presence.close();
    assertTrue(channel.isOpen());
    keepFirst();
    assertEquals(List.of(Pdu.DATA_TF, Pdu.ABORT), writes());
    assertFalse(channel.isOpen());
  }

  private int status(CommandSet command) {
    gets(RawPeer.command(3, command));
    gets(RawPeer.data(3, true, new byte[8]));
    return answer(channel.readOutbound()).number(CommandSet.STATUS).orElseThrow();
  }

  private void store(int id) {
    gets(RawPeer.command(3, CommandSet.store(id, Slides.CT, "1.2.3." + id)));
    gets(RawPeer.data(3, true, new byte[8]));
  }

  private void keepFirst() {
    Drawer.kept(new Incoming.Expected(Slides.CT, "1.2.3", null)).onComplete(waiting.remove());
  }

  private void gets(byte[] bytes) {
    channel.writeInbound(Unpooled.copiedBuffer(bytes));
  }

  private void wait(Duration time) {
    for (long second = 0; second < time.toSeconds(); second++) {
      channel.advanceTimeBy(1, TimeUnit.SECONDS);
      channel.runScheduledPendingTasks();
    }
  }

  /** Of a P-DATA-TF that is one message. */
  private static CommandSet answer(ByteBuf pdu) {
    assertEquals(Pdu.DATA_TF, pdu.readUnsignedByte());
    pdu.skipBytes(Pdu.HEADER_BYTES - 1 + Pdu.PDV_HEADER_BYTES);
    return CommandSet.read(pdu);
  }

  /** Types of the PDUs written since it was last asked, each by a write of its own. */
  private List<Integer> writes() {
    List<Integer> types = new ArrayList<>();
    for (ByteBuf write = channel.readOutbound(); write != null; write = channel.readOutbound()) {
      types.add((int) write.readUnsignedByte());
      write.release();
    }
    return types;
  }
}

package io.caregrid.store;

import static io.caregrid.store.Room.fails;
import static io.caregrid.store.Room.get;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Room.Key.class)
class MappingVersionsTest {
  private static final Caller ADA = Caller.system("ada");
  /** Not UTF-8: what was sent is kept, whatever it is. */
  private static final Buffer DEVICE = Buffer.buffer(new byte[] {'{', (byte) 0xFF, 0, '}', '\n'});
  private static final Buffer FHIR = Buffer.buffer("{ \"a\" : 1.0 }\r\n");
  private MappingVersions versions;

  @BeforeEach
  void nothingIsThere(Room room) {
    room.sql("delete from mapping_version");
    versions = new MappingVersions(room.database());
  }

  @Test
  void whatWasPutIsThereByteForByteWithWhoAndWhy() {
    MappingVersion made = get(versions.put(ADA, "ward", DEVICE, FHIR, "first try", MappingVersions.ANY));

    assertEquals(made, get(versions.current(ADA, "ward")));
    assertEquals(made, get(versions.version(ADA, "ward", 1)));
    assertEquals(DEVICE, made.deviceContent());
    assertEquals(FHIR, made.fhirMapping());
    assertEquals(List.of(1, "first try", "system:ada"), List.of(made.version(), made.comment(), made.by()));
    assertEquals(List.of(made), get(versions.latest()));
  }

  @Test
  void theSameAgainIsNoNewVersion() {
    get(versions.put(ADA, "ward", DEVICE, FHIR, "", MappingVersions.ANY));

    assertEquals(1, get(versions.put(ADA, "ward", DEVICE, FHIR, "again", MappingVersions.ANY)).version());
    assertEquals(2, get(versions.put(ADA, "ward", FHIR, FHIR, "", MappingVersions.ANY)).version());
    assertEquals(2, get(versions.heads()).get("ward").version());
  }

  @Test
  void aChangeIsMadeOnlyFromTheVersionItWasMeantFor() {
    get(versions.put(ADA, "ward", DEVICE, FHIR, "", MappingVersions.NONE));

    fails(Failure.PreconditionFailed.class, 412, versions.put(ADA, "ward", FHIR, FHIR, "", MappingVersions.NONE));
    fails(Failure.PreconditionFailed.class, 412, versions.put(ADA, "ward", FHIR, FHIR, "", 2));
    fails(Failure.PreconditionFailed.class, 412, versions.put(ADA, "other", FHIR, FHIR, "", 1));
    fails(Failure.PreconditionFailed.class, 412, versions.put(ADA, "other", FHIR, FHIR, "", MappingVersions.SOME));
    assertEquals(2, get(versions.put(ADA, "ward", FHIR, FHIR, "", 1)).version());
    fails(Failure.PreconditionFailed.class, 412, versions.remove(ADA, "ward", "", 1));
    assertEquals(3, get(versions.remove(ADA, "ward", "", MappingVersions.SOME)).version());
    fails(Failure.PreconditionFailed.class, 412, versions.put(ADA, "ward", FHIR, FHIR, "", MappingVersions.SOME));
  }

  @Test
  void goingBackIsANewVersionWithTheOldContent() {
    get(versions.put(ADA, "ward", DEVICE, FHIR, "", MappingVersions.ANY));
    get(versions.put(ADA, "ward", FHIR, FHIR, "worse", MappingVersions.ANY));

    MappingVersion back = get(versions.restore(ADA, "ward", 1, "it was better", MappingVersions.ANY));

    assertEquals(List.of(3, 1), List.of(back.version(), back.restores()));
    assertEquals(DEVICE, back.deviceContent());
    List<MappingVersion> history = get(versions.versions(ADA, "ward", 10));
    assertEquals(List.of(3, 2, 1), history.stream().map(MappingVersion::version).toList());
    assertTrue(history.stream().allMatch(one -> one.deviceContent() == null), "a list is without content");
    fails(Failure.NotFound.class, 404, versions.restore(ADA, "ward", 9, "", MappingVersions.ANY));
  }

  @Test
  void whatWasRemovedIsGoneButNotItsVersionsAndNumbersGoOn() {
    get(versions.put(ADA, "ward", DEVICE, FHIR, "", MappingVersions.ANY));
    MappingVersion removed = get(versions.remove(ADA, "ward", "no such devices any more", 1));

    assertTrue(removed.removed());
    assertNull(removed.deviceContent());
    fails(Failure.NotFound.class, 404, versions.current(ADA, "ward"));
    fails(Failure.NotFound.class, 404, versions.remove(ADA, "ward", "", MappingVersions.ANY));
    assertEquals(DEVICE, get(versions.version(ADA, "ward", 1)).deviceContent());
    assertEquals(Map.of("ward", new MappingVersions.Head(2, null)), get(versions.heads()));
    fails(Failure.Unprocessable.class, 422, versions.restore(ADA, "ward", 2, "", MappingVersions.ANY));
    assertEquals(3, get(versions.put(ADA, "ward", FHIR, FHIR, "", MappingVersions.NONE)).version());
  }

  @Test
  void whoeverChangesOneNameAtOnceWaitsForEachOther() {
    List<Future<MappingVersion>> many = IntStream.range(0, 20)
        .mapToObj(n -> versions.put(ADA, "ward", Buffer.buffer("{" + n), FHIR, "", MappingVersions.ANY))
        .toList();
    get(Future.all(many));
    assertEquals(20, get(versions.current(ADA, "ward")).version());

    List<Future<MappingVersion>> rivals = IntStream.range(0, 8)
        .mapToObj(n -> versions.put(ADA, "ward", Buffer.buffer("[" + n), FHIR, "", 20))
        .toList();
    get(Future.join(rivals).otherwiseEmpty());

    assertEquals(1, rivals.stream().filter(Future::succeeded).count());
    assertEquals(21, get(versions.current(ADA, "ward")).version());
  }
}

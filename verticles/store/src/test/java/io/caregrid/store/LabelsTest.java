package io.caregrid.store;

import static io.caregrid.store.Room.CALLER;
import static io.caregrid.store.Room.fails;
import static io.caregrid.store.Room.get;
import static io.caregrid.store.Room.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.contract.Access;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.contract.Grants;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What the resources of a type, or of all, are labelled with. */
@ExtendWith(Room.Key.class)
class LabelsTest {
  private final List<String> audited = new ArrayList<>();
  private Room room;
  private FhirStore store;

  @BeforeEach
  void open(Room room) {
    this.room = room;
    store = new FhirStore(room.database(), entry -> {
      audited.add(entry.deed().code + " " + entry.what() + " " + entry.query() + " " + entry.status());
      return io.vertx.core.Future.succeededFuture();
    });
  }

  private void put(String type, String id, String meta) {
    get(store.update(CALLER, type, id, json("{'resourceType':'" + type + "','meta':" + meta + "}"),
        OptionalInt.empty()));
  }

  private static String tag(String code) {
    return "{'tag':[{'system':'urn:t','code':'" + code + "','display':'shown'}]}";
  }

  private static List<String> codes(List<com.fasterxml.jackson.databind.node.ObjectNode> labels) {
    return labels.stream().map(label -> label.path("code").asText()).toList();
  }

  @Test
  void labelsInUseAreToldOnceAndThoseOfTheDeadAndThePastAreNot() {
    put("Basic", "one",
        "{'profile':['urn:p2','urn:p1'],'tag':[{'system':'urn:t','code':'a'},{'system':'urn:t','code':'b'}]}");
    put("Basic", "two",
        "{'profile':['urn:p1'],'security':[{'system':'urn:s','code':'R'}],'tag':[{'system':'urn:t','code':'a'},{'code':'a'}]}");
    put("Basic", "plain", "{'source':'urn:nothing'}");
    put("Basic", "changed", tag("before"));
    put("Basic", "changed", tag("after"));
    put("Basic", "deleted", tag("gone"));
    get(store.delete(CALLER, "Basic", "deleted", OptionalInt.empty()));
    put("Flag", "other", tag("flag"));
    audited.clear();

    Labels basic = get(store.labels(CALLER, "Basic"));
    Labels all = get(store.labels(CALLER, null));

    assertEquals(List.of("urn:p1", "urn:p2"), basic.profiles());
    assertEquals(List.of("R"), codes(basic.security()));
    assertEquals(List.of("a", "a", "after", "b"), codes(basic.tags()));
    assertEquals("shown", basic.tags().get(2).path("display").asText());
    assertEquals(List.of(), basic.notes());
    assertTrue(codes(all.tags()).containsAll(List.of("a", "after", "b", "flag")), all.tags().toString());
    assertEquals(List.of(), get(store.labels(CALLER, "Slot")).tags());
    assertEquals(List.of("operation [Basic] $meta 200", "operation [] $meta 200", "operation [Slot] $meta 200"),
        audited);
  }

  /** Those are of the resource, and nobody's business who asks for labels. */
  @Test
  void extensionsOfALabelAreNotTold() {
    put("Account", "extended",
        "{'tag':[{'id':'x','system':'urn:t','version':'1','code':'c','display':'d','userSelected':true,"
            + "'extension':[{'url':'urn:note','valueString':'of Mrs. Miller'}],'_display':{'id':'y'}}]}");

    assertEquals(List.of(json("{'system':'urn:t','version':'1','code':'c','display':'d','userSelected':true}")),
        get(store.labels(CALLER, "Account")).tags());
  }

  @Test
  void whatCannotBeLookedAtInFullIsRefusedAndNotTold() {
    for (int i = 0; i < 3; i++) put("Library", "l" + i, tag("l" + i));
    Asking asking = Asking.within(Duration.ofSeconds(10), room.database(), null);

    fails(Failure.TooCostly.class, 422,
        new LabelScan(asking, new Reindexing(room.database()), 2).run(List.of("Library")));
    assertEquals(3,
        get(new LabelScan(asking, new Reindexing(room.database()), 4).run(List.of("Library"))).tags().size());
  }

  @Test
  void whoMayNotReadIsToldNothingAndATypeThatIsNotKeptIsUnknown() {
    Caller writer = new Caller("w", null, null, Set.of(), Grants.of(Access.FHIR_WRITE), null, null, null);

    fails(Failure.Forbidden.class, 403, store.labels(writer, "Basic"));
    fails(Failure.NotFound.class, 404, store.labels(CALLER, "AuditEvent"));
  }

  @Test
  void aLabelledResourceThatCannotBeReadIsNotPassedOverInSilence() {
    put("Schedule", "broken", tag("known-to-nobody"));
    room.sql("update r_schedule set body = '\\x00ff' where id = 'broken'");

    Labels labels = get(store.labels(CALLER, "Schedule"));

    assertEquals(List.of(), labels.tags());
    assertEquals(1, labels.notes().size());
  }
}

package io.caregrid.dicom.dimse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.cluster.Configuration;
import io.caregrid.cluster.DicomConfig;
import io.caregrid.contract.Access;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Roles;
import io.caregrid.dicom.ul.Pdu;
import io.caregrid.dicom.ul.Pdu.AssociateRj;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AdmissionTest {
  private static final SocketAddress HERE = new InetSocketAddress("127.0.0.1", 50_000);
  private static final SocketAddress THERE = new InetSocketAddress("10.1.2.3", 50_000);

  private static Admission of(List<String> callers, int associations, int perCaller) {
    return new Admission(Port.config(callers, associations, perCaller, 16_384, Duration.ofSeconds(5),
        Duration.ofSeconds(30)), () -> true);
  }

  private static AssociateRj enter(Admission admission, String calling, SocketAddress from) {
    return admission.enter(Pdu.Titles.of("CAREGRID", calling), from);
  }

  @Test
  void onlyOurOwnTitleIsAnswered() {
    Admission admission = of(List.of(), 8, 8);

    assertNull(admission.enter(Pdu.Titles.of("CAREGRID", "CT1"), HERE));
    assertEquals(AssociateRj.CALLED_AE, admission.enter(Pdu.Titles.of("ANY-SCP", "CT1"), HERE));
    assertEquals(AssociateRj.CALLED_AE, admission.enter(Pdu.Titles.of("caregrid", "CT1"), HERE));
  }

  @Test
  void whoIsNotOnTheListOrCallsFromElsewhereIsNotLetIn() {
    Admission admission = of(List.of("CT1", "MR1@10.1.2.3"), 8, 8);

    assertNull(enter(admission, "CT1", HERE));
    assertNull(enter(admission, "CT1", THERE));
    assertNull(enter(admission, "MR1", THERE));
    assertEquals(AssociateRj.CALLING_AE, enter(admission, "MR1", HERE));
    assertEquals(AssociateRj.CALLING_AE, enter(admission, "US1", THERE));
  }

  @Test
  void whereDoorsAskOnlyWhoIsNamedComesIn() {
    assertEquals(AssociateRj.CALLING_AE,
        enter(new Admission(Port.DEFAULT, Roles.BUILT_IN, true, () -> true), "CT1", HERE));
    assertNull(enter(new Admission(named(), Roles.BUILT_IN, true, () -> true), "CT1", HERE));
  }

  @Test
  void aCallerMayStoreUnlessItsRolesSayOtherwise() {
    Admission admission = new Admission(named(), Roles.BUILT_IN, true, () -> true);

    Caller scanner = admission.caller(Pdu.Titles.of("CAREGRID", "CT1"), HERE);
    Caller viewer = admission.caller(Pdu.Titles.of("CAREGRID", "VIEWER"), THERE);
    Caller elsewhere = admission.caller(Pdu.Titles.of("CAREGRID", "VIEWER"), HERE);

    assertTrue(scanner.may(Access.DICOM_WRITE) && !scanner.may(Access.DICOM_READ));
    assertTrue(viewer.may(Access.DICOM_READ) && !viewer.may(Access.DICOM_WRITE));
    assertEquals("10.1.2.3", viewer.address());
    assertEquals(Set.of(), elsewhere.grants().access());
  }

  private static DicomConfig named() {
    return Configuration.defaults()
        .withFlags(List.of("dicom.callers=CT1,VIEWER@10.1.2.3", "dicom.roles.VIEWER@10.1.2.3=DICOM Data Reader"))
        .node()
        .dicom();
  }

  @Test
  void anAddressThatCannotBeResolvedStopsTheStartAndIsNamed() {
    assertTrue(assertThrows(IllegalArgumentException.class, () -> of(List.of("CT1@no.such.host.invalid"), 8, 8))
        .getMessage()
        .contains("CT1@no.such.host.invalid"));
  }

  @Test
  void noMoreThanTheLimitsAreInAndWhoLeavesMakesRoom() {
    Admission admission = of(List.of(), 3, 2);

    assertNull(enter(admission, "CT1", HERE));
    assertNull(enter(admission, "CT1", HERE));
    assertEquals(AssociateRj.LOCAL_LIMIT, enter(admission, "CT1", HERE));
    assertNull(enter(admission, "MR1", HERE));
    assertEquals(AssociateRj.LOCAL_LIMIT, enter(admission, "US1", HERE));
    assertEquals(3, admission.associations());
    admission.left("CT1");
    assertNull(enter(admission, "CT1", HERE));
    assertEquals(AssociateRj.LOCAL_LIMIT, enter(admission, "CT1", HERE));
  }

  @Test
  void aFullArchiveLetsNobodyInAndSaysThatItIsForNow() {
    Admission full = new Admission(Port.DEFAULT, () -> false);

    AssociateRj refusal = enter(full, "CT1", HERE);

    assertEquals(AssociateRj.CONGESTION, refusal);
    assertTrue(refusal.isTransient());
    assertEquals(0, full.associations());
  }
}

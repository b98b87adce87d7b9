package io.caregrid.dicom.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.caregrid.contract.Failure;
import java.util.List;
import org.junit.jupiter.api.Test;

class FrameRetrievalTest {
  @Test
  void allFramesOfAnInstanceThatPromisesBillionsAreNotCounted() {
    assertEquals(List.of(1, 2, 3), FrameRetrieval.all(3));
    assertThrows(Failure.NotAcceptable.class, () -> FrameRetrieval.all(100_000_000));
    assertThrows(Failure.NotAcceptable.class, () -> FrameRetrieval.all(1L << 31));
  }
}

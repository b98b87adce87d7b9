package io.caregrid.dicom.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.caregrid.contract.Failure;
import io.caregrid.dicom.data.DicomException;
import io.caregrid.dicom.pixel.PixelException;
import org.junit.jupiter.api.Test;

/** What is wrong with an instance is told its client, and is no fault of this node. */
class RefusalsTest {

  private static int status(RuntimeException cause) {
    return ((Failure) Refusals.answer(cause)).status;
  }

  @Test
  void whatIsTooLargeIs413AndWhatCannotBeReadOrDecodedIs406() {
    assertEquals(413, status(new DicomException.TooLarge("more than 8 bytes when inflated")));
    assertEquals(413, status(new PixelException(PixelException.Why.TOO_LARGE, "a frame")));
    assertEquals(406, status(new DicomException("the data ends within an element")));
    assertEquals(406, status(new PixelException(PixelException.Why.BROKEN, "a frame")));
    assertEquals(404, status(new PixelException(PixelException.Why.NO_SUCH_FRAME, "there are frames 1 to 2")));
  }

  @Test
  void aFaultOfOursStaysOne() {
    IllegalStateException fault = new IllegalStateException("a bug");

    assertSame(fault, Refusals.answer(fault));
  }
}

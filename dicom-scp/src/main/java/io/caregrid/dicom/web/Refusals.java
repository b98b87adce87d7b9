package io.caregrid.dicom.web;

import io.caregrid.contract.Failure;
import io.caregrid.dicom.data.DicomException;
import io.caregrid.dicom.pixel.PixelException;
import java.util.Optional;

/** What a client is told who asks for something of an instance that is not what it says it is, or more than is worked on. Pure. */
final class Refusals {
  private Refusals() {}

  /** As the answer that it is; anything else stays what it is. */
  static Throwable answer(Throwable cause) {
    return ofInstance(cause).map(Throwable.class::cast).orElse(cause);
  }

  /** Empty unless it is about the instance itself, so that asking again gives the same. */
  static Optional<Failure> ofInstance(Throwable cause) {
    if (cause instanceof Failure.TooLarge large) return Optional.of(large);
    if (cause instanceof PixelException pixels) return Optional.of(of(pixels));
    if (cause instanceof DicomException.TooLarge large)
      return Optional.of(new Failure.TooLarge("this instance is too large to be read here: " + large.getMessage()));
    if (cause instanceof DicomException broken)
      return Optional.of(new Failure.NotAcceptable(
          "this instance cannot be read here, only be given as it is kept: " + broken.getMessage()));
    return Optional.empty();
  }

  private static Failure of(PixelException cause) {
    return switch (cause.why) {
      case NO_PIXELS, NO_SUCH_FRAME -> new Failure.NotFound(cause.getMessage());
      case TOO_LARGE -> new Failure.TooLarge("this picture is too large to be worked on here: " + cause.getMessage());
      case UNSUPPORTED, BROKEN ->
        new Failure.NotAcceptable("this picture cannot be decoded here: " + cause.getMessage());
    };
  }
}

package io.caregrid.dicom.pixel;

/**
 * How a frame is to be shown.
 *
 * @param quality  of JPEG, 1 to 100
 * @param window   null: as the image itself says, or from its darkest to its brightest value
 * @param viewport null: each pixel as it is, but that they become square
 * @param overlays with the overlay planes drawn into it
 */
public record Rendering(Media media, int quality, Window window, Viewport viewport, boolean overlays) {
  public enum Media {
    JPEG("image/jpeg"), PNG("image/png");

    public final String type;

    Media(String type) {
      this.type = type;
    }
  }

  public static final int GOOD = 90;
  private static final int SMALL = 80;

  public Rendering {
    if (quality < 1 || quality > 100) throw new IllegalArgumentException("quality must be 1 to 100");
  }

  public static Rendering of(Media media) {
    return new Rendering(media, GOOD, null, null, false);
  }

  /** A JPEG that fits into a square of so many pixels. */
  public static Rendering thumbnail(int side) {
    return new Rendering(Media.JPEG, SMALL, null, Viewport.of(side, side), false);
  }
}
